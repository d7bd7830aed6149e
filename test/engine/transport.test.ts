import { getEventListeners } from 'node:events'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { ReadOnlyRefusal } from '../../api/engine/guard.js'
import type { TransportOptions } from '../../api/engine/read-limits.js'
import { ReadOnlyTransport } from '../../api/engine/transport.js'
import type { EngineEndpoint } from '../../api/model/endpoint.js'
import { ApiError, type ErrorCode } from '../../api/model/error.js'
import { type Answer, answerWith, type FaultServer, startFaultServer } from '../support/fault-server.js'

const ID = 'a1'.repeat(32)
const PING = { method: 'GET', path: '/_ping' }
const LIST = { method: 'GET', path: '/containers/json?', options: { all: true } }
const INSPECT = { method: 'GET', path: `/containers/${ID}/json?`, options: {} }
const STATS = { method: 'GET', path: `/containers/${ID}/stats?`, options: { stream: false, 'one-shot': true } }
const LOGS = { method: 'GET', path: `/containers/${ID}/logs?`, options: { tail: 'all', stdout: true } }
const FOLLOWED = { ...LOGS, options: { ...LOGS.options, follow: true }, isStream: true }
const TOP = { method: 'GET', path: `/containers/${ID}/top?`, options: {} }
const CHANGES = { method: 'GET', path: `/containers/${ID}/changes`, options: {} }
const IMAGES = { method: 'GET', path: '/images/json?', options: {} }
const NETWORKS = { method: 'GET', path: '/networks?', options: {} }
const VOLUMES = { method: 'GET', path: '/volumes?', options: {} }
const DISK = { method: 'GET', path: '/system/df?', options: {} }
const EVENTS = { method: 'GET', path: '/events?', options: { filters: { type: ['container'] } }, isStream: true }

/** Short where it is to run out. */
const DEADLINE_MS = 80

/** Long enough that a busy machine still sees each other fault first. */
const PATIENT_MS = 5_000

const SMALL: TransportOptions = {
  quickDeadlineMs: DEADLINE_MS,
  lookupDeadlineMs: DEADLINE_MS,
  statsDeadlineMs: DEADLINE_MS,
  bulkDeadlineMs: DEADLINE_MS,
  diskDeadlineMs: DEADLINE_MS,
  maxListBytes: 64 * 1024,
  maxAnswerBytes: 16 * 1024,
}
const PATIENT: TransportOptions = {
  ...SMALL,
  quickDeadlineMs: PATIENT_MS,
  lookupDeadlineMs: PATIENT_MS,
  statsDeadlineMs: PATIENT_MS,
  bulkDeadlineMs: PATIENT_MS,
  diskDeadlineMs: PATIENT_MS,
}

// Jest fails a suite in which a rejection or an error event finds nobody: the faults below come late on purpose.
const opened: { close(): unknown }[] = []

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})
async function serve(answer: Answer, kind?: 'unix' | 'tcp'): Promise<FaultServer> {
  const server = await startFaultServer(answer, kind)
  opened.push(server)
  return server
}

function connect(endpoint: EngineEndpoint, options: TransportOptions = {}): ReadOnlyTransport {
  const transport = new ReadOnlyTransport(endpoint, options)
  opened.push(transport)
  return transport
}

function dial(transport: ReadOnlyTransport, options: object, abortSignal?: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    transport.dial({ ...options, abortSignal }, (error, value) => (error ? reject(error) : resolve(value)))
  })
}

async function faultOf(call: Promise<unknown>): Promise<ApiError> {
  const fault = await call.then(
    () => new Error('answered'),
    (error: unknown) => error,
  )
  expect(fault).toBeInstanceOf(ApiError)
  return fault as ApiError
}

/** Waits for what is about to happen, and fails where it does not. */
async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !isSo(); i += 1) await sleep(2)
  expect(isSo()).toBe(true)
}

function text(body: string): Answer {
  return (socket) => socket.write(answerWith(200, body, 'text/plain'))
}

