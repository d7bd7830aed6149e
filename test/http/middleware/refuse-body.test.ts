import request from 'supertest'
import { refuseBody } from '../../../api/http/middleware/refuse-body.js'
import { createRig } from '../../support/app-parts.js'
import { get } from '../../support/get.js'
import { appOf } from '../../support/middleware-app.js'

const alone = appOf([refuseBody(({ method, path }) => method === 'POST' && path === '/login')])

test.each(['get', 'head'] as const)('refuses a body on a %s, and closes the connection', async (method) => {
  for (const body of [{ 'Content-Length': '2' }, { 'Transfer-Encoding': 'chunked' }]) {
    const answer = await request(alone)[method]('/').set(body).send('{}')
    expect([answer.status, answer.headers['connection']]).toEqual([400, 'close'])
  }
  expect((await request(alone).get('/').send('{}')).body.code).toBe('invalid-request')
})

test('treats an empty body as none', async () => {
  for (const length of ['0', '00'])
    expect((await request(alone).get('/').set('Content-Length', length)).status).toBe(200)
})

test('leaves a body to a route that accepts one, and the connection open', async () => {
  const answer = await request(alone).post('/login').set('Connection', 'keep-alive').send('{}')
  expect([answer.status, answer.headers['connection']]).toEqual([200, 'keep-alive'])
})

test('leaves a body on another method to its handler, and closes the connection', async () => {
  for (const method of ['post', 'put', 'delete'] as const) {
    const answer = await request(alone)[method]('/other').set('Connection', 'keep-alive').send('{}')
    expect([answer.status, answer.headers['connection']]).toEqual([200, 'close'])
  }
})

test('the service refuses a body on a read, and closes the connection', async () => {
  const { app } = createRig()
  const answer = await get(app, '/api/containers').send({ a: 1 })
  expect([answer.status, answer.body.code, answer.headers['connection']]).toEqual([400, 'invalid-request', 'close'])
  const empty = await get(app, '/api/containers').set('Content-Length', '0')
  expect(empty.status).toBe(200)
})
