import request from 'supertest'
import { refuseMethod } from '../../../api/http/middleware/refuse-method.js'
import { appOf } from '../../support/middleware-app.js'

test.each(['get', 'post', 'put', 'patch', 'delete', 'options', 'trace'] as const)(
  'refuses %s and names what the path takes',
  async (method) => {
    const answer = await request(appOf([refuseMethod('GET', 'HEAD')]))[method]('/')
    expect([answer.status, answer.headers['allow'], answer.body.code]).toEqual([405, 'GET, HEAD', 'method-not-allowed'])
  },
)
