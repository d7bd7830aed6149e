import { gzipSync } from 'node:zlib'
import type { RequestHandler } from 'express'
import request from 'supertest'
import { z } from 'zod'
import { MAX_BODY_BYTES, readBody } from '../../../api/http/middleware/read-body.js'
import { appOf } from '../../support/middleware-app.js'

const SCHEMA = z.strictObject({ name: z.string().max(5_000).optional() })
const app = appOf(readBody(SCHEMA) satisfies RequestHandler[], (res) => ({ body: res.locals['body'] }))

function post(body: string | Buffer, fields: Record<string, string> = { 'Content-Type': 'application/json' }) {
  const asked = request(app).post('/').set(fields)
  // supertest would write a Buffer as JSON.
  return typeof body === 'string' ? asked.send(body) : asked.serialize(() => body as never).send({})
}

/** A JSON object with that many bytes. */
function objectOf(bytes: number): string {
  return JSON.stringify({ name: 'x'.repeat(bytes - '{"name":""}'.length) })
}

test('stores the body as the schema parses it', async () => {
  const answer = await post('{"name":"Zo\u00eb"}')
  expect([answer.status, answer.body]).toEqual([200, { body: { name: 'Zo\u00eb' } }])
})

test('reads an absent body as an empty object', async () => {
  expect((await request(app).post('/')).body).toEqual({ body: {} })
})

test.each([
  'application/json',
  'APPLICATION/JSON',
  'application/json; charset=utf-8',
  'application/json;charset="UTF-8"',
])('accepts the media type %s', async (type) => {
  expect((await post('{}', { 'Content-Type': type })).status).toBe(200)
})

test.each([
  'text/plain',
  'application/json; charset=latin1',
  'application/jsonp',
  'application/x-www-form-urlencoded',
  '',
])('refuses the media type %j', async (type) => {
  const answer = await post('{}', { 'Content-Type': type })
  expect([answer.status, answer.body.code]).toEqual([415, 'unsupported-media-type'])
})

test('refuses a compressed body', async () => {
  const fields = { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }
  const answer = await post(gzipSync('{}'), fields)
  expect([answer.status, answer.body.code, answer.headers['connection']]).toEqual([
    415,
    'unsupported-media-type',
    'close',
  ])
})

test('accepts a body of maximal size, and refuses one more byte without reading on', async () => {
  expect((await post(objectOf(MAX_BODY_BYTES))).status).toBe(200)
  const answer = await post(objectOf(MAX_BODY_BYTES + 1))
  expect([answer.status, answer.body.code, answer.headers['connection']]).toEqual([413, 'payload-too-large', 'close'])
})

test.each([
  ['no JSON', 'name=x'],
  ['half of an object', '{"name":'],
  ['a member twice', '{"name":"a","name":"b"}'],
  ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
])('refuses %s', async (_what, body) => {
  const answer = await post(body)
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request'])
  expect(answer.body.detail).toBe('The body must be JSON that names no member twice.')
})

test.each(['[]', 'null', '"x"', '{"other":1}', '{"name":1}', '{"__proto__":{}}'])(
  'refuses what the schema does not accept: %s',
  async (body) => {
    const answer = await post(body)
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request'])
    expect(answer.body.errors.length).toBeGreaterThan(0)
  },
)
