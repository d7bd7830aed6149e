import type { Server } from 'node:http'
import { connect } from 'node:net'
import { closeServer, createHttpServer, listen, type ServerTimes } from '../../api/http/server.js'
import { createLog } from '../../api/log.js'
import { createRig } from '../support/app-parts.js'
import { cleanupAfterEach } from '../support/cleanup.js'
import { FakeClock } from '../support/fake-clock.js'
import { sendRaw, statusesIn } from '../support/raw-http.js'
import { tokenFor } from '../support/tokens.js'

const lines: string[] = []
const log = createLog('info', { write: (line) => lines.push(line) })
const cleanup = cleanupAfterEach()

function createServer(times?: ServerTimes): Server {
  return createHttpServer(createRig({ log }).app, log, times)
}

async function start(server = createServer()): Promise<number> {
  cleanup(() => {
    server.closeAllConnections()
    server.close()
  })
  return listen(server, '127.0.0.1', 0)
}

function head(...fields: string[]): string {
  return `${['GET /api/containers HTTP/1.1', 'Host: x', `Authorization: Bearer ${tokenFor()}`, ...fields].join('\r\n')}\r\n\r\n`
}

describe('the HTTP server', () => {
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
    const text = await sendRaw(await start(), bytes)
    expect(statusesIn(text)).toEqual([status])
    expect(text).toMatch(/Connection: close/i)
    expect(text).not.toMatch(/node_modules|<html/)
    const body = text.slice(text.indexOf('\r\n\r\n') + 4)
    expect(JSON.parse(body)).toMatchObject({ status })
  })

  test('accepts header fields up to its bound', async () => {
    const text = await sendRaw(await start(), head(`X-Big: ${'x'.repeat(14_000)}`, 'Connection: close'))
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
    const text = await sendRaw(await start(), bytes)
    expect(statusesIn(text)).toEqual([400])
    expect(text).toContain('invalid-request')
  })

  test('answers requests on one connection one after another', async () => {
    const text = await sendRaw(await start(), head() + head('Connection: close'))
    expect(statusesIn(text)).toEqual([200, 200])
  })

  test('cuts off a client that never finishes its header fields', async () => {
    expect(createServer().headersTimeout).toBeLessThanOrEqual(10_000)
    const port = await start(createServer({ headersMs: 100, checkMs: 20 }))
    const text = await sendRaw(port, 'GET /api/containers HTTP/1.1\r\nHost: x\r\nX-Slow: ', 15_000)
    expect(statusesIn(text)).toEqual([408])
  })

  test('logs one well-formed line for each unreadable request', async () => {
    const port = await start()
    lines.length = 0
    for (const bytes of ['\x16\x03\x01', 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n', head(`X-Big: ${'x'.repeat(20_000)}`)])
      await sendRaw(port, bytes)
    const members = lines.map((line) => JSON.parse(line))
    expect(members.map(({ msg, status }) => [msg, status])).toEqual([
      ['unreadable request', 400],
      ['unreadable request', 400],
      ['unreadable request', 431],
    ])
    for (const line of members) expect(line).toMatchObject({ requestId: expect.any(String), address: '127.0.0.1' })
  })
})

describe('closeServer', () => {
  test('lets open requests end, and closes what is left after three seconds', async () => {
    const clock = new FakeClock()
    const server = createServer()
    const port = await start(server)
    const idle = connect(port, '127.0.0.1')
    const half = connect(port, '127.0.0.1', () => half.write('GET / HTTP/1.1\r\n'))
    const reused = connect(port, '127.0.0.1', () => reused.write(head()))
    const sockets = [idle, half, reused]
    cleanup(() => {
      for (const socket of sockets) socket.destroy()
    })
    const closed = sockets.map((socket) => new Promise((resolve) => socket.on('error', () => {}).on('close', resolve)))
    await new Promise((resolve) => reused.once('data', resolve))
    let isClosed = false
    const closing = closeServer(server, clock).then(() => {
      isClosed = true
    })
    await clock.advance(2_999)
    expect(isClosed).toBe(false)
    await clock.advance(1)
    await Promise.all([closing, ...closed])
    expect(clock.pending).toBe(0)
  })

  test('does not wait without open requests', async () => {
    const clock = new FakeClock()
    const server = createServer()
    await start(server)
    await closeServer(server, clock)
    expect(clock.pending).toBe(0)
  })
})

describe('listen', () => {
  test('rejects if another server has the address', async () => {
    const port = await start()
    await expect(listen(createServer(), '127.0.0.1', port)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})
