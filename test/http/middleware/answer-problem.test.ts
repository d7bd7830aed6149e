import { createServer } from 'node:http'
import { type RequestHandler, Router } from 'express'
import request from 'supertest'
import { failureOf } from '../../../api/http/middleware/answer-problem.js'
import { listen } from '../../../api/http/server.js'
import { ApiError } from '../../../api/model/error.js'
import { cleanupAfterEach } from '../../support/cleanup.js'
import { appOf } from '../../support/middleware-app.js'
import { sendRaw } from '../../support/raw-http.js'

const cleanup = cleanupAfterEach()

function failing(error: unknown, before: (res: Parameters<RequestHandler>[1]) => void = () => {}): RequestHandler {
  return (_req, res, next) => {
    before(res)
    next(error)
  }
}

test('answers an ApiError with its status, its fields and a problem body', async () => {
  const error = new ApiError('rate-limited', 'the reason', { retryAfterSeconds: 7 })
  const answer = await request(appOf([failing(error)])).get('/')
  expect([answer.status, answer.headers['retry-after'], answer.body.code]).toEqual([429, '7', 'rate-limited'])
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8')
  expect(answer.text).not.toContain('the reason')
})

test('names no version of a body that is not sent', async () => {
  const answer = await request(appOf([failing(new Error('x'), (res) => res.setHeader('ETag', '"x"'))])).get('/')
  expect(answer.headers['etag']).toBeUndefined()
})

test.each([new TypeError('secret'), 'secret', { status: 404, message: 'secret' }])(
  'answers an unexpected error as internal: %p',
  async (error) => {
    const answer = await request(appOf([failing(error)])).get('/')
    expect([answer.status, answer.body.code]).toEqual([500, 'internal'])
    expect(answer.text).not.toContain('secret')
  },
)

test('answers a path that cannot be decoded as a bad request', async () => {
  const router = Router().get('/:id', (_req, res) => {
    res.json({})
  })
  for (const path of ['/%', '/%zz', '/%E0%A4%A', '/%c0%ae']) {
    const answer = await request(appOf([router])).get(path)
    expect([path, answer.status, answer.body.code]).toEqual([path, 400, 'invalid-request'])
  }
})

test('leaves the cause to the log', async () => {
  const error = new Error('x')
  let seen: unknown
  const log: RequestHandler = (_req, res, next) => {
    res.once('finish', () => {
      seen = failureOf(res)
    })
    next()
  }
  await request(appOf([log, failing(error)])).get('/')
  expect(seen).toBe(error)
})

test('breaks off an answer that has begun', async () => {
  const server = createServer(appOf([failing(new Error('x'), (res) => res.write('half an answer'))]))
  cleanup(() => server.close())
  const text = await sendRaw(await listen(server, '127.0.0.1', 0), 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  expect(text).toContain('half an answer')
  expect(text).not.toMatch(/0\r\n\r\n$|problem/)
})