describe.each(['unix', 'tcp'] as const)('a read over %s', (kind) => {
  test('arrives as one request without a version, and its JSON comes back', async () => {
    const server = await serve((socket) => socket.write(answerWith(200, '[{"Id":"x"}]')), kind)
    const transport = connect(server.endpoint)
    expect(await dial(transport, LIST)).toEqual([{ Id: 'x' }])
    expect(server.requests).toEqual(['GET /containers/json?all=true HTTP/1.1'])
    const host = kind === 'unix' ? 'docker' : `127.0.0.1:${server.port}`
    expect(server.received().split('\r\n').slice(1)).toEqual([
      'accept: application/json',
      ...(kind === 'unix' ? [`host: ${host}`] : [`Host: ${host}`]),
      'Connection: keep-alive',
      '',
      '',
    ])
  })

  test('a ping is text, its HEAD nothing', async () => {
    const server = await serve((socket, head) => {
      socket.write(head.startsWith('HEAD') ? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n' : answerWith(200, 'OK'))
    }, kind)
    const transport = connect(server.endpoint)
    expect(await dial(transport, PING)).toBe('OK')
    expect(await dial(transport, { ...PING, method: 'HEAD' })).toBeNull()
    expect(server.peak()).toBe(1)
  })

  test('an answer in many pieces comes back whole', async () => {
    const bytes = [...Buffer.from('{"x":"\u{1f433}"}')]
    const sendNext = (socket: Socket) => {
      const byte = bytes.shift()
      if (byte === undefined) socket.write('0\r\n\r\n')
      else {
        socket.write(Buffer.of(...Buffer.from('1\r\n'), byte, ...Buffer.from('\r\n')))
        setTimeout(sendNext, 1, socket)
      }
    }
    const server = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      sendNext(socket)
    }, kind)
    expect(await dial(connect(server.endpoint), INSPECT)).toEqual({ x: '\u{1f433}' })
  })
})

describe('what is not on the list', () => {
  test('is refused before a connection is made, and never within the call', async () => {
    const server = await serve(text('OK'))
    const transport = connect(server.endpoint)
    for (const options of [
      { method: 'POST', path: '/containers/create' },
      { method: 'GET', path: `/containers/${ID}/archive?path=/` },
      { ...PING, file: 'x' },
      undefined,
    ]) {
      let isWithin = true
      const fault = await new Promise((resolve) => {
        transport.dial(options, (error) => resolve([isWithin, error]))
        isWithin = false
      })
      expect(fault).toEqual([false, expect.any(ReadOnlyRefusal)])
    }
    expect(server.peak()).toBe(0)
  })
})

