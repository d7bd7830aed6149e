import { connect } from 'node:net'
import { createDockerodeEngine } from '../../api/engine/dockerode.js'
import { createLog } from '../../api/log.js'
import { createService } from '../../api/service.js'
import { type Fault, SimulatedEngine } from '../../demo/engine.js'
import { cleanupAfterEach } from '../support/cleanup.js'
import { listenTo } from '../support/event-reader.js'
import { eventually } from '../support/eventually.js'
import { FakeClock } from '../support/fake-clock.js'
import { statusesIn } from '../support/raw-http.js'
import { endpointOf, serviceConfig } from '../support/start-service.js'
import { tokenFor as tokenAt } from '../support/tokens.js'

/** The machine may have much else to do. */
const PATIENCE_MS = 12_000

/** Milliseconds that requests under way have. */
const DRAIN_MS = 3_000

/** An engine that is asked by this test alone for so long: far beyond its end. */
const FOR_EVER_MS = 120_000

const onCleanup = cleanupAfterEach()
const tokenFor = () => tokenAt({}, new FakeClock().now())

/** The whole service over sockets, by a clock that stands until the test lets time pass. */
async function serve() {
  const engine = new SimulatedEngine({ containers: 3, statsDelayMs: 20 })
  await engine.start()
  onCleanup(() => engine.stop())
  const clock = new FakeClock()
  const lines: string[] = []
  const records: string[] = []
  const log = createLog('info', { write: (line) => lines.push(line) })
  const service = createService(
    serviceConfig(endpointOf(engine), {}),
    { log, records: { write: (line) => records.push(line) } },
    { clock, createEngine: ({ endpoint }) => createDockerodeEngine(endpoint, { lookupDeadlineMs: FOR_EVER_MS }) },
  )
  let port: number | null = null
  const starting = service.start().then((bound) => {
    port = bound
  })
  await eventually(
    async () => {
      await clock.advance(0)
      return port
    },
    (bound) => bound !== null,
    PATIENCE_MS,
  )
  await starting
  let isStopped = false
  let stopping: Promise<void> | null = null
  const stop = () => {
    stopping ??= service.stop().then(() => {
      isStopped = true
    })
    return stopping
  }
  onCleanup(async () => {
    const stopped = stop()
    await clock.advance(10_000)
    await stopped
  })
  return { engine, clock, lines, records, port: port ?? 0, stop, isStopped: () => isStopped }
}

/** A client on one connection, which it keeps. */
function keptConnection(port: number) {
  const socket = connect(port, '127.0.0.1')
  onCleanup(() => socket.destroy())
  const state = { text: '', isClosed: false }
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    state.text += chunk
  })
  socket.on('close', () => {
    state.isClosed = true
  })
  const ask = (path: string) =>
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tokenFor()}\r\n\r\n`)
  const answered = (count: number) =>
    eventually(
      () => statusesIn(state.text).length,
      (answers) => answers === count,
      PATIENCE_MS,
    )
  const closed = () =>
    eventually(
      () => state.isClosed,
      (isClosed) => isClosed,
      PATIENCE_MS,
    )
  return { state, ask, answered, closed }
}

/** Asks for what the engine answers as the fault says, and resolves once the engine has been asked. */
async function askWith(rig: Awaited<ReturnType<typeof serve>>, fault: Fault, row = 0) {
  const { engine, port } = rig
  const id = engine.containers()[row]?.id ?? ''
  engine.setFault('inspect', fault)
  const before = engine.requests.length
  const client = keptConnection(port)
  client.ask(`/api/containers/${id}`)
  await eventually(
    () => engine.requests.slice(before).some(({ path }) => path.includes(`/${id}/json`)),
    (isAsked) => isAsked,
    PATIENCE_MS,
  )
  return client
}

describe('a stop', () => {
  test('lets what waits for an engine have its answer within the drain time', async () => {
    const rig = await serve()
    const client = await askWith(rig, { kind: 'delay', ms: 300 })
    await rig.stop()
    await client.closed()
    expect(statusesIn(client.state.text)).toEqual([200])
  })

  test('answers what still waits after the drain time 503, recorded as such, and logs no failure', async () => {
    const rig = await serve()
    const client = await askWith(rig, { kind: 'hang' })
    rig.lines.length = 0
    const stopping = rig.stop()
    await rig.clock.advance(DRAIN_MS - 1)
    expect([client.state.text, rig.isStopped()]).toEqual(['', false])
    await rig.clock.advance(1)
    await client.closed()
    // No time has to pass for the rest.
    await stopping
    expect(statusesIn(client.state.text)).toEqual([503])
    expect(client.state.text).toMatch(/^Retry-After: 5\r$/m)
    expect(client.state.text).toContain('"code":"service-stopping"')
    const records = rig.records.map((line) => JSON.parse(line))
    expect(records.at(-2)).toMatchObject({ kind: 'read', status: 503, code: 'service-stopping' })
    expect(records.at(-1)).toMatchObject({ kind: 'service', action: 'stop' })
    const lines = rig.lines.map((line) => JSON.parse(line))
    expect(lines.find(({ msg }) => msg === 'request')).toMatchObject({ level: 'info', status: 503 })
    expect(lines.filter(({ level }) => level !== 'info')).toEqual([])
    expect(rig.lines.join('')).not.toContain('stack')
  })

  test('answers requests on kept connections, which then close, and takes no new connection', async () => {
    const rig = await serve()
    const waiting = await askWith(rig, { kind: 'hang' })
    const slow = await listenTo(rig.port, '/api/events/stream', tokenFor())
    const kept = keptConnection(rig.port)
    kept.ask('/api/containers?limit=0')
    await kept.answered(1)
    // A request that has begun: an idle connection closes at once.
    const begun = await askWith(rig, { kind: 'delay', ms: 300 }, 1)
    const stopping = rig.stop()
    await kept.closed()
    begun.ask('/api/hosts')
    await begun.answered(2)
    await begun.closed()
    expect(statusesIn(begun.state.text)).toEqual([200, 200])
    expect(begun.state.text.match(/^Connection: close\r$/gim)).toHaveLength(1)
    const late = keptConnection(rig.port)
    await late.closed()
    expect(late.state.text).toBe('')
    expect(slow.ended).toBe(true)
    expect(waiting.state.isClosed).toBe(false)
    await rig.clock.advance(DRAIN_MS)
    await stopping
  })

  test.each(['/api/stats/stream', '/api/events/stream'])(
    'ends %s with a code of its own, and waits for no reader',
    async (path) => {
      const rig = await serve()
      const stream = await listenTo(rig.port, path, tokenFor())
      await rig.stop()
      await eventually(
        () => stream.ended,
        (ended) => ended,
        PATIENCE_MS,
      )
      expect(stream.events.at(-1)).toEqual({ event: 'end', id: '', data: '{"code":"service-stopping"}' })
    },
  )

  test('cuts a client that never ends its request, in the time that a stop may take', async () => {
    const rig = await serve()
    const half = connect(rig.port, '127.0.0.1', () => half.write('GET / HTTP/1.1\r\n'))
    onCleanup(() => half.destroy())
    half.on('error', () => {})
    const kept = keptConnection(rig.port)
    kept.ask('/health/live')
    await kept.answered(1)
    const stopping = rig.stop()
    await rig.clock.advance(DRAIN_MS + 499)
    expect(rig.isStopped()).toBe(false)
    await rig.clock.advance(1)
    await stopping
  })
})
