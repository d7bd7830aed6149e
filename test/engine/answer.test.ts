import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { LoopShare } from '../../api/concurrency/event-loop-yield.js'
import { ReadOnlyTransport } from '../../api/engine/transport.js'
import type { ApiError, ErrorCode } from '../../api/model/error.js'
import { type Answer, answerWith, type FaultServer, startFaultServer } from '../support/fault-server.js'
import {
  CHANGES,
  DEADLINE_MS,
  DISK,
  dial,
  drip,
  EVENTS,
  FOLLOWED,
  faultOf,
  holdDeadlines,
  IMAGES,
  INSPECT,
  LIST,
  LOGS,
  NETWORKS,
  PATIENT,
  PATIENT_MS,
  PING,
  reset,
  SMALL,
  STATS,
  TOP,
  TransportRig,
  text,
  VOLUMES,
} from '../support/transport-rig.js'
import { until } from '../support/until.js'

// Jest fails a suite with an unhandled rejection or error event: the faults below come late on purpose.
const rig = new TransportRig()
const { serve, connect } = rig
afterEach(async () => {
  jest.useRealTimers()
  await rig.stop()
})

/** What an engine, or whatever answers instead of it, may do wrong. */
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
    'sends a body of single bytes',
    'engine-bad-answer',
    /^GET \/containers\/a1a1a1a1a1a1\/json: 261 bytes in 261 pieces$/,
    INSPECT,
    (socket) => socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\n \r\n'.repeat(10_000)}`),
  ],
  [
    'sends a word of single bytes',
    'engine-bad-answer',
    /cut short/,
    PING,
    (socket) => socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nO\r\n'.repeat(500)}`),
  ],
  [
    'resets the connection within the body',
    'engine-bad-answer',
    /cut short/,
    INSPECT,
    (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"x"', () => reset(socket)),
  ],
  [
    'sends a chunk size that is no number',
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

/** The fault at the deadline, and none before it: bytes come at their own pace, and the test moves the deadline's clock. */
async function faultAtDeadline(server: FaultServer, call: () => Promise<unknown>): Promise<ApiError> {
  holdDeadlines()
  let isSettled = false
  const fault = faultOf(call()).finally(() => {
    isSettled = true
  })
  await until(() => server.requests.length === 1)
  jest.advanceTimersByTime(DEADLINE_MS - 1)
  await sleep(1)
  expect(isSettled).toBe(false)
  jest.advanceTimersByTime(1)
  return fault
}

describe.each(['unix', 'tcp'] as const)('an engine on %s that', (kind) => {
  test.each(FAULTS)('%s is %s', async (_name, code, reason, options, answer) => {
    const server = await serve(answer, kind)
    const isTimeout = code === 'engine-timeout'
    const transport = connect(server.endpoint, isTimeout ? SMALL : PATIENT)
    const { signal } = new AbortController()
    const startedAt = performance.now()
    const fault = isTimeout
      ? await faultAtDeadline(server, () => dial(transport, options, signal))
      : await faultOf(dial(transport, options, signal))
    expect(performance.now() - startedAt).toBeLessThan(PATIENT_MS / 2)
    expect(fault.code).toBe(code)
    expect(fault.message).toMatch(reason)
    expect(fault.message.length).toBeLessThan(400)
    expect(fault.message).not.toMatch(/hunter2/)
    // A caller reads our own words alone.
    expect(fault.detail ?? '').not.toMatch(/html|overlay2|403|nginx/i)
    expect(getEventListeners(signal, 'abort')).toEqual([])
    expect(server.requests).toHaveLength(1)
  })

  test.each([301, 302, 303, 307, 308, 304, 300])('redirects with %i is not followed', async (status) => {
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

test('an engine that is not there is unavailable, and the reason says why', async () => {
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

describe('a JSON answer', () => {
  test.each([1, 100, 16 * 1024, 16 * 1024 + 1, 300_000, 3_000_000])('of some %i bytes is read whole', async (size) => {
    const value = Array.from({ length: Math.ceil(size / 100) }, (_, i) => `${i}`.padStart(97, 'x'))
    const server = await serve((socket) => socket.end(answerWith(200, JSON.stringify(value))))
    expect(await dial(connect(server.endpoint), LIST)).toEqual(value)
  })
})

test("the deadline is the engine's: the time that work on the answer waits for its turn is added to it", async () => {
  const value = Array.from({ length: 500 }, (_, i) => `${i}`.padStart(97, 'x'))
  const server = await serve((socket) => socket.end(answerWith(200, JSON.stringify(value))))
  const loopShare = new LoopShare()
  const transport = new ReadOnlyTransport(server.endpoint, SMALL, { loopShare, name: 'local' })
  // Within its share again after three deadlines.
  loopShare.charge('local', 1_000 + DEADLINE_MS * 3 * 0.15)
  const startedAt = performance.now()
  expect(await dial(transport, IMAGES)).toEqual(value)
  expect(performance.now() - startedAt).toBeGreaterThan(DEADLINE_MS * 2)
  transport.close()
})
