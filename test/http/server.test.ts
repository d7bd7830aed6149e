import type { Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import express, { type Express } from 'express'
import { type Clock, SYSTEM_CLOCK } from '../../api/clock.js'
import { CONNECTION_BOUNDS, type ConnectionBounds, MAX_WAITING_REQUESTS } from '../../api/http/connections.js'
import {
  closeServer,
  createHttpServer,
  listen,
  MAX_REQUESTS_PER_CONNECTION,
  type ServerTimes,
} from '../../api/http/server.js'
import { createLog } from '../../api/log.js'
import { createRig, OPEN_NETWORK } from '../support/app-parts.js'
import { cleanupAfterEach } from '../support/cleanup.js'
import { eventually } from '../support/eventually.js'
import { FakeClock } from '../support/fake-clock.js'
import { sendRaw, statusesIn } from '../support/raw-http.js'
import { tokenFor } from '../support/tokens.js'

const lines: string[] = []
const log = createLog('info', { write: (line) => lines.push(line) })
const cleanup = cleanupAfterEach()

const TIMES: ServerTimes = { headersMs: 10_000, checkMs: 2_000, unreadMs: 30_000 }

interface Changes {
  readonly app?: Express
  readonly clock?: Clock
  readonly times?: Partial<ServerTimes>
  readonly bounds?: Partial<ConnectionBounds>
}

function createServer({ app = createRig({ log }).app, clock = SYSTEM_CLOCK, times, bounds }: Changes = {}): Server {
  const network = OPEN_NETWORK
  return createHttpServer({ app, network, clock, log }, { ...TIMES, ...times }, { ...CONNECTION_BOUNDS, ...bounds })
}

async function start(server = createServer()): Promise<number> {
  cleanup(() => {
    server.closeAllConnections()
    server.close()
  })
  return listen(server, '127.0.0.1', 0)
}

/** Answers one path when the test says so. */
function waitingApp() {
  let answer = () => {}
  let hear = () => {}
  const asked = new Promise<void>((resolve) => {
    hear = resolve
  })
  const app = express()
  app.get('/waits', (_req, res) => {
    answer = () => res.end('in time')
    hear()
  })
  return { app, asked, answer: () => answer() }
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
    const port = await start(createServer({ times: { headersMs: 100, checkMs: 20 } }))
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

describe('header fields', () => {
  /** With Host, Authorization and Connection. */
  const fields = (count: number) =>
    head(...Array.from({ length: count - 3 }, (_, row) => `X-${row}: y`), 'Connection: close')

  test.each([
    [99, 200],
    [100, 200],
    [101, 431],
    [1_000, 431],
  ])('of which there are %d are answered %d', async (count, status) => {
    const port = await start()
    lines.length = 0
    const text = await sendRaw(port, fields(count))
    expect(statusesIn(text)).toEqual([status])
    const [line] = lines.map((one) => JSON.parse(one))
    if (status === 200) return
    expect(text).toMatch(/Connection: close/i)
    const body = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4))
    expect(body).toMatchObject({ status, code: 'payload-too-large', requestId: line.requestId })
    expect(line).toMatchObject({ msg: 'unreadable request', status, address: '127.0.0.1' })
    expect(lines).toHaveLength(1)
  })

  test('are all read up to the bound, whichever comes last', async () => {
    const many = Array.from({ length: 97 }, (_, row) => `X-${row}: y`)
    const bytes = ['GET /api/containers HTTP/1.1', 'Host: x', ...many, 'Connection: close']
    const text = await sendRaw(
      await start(),
      `${[...bytes, `Authorization: Bearer ${tokenFor()}`].join('\r\n')}\r\n\r\n`,
    )
    expect(statusesIn(text)).toEqual([200])
  })
})

