/** @slow: the server's own time limits run out */
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { closeServer, createHttpServer, listen } from '../../api/http/server.js'
import { createLog } from '../../api/log.js'
import { createRig } from '../support/app-parts.js'
import { sendRaw, statusesIn } from '../support/raw-http.js'
import { tokenFor } from '../support/tokens.js'

const lines: string[] = []
const log = createLog('info', { write: (line) => lines.push(line) })

function createServer(): Server {
  return createHttpServer(createRig({ log }).app, log)
}

function head(...fields: string[]): string {
  return `${['GET /api/containers HTTP/1.1', 'Host: x', `Authorization: Bearer ${tokenFor()}`, ...fields].join('\r\n')}\r\n\r\n`
}

describe('the HTTP server', () => {
  const server = createServer()
  let port = 0
  beforeAll(async () => {
    port = await listen(server, '127.0.0.1', 0)
  })
  afterAll(() => closeServer(server))

  test.each<[string, string, number]>([
    ['a megabyte of headers', head(`X-Big: ${'x'.repeat(1_000_000)}`), 431],
    ['a megabyte of path', `GET /${'x'.repeat(1_000_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['a content length beside chunks', head('Content-Length: 5', 'Transfer-Encoding: chunked'), 400],
    ['two content lengths', head('Content-Length: 5', 'Content-Length: 6'), 400],
    ['a blank in a field name', head('X : y'), 400],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['two hosts', head('Host: y'), 400],
    ['an unknown method', 'BREW /api/containers HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['a null byte in a field', head('X: a\0b'), 400],
  ])('answers %s with one problem, and closes', async (_what, bytes, status) => {
    const text = await sendRaw(port, bytes)
    expect(statusesIn(text)).toEqual([status])
    expect(text).toMatch(/Connection: close/i)
    expect(text).not.toMatch(/node_modules|<html/)
    const body = text.slice(text.indexOf('\r\n\r\n') + 4)
    expect(JSON.parse(body)).toMatchObject({ status })
  })

  test('takes header fields up to its bound', async () => {
    const text = await sendRaw(port, head(`X-Big: ${'x'.repeat(14_000)}`, 'Connection: close'))
    expect(statusesIn(text)).toEqual([200])
  })

  test.each<[string, string]>([
    ['a chunked body', head('Transfer-Encoding: chunked').concat('5\r\nhello\r\n0\r\n\r\n')],
    ['a body with a length', head('Content-Length: 5').concat('hello')],
    [
      'a second request inside a body',
      head('Content-Length: 44').concat('GET /api/hosts HTTP/1.1\r\nHost: x\r\nX: 12345\r\n\r\n'),
    ],
  ])('refuses %s on a read and reads nothing after it', async (_what, bytes) => {
    const text = await sendRaw(port, bytes)
    expect(statusesIn(text)).toEqual([400])
    expect(text).toContain('invalid-request')
  })

  test('answers requests on one connection one after another', async () => {
    const text = await sendRaw(port, head() + head('Connection: close'))
    expect(statusesIn(text)).toEqual([200, 200])
  })

  test('cuts off who never finishes its headers', async () => {
    const started = performance.now()
    const text = await sendRaw(port, 'GET /api/containers HTTP/1.1\r\nHost: x\r\nX-Slow: ', 19_000)
    expect(statusesIn(text)).toEqual([408])
    expect(performance.now() - started).toBeLessThan(15_000)
  })

  test('leaves one well-formed line for each unreadable request', () => {
    const unreadable = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'unreadable request')
    expect(unreadable.length).toBeGreaterThan(5)
    for (const line of unreadable)
      expect(line).toMatchObject({ requestId: expect.any(String), status: expect.any(Number) })
  })
})

describe('closeServer', () => {
  test('ends within five seconds, however clients hold on', async () => {
    const server = createServer()
    const port = await listen(server, '127.0.0.1', 0)
    const idle = connect(port, '127.0.0.1')
    const half = connect(port, '127.0.0.1', () => half.write('GET / HTTP/1.1\r\n'))
    const kept = connect(port, '127.0.0.1', () => kept.write(head()))
    for (const socket of [idle, half, kept]) socket.on('error', () => {})
    await new Promise((resolve) => kept.once('data', resolve))
    const started = performance.now()
    await closeServer(server)
    expect(performance.now() - started).toBeLessThan(4_500)
    for (const socket of [idle, half, kept]) socket.destroy()
  })

  test('says who else has the address', async () => {
    const server = createServer()
    const other = createServer()
    const port = await listen(server, '127.0.0.1', 0)
    await expect(listen(other, '127.0.0.1', port)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await closeServer(server)
  })
})
