import request from 'supertest'
import { health } from '../../../api/http/middleware/health.js'
import { createRig } from '../../support/app-parts.js'
import { hostOf } from '../../support/fake-view.js'
import { appOf } from '../../support/middleware-app.js'

describe('a health check', () => {
  test('answers 200 or 503 by the current state', async () => {
    let isWell = true
    const app = appOf([health(() => isWell)])
    const answer = async () => {
      const { status, body } = await request(app).get('/')
      return [status, body]
    }
    expect(await answer()).toEqual([200, { status: 'ok' }])
    isWell = false
    expect(await answer()).toEqual([503, { status: 'unavailable' }])
  })

  test.each(['/?x=1', '/?token=secret'])('takes no parameters: %s', async (path) => {
    const answer = await request(appOf([health(() => true)])).get(path)
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request'])
  })
})

test('unverified clients may ask whether the service is alive and ready, and learn nothing else', async () => {
  const { app, view } = createRig()
  expect((await request(app).get('/health/live')).body).toEqual({ status: 'ok' })
  expect((await request(app).get('/health/ready')).body).toEqual({ status: 'ok' })
  view.fleet = [hostOf({ state: 'stale' }), hostOf({ id: 'b', state: 'connecting' })]
  const down = await request(app).get('/health/ready')
  expect([down.status, down.body]).toEqual([503, { status: 'unavailable' }])
  expect((await request(app).get('/health/live')).status).toBe(200)
  expect((await request(app).post('/health/live')).status).toBe(405)
  expect((await request(app).get('/health/live?x=1')).status).toBe(400)
})
