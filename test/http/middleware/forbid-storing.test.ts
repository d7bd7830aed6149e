import request from 'supertest'
import { forbidStoring } from '../../../api/http/middleware/forbid-storing.js'
import { appOf } from '../../support/middleware-app.js'

test('no cache may store an answer or a refusal', async () => {
  const app = appOf([
    forbidStoring(),
    (req, _res, next) => next(req.url === '/refused' ? new Error('refused') : undefined),
  ])
  for (const [path, status] of [
    ['/', 200],
    ['/refused', 500],
  ] as const) {
    const answer = await request(app).get(path)
    expect([answer.status, answer.headers['cache-control']]).toEqual([status, 'no-store'])
  }
})