describe('connections', () => {
  /** A socket that says when it is closed, and reads only where told to. */
  async function open(port: number, localAddress = '127.0.0.1'): Promise<{ socket: Socket; closed: Promise<void> }> {
    const socket = connect({ port, host: '127.0.0.1', localAddress })
    cleanup(() => socket.destroy())
    const closed = new Promise<void>((resolve) => socket.on('error', () => {}).on('close', () => resolve()))
    await new Promise((resolve) => socket.once('connect', resolve))
    return { socket, closed }
  }

  test('that are silent keep no client out, from one address or from many', async () => {
    const port = await start(createServer({ bounds: { total: 12, perAddress: 4 } }))
    const silent = []
    for (let row = 0; row < 30; row += 1) silent.push(await open(port, `127.0.0.${2 + (row % 10)}`))
    const text = await sendRaw(port, head('Connection: close'))
    expect(statusesIn(text)).toEqual([200])
    await Promise.all(silent.slice(0, 18).map(({ closed }) => closed))
  })

  test('whose request is under way stay open when others press for room', async () => {
    const { app, asked, answer } = waitingApp()
    app.get('/', (_req, res) => {
      res.end('soon')
    })
    const port = await start(createServer({ app, bounds: { total: 3, perAddress: 3 } }))
    const waiting = sendRaw(port, 'GET /waits HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 15_000)
    await asked
    for (let row = 0; row < 10; row += 1) await open(port)
    expect(await sendRaw(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toContain('soon')
    answer()
    expect(await waiting).toContain('in time')
  })

  test('that announce a body and send none keep no client out', async () => {
    const app = express()
    let hear = () => {}
    app.post('/', (req) => {
      req.resume()
      hear()
    })
    app.get('/', (_req, res) => {
      res.end('in time')
    })
    const port = await start(createServer({ app, bounds: { total: 3, perAddress: 3 } }))
    for (let row = 0; row < 10; row += 1) {
      const { socket, closed } = await open(port)
      const asked = new Promise<void>((resolve) => {
        hear = resolve
      })
      socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{')
      await Promise.race([asked, closed])
    }
    expect(await sendRaw(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toContain('in time')
  })

  test('that send thousands of requests at once have them not even begun', async () => {
    let begun = 0
    const app = express()
    app.get('/', () => {
      begun += 1
    })
    const server = createServer({ app })
    let parsed = 0
    server.prependListener('request', () => {
      parsed += 1
    })
    const { socket, closed } = await open(await start(server))
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2_000))
    await closed
    // Node parses on what it has read, also once the socket is closed, unless it is stopped.
    expect({ begun, parsed }).toEqual({ begun: 1, parsed: 1 + MAX_WAITING_REQUESTS + 1 })
  })

  test('take so many requests, and say with the last that they close', async () => {
    const server = createServer()
    expect(server.maxRequestsPerSocket).toBe(MAX_REQUESTS_PER_CONNECTION)
    server.maxRequestsPerSocket = 3
    const text = await sendRaw(await start(server), head() + head() + head())
    expect(statusesIn(text)).toEqual([200, 200, 200])
    expect(text.match(/Connection: close/gi)).toHaveLength(1)
    expect(text.lastIndexOf('HTTP/1.1')).toBeLessThan(text.search(/Connection: close/i))
  })
})

describe('a client that reads nothing of its answer', () => {
  const MEGABYTES = 40

  /** An answer that is one write, as most are, to a client that the test lets read. */
  async function bigAnswer() {
    const clock = new FakeClock()
    const app = express()
    const state = { received: 0, isClosed: false }
    app.get('/', (req, res) => {
      // The client would see it only where it reads on.
      req.socket.on('close', () => {
        state.isClosed = true
      })
      res.end(Buffer.alloc(MEGABYTES * 1_000_000))
    })
    const port = await start(createServer({ app, clock }))
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'))
    cleanup(() => socket.destroy())
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      state.received += chunk.length
    })
    await new Promise((resolve) => socket.once('data', resolve))
    socket.pause()
    return { clock, socket, state }
  }

  test('is dropped, though a byte that it sends now and then would keep it for ever', async () => {
    const { clock, socket, state } = await bigAnswer()
    let steps = 0
    await eventually(
      async () => {
        socket.write('\r\n')
        // The kernel's buffers have to be full before the output stands still.
        await clock.advance(5_000)
        steps += 1
        return state.isClosed
      },
      (isClosed) => isClosed,
      12_000,
    )
    expect(steps).toBeGreaterThanOrEqual(6)
    expect(state.received).toBeLessThan(MEGABYTES * 1_000_000)
  })

  test('is not one that is slow but reads', async () => {
    const { clock, socket, state } = await bigAnswer()
    let seconds = 0
    while (state.received < 30_000_000) {
      const wanted = state.received + 2_000_000
      socket.resume()
      await eventually(
        () => state.received,
        (received) => received >= wanted,
        12_000,
      )
      socket.pause()
      await clock.advance(15_000)
      seconds += 15
      expect(state.isClosed).toBe(false)
    }
    expect(seconds).toBeGreaterThan(30)
    socket.resume()
    await eventually(
      () => state.received,
      (received) => received > MEGABYTES * 1_000_000,
      12_000,
    )
  })

  test('is not one whose request waits for an engine', async () => {
    const clock = new FakeClock()
    const { app, asked, answer } = waitingApp()
    const port = await start(createServer({ app, clock }))
    const waiting = sendRaw(port, 'GET /waits HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 15_000)
    await asked
    await clock.advance(600_000)
    answer()
    expect(await waiting).toContain('in time')
  })
})

describe('closeServer', () => {
  const noWait = () => {}

  test('lets open requests end, and closes what is left after three and a half seconds', async () => {
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
    let isAborted = false
    const abort = () => {
      isAborted = true
    }
    const closing = closeServer(server, clock, abort).then(() => {
      isClosed = true
    })
    await clock.advance(2_999)
    expect([isAborted, isClosed]).toEqual([false, false])
    await clock.advance(1)
    expect([isAborted, isClosed]).toEqual([true, false])
    await clock.advance(499)
    expect(isClosed).toBe(false)
    await clock.advance(1)
    await Promise.all([closing, ...closed])
    expect(clock.pending).toBe(0)
  })

  test('does not wait without open requests', async () => {
    const clock = new FakeClock()
    const server = createServer()
    await start(server)
    await closeServer(server, clock, noWait)
    expect(clock.pending).toBe(0)
  })
})

describe('listen', () => {
  test('rejects if another server has the address', async () => {
    const port = await start()
    await expect(listen(createServer(), '127.0.0.1', port)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})
