import request from 'supertest'
import { refusePath } from '../../../api/http/middleware/refuse-path.js'
import { appOf } from '../../support/middleware-app.js'

test('refuses every method on every path', async () => {
  const app = appOf([refusePath()])
  for (const method of ['get', 'post', 'delete'] as const)
    for (const path of ['/', '/api', '/%00']) {
      const answer = await request(app)[method](path)
      expect([path, answer.status, answer.body.code]).toEqual([path, 404, 'not-found'])
    }
})
