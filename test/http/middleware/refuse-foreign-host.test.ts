import request from 'supertest'
import { refuseForeignHost } from '../../../api/http/middleware/refuse-foreign-host.js'
import { createRig } from '../../support/app-parts.js'
import { appOf } from '../../support/middleware-app.js'

const OWN = ['localhost', 'localhost:3000', '127.0.0.1:3000', '127.1.2.3', '[::1]:3000']
const FOREIGN = ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', '']

describe('a Host', () => {
  const app = appOf([refuseForeignHost()])

  test.each([...OWN, '[::1]', 'localhost:'])('of this machine passes: %j', async (host) => {
    expect((await request(app).get('/').set('Host', host)).status).toBe(200)
  })

  test.each([...FOREIGN, 'LOCALHOST.evil.example', '127.0.0.1@evil.example', '[::1].evil.example', '[::2]', '127.0.0'])(
    'of another is refused: %j',
    async (host) => {
      const answer = await request(app).get('/').set('Host', host)
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request'])
    },
  )
})

test('without authentication, the service only answers requests that name this machine', async () => {
  const { app } = createRig({ open: true })
  for (const host of OWN)
    expect([host, (await request(app).get('/api/containers').set('Host', host)).status]).toEqual([host, 200])
  for (const host of FOREIGN)
    expect([host, (await request(app).get('/api/containers').set('Host', host)).status]).toEqual([host, 400])
})