/** What an engine, or what stands in its place, may do wrong: design notes on docker-modem, each made by hand here. */
const FAULTS: [name: string, code: ErrorCode, reason: RegExp, options: object, answer: Answer][] = [
  ['hangs', 'engine-timeout', /within 80 ms/, PING, () => {}],
  [
    'sends half a head',
    'engine-timeout',
    /within 80 ms/,
    INSPECT,
    (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-'),
  ],
  [
    'stalls after the head',
    'engine-timeout',
    /within 80 ms/,
    INSPECT,
    (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'),
  ],
  [
    'stalls within the body',
    'engine-timeout',
    /within 80 ms/,
    INSPECT,
    (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"x"'),
  ],
  [
    'drips bytes of the body',
    'engine-timeout',
    /within 80 ms/,
    INSPECT,
    drip('HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n'),
  ],
  ['drips bytes of the head', 'engine-timeout', /within 80 ms/, INSPECT, drip('HTTP/1.1 200 OK\r\nX: ')],
  ['sends 100 Continue for ever', 'engine-timeout', /within 80 ms/, PING, repeat('HTTP/1.1 100 Continue\r\n\r\n')],
  [
    'cuts a body of known length',
    'engine-bad-answer',
    /cut short/,
    INSPECT,
    (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"x":1}'),
  ],
  [
    'cuts a chunked body',
    'engine-bad-answer',
    /cut short/,
    INSPECT,
    (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"x":1}\r\n'),
  ],
  [
    'resets the connection within the body',
    'engine-bad-answer',
    /cut short/,
    INSPECT,
    (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"x"', () => reset(socket)),
  ],
  [
    'sends a chunk size that is none',
    'engine-bad-answer',
    /cut short/,
    INSPECT,
    (socket) => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"x":1}\r\nzz\r\n'),
  ],
  ['closes without an answer', 'engine-unavailable', /closed before an answer/, PING, (socket) => socket.end()],
  ['resets without an answer', 'engine-unavailable', /closed before/, PING, (socket) => reset(socket)],
  [
    'speaks another protocol',
    'engine-bad-answer',
    /does not speak HTTP/,
    PING,
    (socket) => socket.end('SSH-2.0-x\r\n'),
  ],
  [
    'answers TLS',
    'engine-bad-answer',
    /does not speak HTTP/,
    PING,
    (socket) => socket.end('\u0015\u0003\u0001\u0000\u0002'),
  ],
  [
    'sends a head without end',
    'engine-bad-answer',
    /does not speak HTTP/,
    PING,
    (socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`),
  ],
  [
    'switches protocols',
    'engine-bad-answer',
    /switch protocols/,
    PING,
    (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'),
  ],
  [
    'answers nothing with 200',
    'engine-bad-answer',
    /0 bytes that are no JSON/,
    LIST,
    (s) => s.write(answerWith(200, '')),
  ],
  [
    'answers HTML with 200',
    'engine-bad-answer',
    /no JSON/,
    LIST,
    (s) => s.write(answerWith(200, '<html>hunter2</html>')),
  ],
  [
    'answers cut JSON with 200',
    'engine-bad-answer',
    /no JSON/,
    LIST,
    (s) => s.write(answerWith(200, '[{"Env":"hunter2"')),
  ],
  ['answers two values', 'engine-bad-answer', /no JSON/, LIST, (s) => s.write(answerWith(200, '{}{}'))],
  ['answers 204', 'engine-bad-answer', /status 204/, LIST, (s) => s.write('HTTP/1.1 204 No Content\r\n\r\n')],
  ['answers 201', 'engine-bad-answer', /status 201/, LIST, (s) => s.write(answerWith(201, '[]'))],
  [
    'is closed by a proxy',
    'engine-endpoint-blocked',
    /status 403/,
    LIST,
    (s) => s.write(answerWith(403, '<html><body><h1>403 Forbidden</h1></body></html>', 'text/html')),
  ],
  ['does not know the container', 'container-not-found', /status 404/, INSPECT, (s) => s.write(answerWith(404, '{}'))],
  ['does not know the path', 'engine-bad-answer', /status 404/, PING, (s) => s.write(answerWith(404, 'nginx'))],
  [
    'fails, naming a path of its host',
    'engine-bad-answer',
    /status 500, .*overlay2/,
    INSPECT,
    (s) => s.write(answerWith(500, '{"message":"/var/lib/docker/overlay2/x: no such file"}')),
  ],
  ['is behind a proxy, and down', 'engine-unavailable', /status 503/, PING, (s) => s.write(answerWith(503, '<html>'))],
  [
    'cuts the body of an error',
    'engine-unavailable',
    /status 503, "down/,
    PING,
    (socket) => socket.end('HTTP/1.1 503 X\r\nContent-Length: 99\r\n\r\ndown'),
  ],
  ['fails at length', 'engine-bad-answer', /status 500/, INSPECT, endless('HTTP/1.1 500 X\r\n\r\n')],
  ['answers without end', 'engine-bad-answer', /larger than 16384 bytes/, INSPECT, endless('HTTP/1.1 200 X\r\n\r\n')],
  ['lists without end', 'engine-bad-answer', /larger than 65536 bytes/, LIST, endless('HTTP/1.1 200 X\r\n\r\n')],
  ['pings without end', 'engine-bad-answer', /larger than 16384 bytes/, PING, endless('HTTP/1.1 200 X\r\n\r\n')],
  ['hangs before statistics', 'engine-timeout', /within 80 ms/, STATS, () => {}],
  ['hangs before events', 'engine-timeout', /within 80 ms/, EVENTS, () => {}],
  ['closes the door to events', 'engine-endpoint-blocked', /status 403/, EVENTS, (s) => s.write(answerWith(403, 'no'))],
  ['redirects events', 'engine-bad-answer', /status 307/, EVENTS, (s) => s.write(answerWith(307, 'no'))],
  ['hangs before a log', 'engine-timeout', /within 80 ms/, LOGS, () => {}],
  ['hangs before a log that is followed', 'engine-timeout', /within 80 ms/, FOLLOWED, () => {}],
  ['hangs before disk use', 'engine-timeout', /within 80 ms/, DISK, () => {}],
  ['hangs before changes', 'engine-timeout', /within 80 ms/, CHANGES, () => {}],
  ['cannot read a log', 'log-driver-unreadable', /status 501/, LOGS, (s) => s.write(answerWith(501, '{}'))],
  ['cannot follow a log', 'log-driver-unreadable', /status 501/, FOLLOWED, (s) => s.write(answerWith(501, '{}'))],
  ['does not know the container of a log', 'container-not-found', /404/, LOGS, (s) => s.write(answerWith(404, '{}'))],
  ['does not run the container', 'container-not-running', /status 409/, TOP, (s) => s.write(answerWith(409, '{}'))],
  ['redirects a log', 'engine-bad-answer', /status 302/, LOGS, (s) => s.write(answerWith(302, 'no'))],
  [
    'cuts the images',
    'engine-bad-answer',
    /cut short/,
    IMAGES,
    (s) => s.end('HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n['),
  ],
  ['has images without end', 'engine-bad-answer', /larger than 65536 bytes/, IMAGES, endless('HTTP/1.1 200 X\r\n\r\n')],
  ['has networks without end', 'engine-bad-answer', /than 65536 bytes/, NETWORKS, endless('HTTP/1.1 200 X\r\n\r\n')],
  ['has volumes without end', 'engine-bad-answer', /than 65536 bytes/, VOLUMES, endless('HTTP/1.1 200 X\r\n\r\n')],
  ['has changes without end', 'engine-bad-answer', /than 65536 bytes/, CHANGES, endless('HTTP/1.1 200 X\r\n\r\n')],
  ['has disk use without end', 'engine-bad-answer', /than 65536 bytes/, DISK, endless('HTTP/1.1 200 X\r\n\r\n')],
  ['has processes without end', 'engine-bad-answer', /than 16384 bytes/, TOP, endless('HTTP/1.1 200 X\r\n\r\n')],
]

/** TCP says that it was cut with RST; a unix socket just ends. */
function reset(socket: Socket): void {
  if (socket.remoteAddress === undefined) socket.destroy()
  else socket.resetAndDestroy()
}

function drip(head: string): Answer {
  return (socket) => {
    socket.write(head)
    const timer = setInterval(() => socket.write('x'), 10)
    socket.on('close', () => clearInterval(timer))
  }
}

function repeat(piece: string): Answer {
  return (socket) => {
    const timer = setInterval(() => socket.write(piece), 5)
    socket.on('close', () => clearInterval(timer))
  }
}

function endless(head: string): Answer {
  return (socket) => {
    const pour = () => {
      while (!socket.destroyed && socket.write('x'.repeat(8_192)));
    }
    socket.write(head)
    socket.on('drain', pour)
    pour()
  }
}

describe.each(['unix', 'tcp'] as const)('an engine on %s that', (kind) => {
  test.each(FAULTS)('%s is %s', async (_name, code, reason, options, answer) => {
    const server = await serve(answer, kind)
    const isTimeout = code === 'engine-timeout'
    const transport = connect(server.endpoint, isTimeout ? SMALL : PATIENT)
    const { signal } = new AbortController()
    const startedAt = performance.now()
    const fault = await faultOf(dial(transport, options, signal))
    const took = performance.now() - startedAt
    if (isTimeout) expect(took).toBeGreaterThan(DEADLINE_MS - 5)
    expect(took).toBeLessThan(PATIENT_MS / 2)
    expect(fault.code).toBe(code)
    expect(fault.message).toMatch(reason)
    expect(fault.message.length).toBeLessThan(400)
    expect(fault.message).not.toMatch(/hunter2/)
    // What a client may be told is ours alone.
    expect(fault.detail ?? '').not.toMatch(/html|overlay2|403|nginx/i)
    expect(getEventListeners(signal, 'abort')).toEqual([])
    expect(server.requests).toHaveLength(1)
  })

  test.each([301, 302, 303, 307, 308, 304, 300])('redirects with %i gets nobody to follow', async (status) => {
    const other = await serve(text('OK'), 'tcp')
    for (const location of [`http://127.0.0.1:${other.port}/_ping`, '/images/json', '//127.0.0.1', ':', '']) {
      const server = await serve((socket) => {
        socket.write(`HTTP/1.1 ${status} X\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`)
      }, kind)
      const fault = await faultOf(dial(connect(server.endpoint, PATIENT), LIST))
      expect(fault).toMatchObject({ code: 'engine-bad-answer', message: expect.stringContaining(`status ${status}`) })
      expect(server.requests).toHaveLength(1)
    }
    await sleep(20)
    expect(other.peak()).toBe(0)
  })
})

test('an engine that is not there is unavailable, and the reason tells why', async () => {
  const gone = await startFaultServer(() => {}, 'tcp')
  await gone.close()
  const refused = await faultOf(dial(connect(gone.endpoint), PING))
  expect(refused).toMatchObject({ code: 'engine-unavailable', message: expect.stringContaining('ECONNREFUSED') })
  const missing = await faultOf(dial(connect({ kind: 'unix', socketPath: '/nonexistent/docker.sock' }), PING))
  expect(missing).toMatchObject({ code: 'engine-unavailable', message: expect.stringContaining('ENOENT') })
  const unnamed = await faultOf(dial(connect({ kind: 'tcp', host: 'engine.invalid', port: 2375 }, SMALL), PING))
  expect(['engine-unavailable', 'engine-timeout']).toContain(unnamed.code)
})

test.each([
  { kind: 'tcp', host: 'h', port: 70_000 },
  { kind: 'unix', socketPath: `/${'x'.repeat(500)}` },
] as const)('an endpoint that cannot be dialled is unavailable: %j', async (endpoint) => {
  const { signal } = new AbortController()
  expect(await faultOf(dial(connect(endpoint), PING, signal))).toMatchObject({ code: 'engine-unavailable' })
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

describe('connections', () => {
  test('are used again', async () => {
    const server = await serve(text('OK'))
    const transport = connect(server.endpoint)
    for (let i = 0; i < 20; i += 1) expect(await dial(transport, PING)).toBe('OK')
    expect(server.requests).toHaveLength(20)
    expect(server.peak()).toBe(1)
  })

  test('300 calls at once keep to the bound, and all are answered', async () => {
    const server = await serve((socket) => setTimeout(() => socket.write(answerWith(200, '{}')), 2))
    const transport = connect(server.endpoint)
    await Promise.all(Array.from({ length: 300 }, () => dial(transport, INSPECT)))
    expect(server.requests).toHaveLength(300)
    expect(server.peak()).toBe(16)
    await Promise.all(Array.from({ length: 300 }, () => dial(transport, STATS)))
    expect(server.peak()).toBe(16 + 64)
  })

  test('statistics that hang delay no inspect', async () => {
    const server = await serve((socket, head) => {
      if (!head.includes('/stats')) socket.write(answerWith(200, '{}'))
    })
    const transport = connect(server.endpoint, { statsDeadlineMs: 400, lookupDeadlineMs: PATIENT_MS })
    const hanging = Promise.allSettled(Array.from({ length: 200 }, () => dial(transport, STATS)))
    await sleep(20)
    expect(await dial(transport, INSPECT)).toEqual({})
    const outcomes = await hanging
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
    expect(server.peak()).toBe(64 + 1)
  })

  test('what walks or reads files delays no inspect, no ping and no process list', async () => {
    const server = await serve((socket, head) => {
      if (/json|ping|top/.test(head) && !head.includes('/images')) socket.write(answerWith(200, '{}'))
      else if (head.includes('/logs')) socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    })
    const transport = connect(server.endpoint, { ...PATIENT, bulkSockets: 2, bulkDeadlineMs: 400, diskDeadlineMs: 400 })
    const open = [LOGS, LOGS].map((options) => dial(transport, options))
    for (const stream of await Promise.all(open)) expect(stream).toBeInstanceOf(Readable)
    const waiting = [LOGS, CHANGES, IMAGES, DISK].map((options) => faultOf(dial(transport, options)))
    for (const options of [INSPECT, PING, TOP, LIST]) await dial(transport, options)
    expect(server.requests.filter((line) => /logs|changes|images|df/.test(line))).toHaveLength(2)
    for (const stream of (await Promise.all(open)) as Readable[]) stream.on('error', () => {})
    await Promise.all(waiting)
  })

  test('logs that are followed take none of those', async () => {
    const server = await serve((socket, head) => {
      if (head.includes('follow=true')) socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      else socket.write(answerWith(200, '{}'))
    })
    const transport = connect(server.endpoint, { ...PATIENT, bulkSockets: 1, quickSockets: 1, maxStreams: 1 })
    for (let i = 0; i < 5; i += 1) expect(await dial(transport, FOLLOWED)).toBeInstanceOf(Readable)
    for (const options of [INSPECT, IMAGES, DISK]) expect(await dial(transport, options)).toEqual({})
    expect(server.connections()).toBe(7)
  })

  test('disk use has a deadline of its own', async () => {
    const server = await serve((socket) => setTimeout(() => socket.write(answerWith(200, '{}')), DEADLINE_MS * 2))
    const transport = connect(server.endpoint, { ...SMALL, diskDeadlineMs: PATIENT_MS })
    expect(await dial(transport, DISK)).toEqual({})
    for (const options of [IMAGES, CHANGES, LOGS, NETWORKS, VOLUMES, TOP]) {
      expect(await faultOf(dial(transport, options))).toMatchObject({ code: 'engine-timeout' })
    }
    const other = connect(server.endpoint, { ...PATIENT, diskDeadlineMs: DEADLINE_MS })
    expect(await faultOf(dial(other, DISK))).toMatchObject({ code: 'engine-timeout' })
  })

  test('calls that wait for a connection have the same deadline as those that have one', async () => {
    const server = await serve(() => {})
    const transport = connect(server.endpoint, { ...SMALL, quickSockets: 1 })
    const startedAt = performance.now()
    const faults = await Promise.all(Array.from({ length: 50 }, () => faultOf(dial(transport, PING))))
    expect(performance.now() - startedAt).toBeLessThan(PATIENT_MS / 2)
    expect(new Set(faults.map(({ code }) => code))).toEqual(new Set(['engine-timeout']))
    // Nothing is sent for those that gave up while they waited.
    await sleep(20)
    expect(server.requests.length).toBeLessThan(10)
    expect(server.connections()).toBe(0)
  })

  test('a connection serves on after those who waited for it gave up', async () => {
    let isWell = false
    const server = await serve((socket) => isWell && socket.write(answerWith(200, 'OK')))
    const transport = connect(server.endpoint, { ...SMALL, quickSockets: 1 })
    await Promise.all(Array.from({ length: 10 }, () => faultOf(dial(transport, PING))))
    isWell = true
    expect(await dial(transport, PING)).toBe('OK')
  })

  test('one that the engine closed while it was idle costs no call', async () => {
    const server = await serve((socket, _head, nth) => {
      if (nth === 1) socket.write(answerWith(200, 'OK'))
      else socket.destroy()
    })
    const transport = connect(server.endpoint)
    for (let i = 0; i < 5; i += 1) expect(await dial(transport, PING)).toBe('OK')
    expect(server.requests.length).toBe(9)
  })

  test('a second close in a row is a fault: a call is repeated once', async () => {
    let isDown = false
    const server = await serve((socket) => (isDown ? socket.destroy() : socket.write(answerWith(200, 'OK'))))
    const transport = connect(server.endpoint)
    await dial(transport, PING)
    isDown = true
    expect(await faultOf(dial(transport, PING))).toMatchObject({ code: 'engine-unavailable' })
    expect(server.requests).toHaveLength(3)
  })

  test('an error that comes after the answer is nobody left to catch', async () => {
    const server = await serve((socket) => {
      socket.write(answerWith(200, 'OK'), () => setTimeout(() => reset(socket), 5))
    })
    const transport = connect(server.endpoint)
    for (let i = 0; i < 3; i += 1) {
      expect(await dial(transport, PING)).toBe('OK')
      await sleep(15)
    }
  })

  test('bytes after the answer are not the next one', async () => {
    const server = await serve((socket) => socket.write(`${answerWith(200, 'OK')}${answerWith(200, 'hunter2')}`))
    const transport = connect(server.endpoint)
    for (let i = 0; i < 3; i += 1) expect(await dial(transport, PING)).toBe('OK')
  })

  test('no timer is left behind', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const server = await serve(text('OK'))
    const transport = connect(server.endpoint)
    await dial(transport, PING)
    const before = timers()
    await Promise.all(Array.from({ length: 50 }, () => dial(transport, PING)))
    expect(timers()).toBeLessThanOrEqual(before)
  })
})

describe('a signal', () => {
  test('that fired before sends nothing', async () => {
    const server = await serve(text('OK'))
    const reason = new Error('gone')
    await expect(dial(connect(server.endpoint), PING, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(server.peak()).toBe(0)
  })

  test.each([
    ['while the engine is silent', () => {}],
    ['within the head', (socket: Socket) => void socket.write('HTTP/1.1 200')],
    ['within the body', (socket: Socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{')],
  ])('that fires %s ends the call with its reason', async (_name, answer) => {
    const server = await serve(answer)
    const transport = connect(server.endpoint)
    const controller = new AbortController()
    const call = dial(transport, INSPECT, controller.signal)
    await until(() => server.requests.length > 0)
    await sleep(5)
    const reason = new Error('gone')
    controller.abort(reason)
    await expect(call).rejects.toBe(reason)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    await until(() => server.connections() === 0)
  })

  test('ends calls that wait for a connection', async () => {
    const server = await serve(() => {})
    const transport = connect(server.endpoint, { quickSockets: 1 })
    const controller = new AbortController()
    const calls = Promise.allSettled(Array.from({ length: 300 }, () => dial(transport, PING, controller.signal)))
    await sleep(10)
    controller.abort(new Error('gone'))
    for (const outcome of await calls) expect(outcome).toMatchObject({ reason: { message: 'gone' } })
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })
})

describe('a stream', () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
  const chunk = (data: string) => `${data.length.toString(16)}\r\n${data}\r\n`

  async function open(answer: Answer, options: TransportOptions = {}, signal?: AbortSignal, kind?: 'unix' | 'tcp') {
    const server = await serve(answer, kind)
    const transport = connect(server.endpoint, options)
    const stream = await dial(transport, EVENTS, signal)
    expect(stream).toBeInstanceOf(Readable)
    return { server, transport, stream: stream as Readable }
  }

  async function drain(stream: Readable): Promise<string> {
    let all = ''
    for await (const piece of stream) all += String(piece)
    return all
  }

  test('has a deadline for its head only', async () => {
    const { stream } = await open((socket) => {
      socket.write(head)
      setTimeout(() => socket.end(`${chunk('late')}0\r\n\r\n`), DEADLINE_MS * 2)
    }, SMALL)
    expect(await drain(stream)).toBe('late')
  })

  test('asks for container events on a connection of its own, closed with it', async () => {
    const { server, stream } = await open((socket) => socket.write(head))
    expect(server.requests).toEqual(['GET /events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D HTTP/1.1'])
    stream.destroy()
    await until(() => server.connections() === 0)
  })

  test('ends by its signal, which then has no listener left', async () => {
    const controller = new AbortController()
    const { server, stream } = await open((socket) => socket.write(head), {}, controller.signal)
    const reading = drain(stream)
    const reason = new Error('gone')
    controller.abort(reason)
    await expect(reading).rejects.toBe(reason)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    await until(() => server.connections() === 0)
  })

  test('that is cut tells its reader, and where nobody reads nobody is hurt', async () => {
    for (const [isRead, kind] of [
      [true, 'tcp'],
      [true, 'unix'],
      [false, 'tcp'],
    ] as const) {
      const controller = new AbortController()
      const { stream } = await open(
        (socket) => {
          socket.write(head)
          setTimeout(() => reset(socket), 10)
        },
        {},
        controller.signal,
        kind,
      )
      if (isRead) await expect(drain(stream)).rejects.toMatchObject({ code: 'ECONNRESET' })
      else await sleep(30)
      expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    }
  })

  test('is one of a bounded number', async () => {
    const server = await serve((socket) => socket.write(head))
    const transport = connect(server.endpoint, { maxStreams: 2 })
    const first = (await dial(transport, EVENTS)) as Readable
    await dial(transport, EVENTS)
    expect(await faultOf(dial(transport, EVENTS))).toMatchObject({
      code: 'engine-unavailable',
      message: expect.stringContaining('all 2 streams'),
    })
    expect(server.peak()).toBe(2)
    first.destroy()
    await sleep(5)
    expect(await dial(transport, EVENTS)).toBeInstanceOf(Readable)
  })

  test('that failed to open gives its place back', async () => {
    const server = await serve((socket) => socket.write(answerWith(500, '')))
    const transport = connect(server.endpoint, { maxStreams: 1 })
    for (let i = 0; i < 3; i += 1) {
      expect(await faultOf(dial(transport, EVENTS))).toMatchObject({ code: 'engine-bad-answer' })
    }
  })
})

describe('a log', () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
  const chunk = (data: string) => `${data.length.toString(16)}\r\n${data}\r\n`

  async function drain(stream: Readable): Promise<string> {
    let all = ''
    for await (const piece of stream) all += String(piece)
    return all
  }

  test('that is not followed comes as it is read, of any size, and gives its connection back', async () => {
    const text = 'x'.repeat(50_000)
    const server = await serve((socket) => socket.write(`${head}${chunk(text).repeat(10)}0\r\n\r\n`))
    const transport = connect(server.endpoint, { ...PATIENT, bulkSockets: 1 })
    for (let i = 0; i < 3; i += 1) {
      expect(await drain((await dial(transport, LOGS)) as Readable)).toHaveLength(text.length * 10)
    }
    expect(server.peak()).toBe(1)
  })

  test('that is not followed ends by its deadline, though bytes come', async () => {
    const controller = new AbortController()
    const server = await serve(drip('HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n'))
    const transport = connect(server.endpoint, { ...PATIENT, bulkSockets: 1, bulkDeadlineMs: 400 })
    for (let i = 0; i < 2; i += 1) {
      const stream = (await dial(transport, LOGS, controller.signal)) as Readable
      await expect(drain(stream)).rejects.toMatchObject({
        code: 'engine-timeout',
        message: expect.stringContaining('/logs: not answered in full within 400 ms'),
      })
    }
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    await until(() => server.connections() === 0)
  })

  test('that is followed has a deadline for its head only', async () => {
    const server = await serve((socket) => {
      socket.write(head)
      setTimeout(() => socket.end(`${chunk('late')}0\r\n\r\n`), DEADLINE_MS * 2)
    })
    expect(await drain((await dial(connect(server.endpoint, SMALL), FOLLOWED)) as Readable)).toBe('late')
  })

  test('that is followed is one of a bounded number, and gives its place back', async () => {
    const server = await serve((socket) => socket.write(head))
    const transport = connect(server.endpoint, { ...PATIENT, maxLogStreams: 2, maxStreams: 1 })
    const [first] = (await Promise.all([dial(transport, FOLLOWED), dial(transport, FOLLOWED)])) as Readable[]
    for (let i = 0; i < 2; i += 1) {
      expect(await faultOf(dial(transport, FOLLOWED))).toMatchObject({
        code: 'too-many-streams',
        message: expect.stringContaining('all 2 streams of logs'),
      })
    }
    // Events have places of their own, and what is not followed takes none.
    expect(await dial(transport, EVENTS)).toBeInstanceOf(Readable)
    const read = (await dial(transport, LOGS)) as Readable
    expect(server.requests).toHaveLength(4)
    first?.destroy()
    read.destroy()
    await until(() => server.connections() === 2)
    expect(await dial(transport, FOLLOWED)).toBeInstanceOf(Readable)
    expect(await faultOf(dial(transport, FOLLOWED))).toMatchObject({ code: 'too-many-streams' })
  })

  test.each([
    ['failed to open', (socket: Socket) => void socket.write(answerWith(500, ''))],
    ['ended at once', (socket: Socket) => void socket.write(`${head}0\r\n\r\n`)],
    ['was cut', (socket: Socket) => void socket.write(head, () => socket.destroy())],
  ])('that %s gives its place back', async (_name, answer) => {
    const server = await serve(answer)
    const transport = connect(server.endpoint, { ...PATIENT, maxLogStreams: 1 })
    for (let i = 0; i < 3; i += 1) {
      const outcome = dial(transport, FOLLOWED).then((stream) => drain(stream as Readable))
      await outcome.catch((fault: unknown) => expect(fault).not.toMatchObject({ code: 'too-many-streams' }))
    }
    expect(server.requests).toHaveLength(3)
  })
})

describe('close', () => {
  test('ends calls, waiting calls and streams, and every connection', async () => {
    const server = await serve((socket, head) => {
      if (head.includes('/events')) socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      else if (head.includes('/info')) socket.write(answerWith(200, '{}'))
    })
    const transport = connect(server.endpoint, { quickSockets: 2 })
    const stream = (await dial(transport, EVENTS)) as Readable
    await dial(transport, { method: 'GET', path: '/info' })
    const calls = [PING, PING, PING, INSPECT, STATS].map((options) => faultOf(dial(transport, options)))
    await sleep(10)
    transport.close()
    for (const fault of await Promise.all(calls)) {
      expect(fault).toMatchObject({ code: 'engine-unavailable', message: expect.stringContaining('closed by us') })
    }
    await expect(
      (async () => {
        for await (const _ of stream);
      })(),
    ).rejects.toMatchObject({ code: 'engine-unavailable' })
    await until(() => server.connections() === 0)
    expect(await faultOf(dial(transport, PING))).toMatchObject({ code: 'engine-unavailable' })
    transport.close()
  })
})
