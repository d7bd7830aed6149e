import type { CallRecord } from '../../../api/model/engine-call.js'
import { ApiError } from '../../../api/model/error.js'
import type { LogQuery } from '../../../api/model/log-line.js'
import { problemsOf } from '../../../api/model/problem.js'
import { FakeClock, settle } from '../../support/fake-clock.js'
import { eventOf, FakeEngine, idOf, lineAt, listed } from '../../support/fake-engine.js'
import { startHost } from '../../support/host-rig.js'

const A = idOf('a')
const QUERY: LogQuery = { tail: 10, since: null, until: null, stdout: true, stderr: true, matches: null }

async function started(prepare: (engine: FakeEngine, clock: FakeClock) => void = () => {}) {
  const clock = new FakeClock()
  const engine = new FakeEngine()
  engine.add(listed({ id: A, labels: new Map([['team', 'web']]) }))
  prepare(engine, clock)
  return startHost(engine, clock)
}

const STAYS = new AbortController().signal
const nanosAt = (milliseconds: number) => `${milliseconds}000000`

describe('the events of a host', () => {
  test('are asked for from an hour before its first connection, and from the last one on after a cut', async () => {
    const { engine, clock, stop } = await started()
    const start = Date.UTC(2026, 10, 24)
    expect(engine.sinces).toEqual([`${start / 1_000 - 3_600}.000000000`])
    engine.emit('die', A, { timeNano: nanosAt(start + 5_500) })
    await clock.advance(10_000)
    engine.cut()
    await clock.advance(0)
    expect(engine.sinces[1]).toBe(`${start / 1_000 + 4}.500000000`)
    await stop()
  })

  test('are remembered once, though each connection begins with what was told before', async () => {
    const start = Date.UTC(2026, 10, 24)
    const past = eventOf({ containerId: A, action: 'start', timeNano: nanosAt(start - 60_000) })
    const { engine, clock, journal, stop } = await started((engine) => engine.past.push(past))
    await clock.advance(10_000)
    engine.cut()
    await clock.advance(0)
    engine.emit('die', A, { timeNano: nanosAt(start + 11_000) })
    await settle()
    expect(journal.after(0).events.map(({ action }) => action)).toEqual(['start', 'die'])
    expect(journal.after(0).lostHosts).toEqual([])
    await stop()
  })

  test('that came before the subscription ask for no second look: the list that follows it tells all', async () => {
    const start = Date.UTC(2026, 10, 24)
    const past = eventOf({ containerId: A, action: 'start', timeNano: nanosAt(start - 60_000) })
    const { engine, clock, stop } = await started((engine) => {
      engine.past.push(past)
      engine.engineNow = start
    })
    await clock.advance(1_000)
    expect(engine.calls.filter((call) => call.startsWith('list'))).toEqual(['list'])
    engine.emit('start', A, { timeNano: nanosAt(start + 1_000) })
    await clock.advance(1_000)
    expect(engine.calls.filter((call) => call.startsWith('list'))).toEqual(['list', 'list 1'])
    await stop()
  })

  test.each([
    [0, 0],
    [2_000, 0],
    [-2_000, 0],
    [3_000, 3_000],
    [-7_400, -7_000],
  ])('a clock that is %i ms off is shown as %i ms', async (offset, skew) => {
    const { host, stop } = await started((engine, clock) => {
      engine.engineNow = clock.now() + offset
    })
    expect(host.status().clockSkewMs).toBe(skew)
    await stop()
  })

  test('of a health check are told from others, also those that came before the container was known', async () => {
    const check = { command: 'sh -c true', intervalMs: 1_000, timeoutMs: null, startPeriodMs: null, retries: null }
    const execId = 'e'.repeat(64)
    const early = eventOf({ containerId: A, action: 'exec_create', timeNano: '5', command: 'sh -c true', execId })
    const { engine, clock, journal, stop } = await started((engine) => {
      engine.facts.set(A, { healthCheck: check })
      engine.past.push(early)
    })
    await clock.advance(1_000)
    engine.emit('exec_create', A, { command: 'sh -c true', execId: 'f'.repeat(64) })
    engine.emit('exec_create', A, { command: 'sh -c id', execId: 'd'.repeat(64) })
    await settle()
    expect(journal.after(0).events.map(({ isNoise }) => isNoise)).toEqual([true, true, false])
    await stop()
  })

  test('carry the labels by which callers are told apart, as the list has them', async () => {
    const { engine, journal, stop } = await started()
    engine.emit('die', A, { labels: new Map([['team', 'other']]) })
    engine.emit('die', idOf('b'), { labels: new Map([['team', 'unlisted']]) })
    await settle()
    expect(journal.after(0).events.map(({ labels }) => labels.get('team'))).toEqual(['web', 'unlisted'])
    await stop()
  })

  test('show a container that keeps ending by itself, those before the first list included', async () => {
    const start = Date.UTC(2026, 10, 24)
    const die = (milliseconds: number) =>
      eventOf({ containerId: A, action: 'die', timeNano: nanosAt(start - milliseconds), exitCode: 1 })
    const { engine, clock, host, stop } = await started((engine) => engine.past.push(die(60_000), die(30_000)))
    const problems = () => problemsOf(host.container(A) as NonNullable<ReturnType<typeof host.container>>, clock.now())
    expect(problems()).toEqual([])
    const { version } = host
    engine.emit('die', A, { timeNano: nanosAt(start), exitCode: 1 })
    await settle()
    expect(problems()).toEqual(['crashloop'])
    expect(host.version).toBeGreaterThan(version)
    await clock.advance(600_000)
    expect(problems()).toEqual([])
    await stop()
  })
})

describe('the log of a container', () => {
  test('is asked for as inspect tells that it is written, and inspected once for that', async () => {
    const { engine, clock, host, stop } = await started((engine) => engine.facts.set(A, { tty: true }))
    await clock.advance(1_000)
    const asked: boolean[] = []
    engine.log = async function* ({ isTty }) {
      asked.push(isTty)
      yield [lineAt(1, 'x')]
    }
    const before = engine.calls.filter((call) => call.startsWith('inspect')).length
    expect((await host.reads.readLog(A, QUERY, STAYS)).lines).toMatchObject([{ message: 'x' }])
    await host.reads.readLog(A, QUERY, STAYS)
    expect(asked).toEqual([true, true])
    expect(engine.calls.filter((call) => call.startsWith('inspect'))).toHaveLength(before)
    await stop()
  })

  test('names the driver that keeps none', async () => {
    const { engine, host, stop } = await started((engine) => engine.facts.set(A, { logDriver: 'syslog' }))
    engine.faults.set('logs', new ApiError('log-driver-unreadable', 'x', { engineStatus: 501 }))
    await expect(host.reads.readLog(A, QUERY, STAYS)).rejects.toMatchObject({
      code: 'log-driver-unreadable',
      detail: expect.stringContaining('log driver syslog of'),
      engineStatus: 501,
    })
    engine.facts.set(A, { logDriver: '<b>/etc' })
    await expect(host.reads.readLog(A, QUERY, STAYS)).rejects.toMatchObject({ detail: undefined })
    await stop()
  })

  test('is read no further once whoever asked has gone', async () => {
    const { engine, host, stop } = await started()
    const gone = new AbortController()
    let ended = false
    engine.log = async function* (_request, signal) {
      yield [lineAt(1, 'x')]
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      ended = true
      throw signal.reason
    }
    const reading = host.reads.readLog(A, QUERY, gone.signal)
    const refused = expect(reading).rejects.toBeDefined()
    await settle()
    gone.abort()
    await refused
    expect(ended).toBe(true)
    await stop()
  })

  test('cannot be read from an engine that is down, which is said at once', async () => {
    const { engine, clock, host, stop } = await started()
    engine.down = new ApiError('engine-unavailable', 'gone')
    engine.cut(engine.down)
    await clock.advance(0)
    await expect(host.reads.readLog(A, QUERY, STAYS)).rejects.toMatchObject({ code: 'engine-unavailable' })
    const steps = host.reads.followLog(A, QUERY, null, new AbortController().signal)
    await expect(steps.next()).rejects.toMatchObject({ code: 'engine-unavailable' })
    await stop()
  })

  test('counts the secrets that were taken out of its lines, read once or followed', async () => {
    const { engine, host, stop } = await started()
    engine.log = async function* () {
      yield [lineAt(1, 'x', { redactions: 2 }), lineAt(2, 'y')]
      yield [lineAt(3, 'z', { redactions: 1 })]
    }
    await host.reads.readLog(A, QUERY, STAYS)
    expect(host.metrics().logRedactions).toBe(3)
    const steps = host.reads.followLog(A, QUERY, null, STAYS)
    await steps.next()
    await steps.return(undefined)
    expect(host.metrics().logRedactions).toBeGreaterThan(3)
    await stop()
  })

  test('is followed until the service stops', async () => {
    const { engine, clock, host, stop } = await started()
    engine.log = async function* ({ follow }, signal) {
      yield []
      if (!follow) return
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    }
    const steps = host.reads.followLog(A, QUERY, null, new AbortController().signal)
    const first = steps.next()
    await clock.advance(0)
    expect(await first).toMatchObject({ value: { kind: 'lines', lines: [] } })
    const next = steps.next()
    await stop()
    expect(await next).toMatchObject({ done: true })
  })
})

describe('what takes an engine', () => {
  test('is asked once for all who ask at the same time', async () => {
    const { engine, host, stop } = await started()
    let open = () => {}
    engine.gate = new Promise((resolve) => {
      open = resolve
    })
    const asked = [host.reads.top(A), host.reads.top(A), host.reads.changes(A), host.reads.changes(A)]
    await settle()
    open()
    await Promise.all(asked)
    expect(engine.calls.filter((call) => /^(?:top|changes)/.test(call)).sort()).toEqual(['changes aaaa', 'top aaaa'])
    await host.reads.top(A)
    expect(engine.calls.filter((call) => call.startsWith('top'))).toHaveLength(2)
    await stop()
  })

  test('gives the record of a shared call to each who shares it, also where it failed', async () => {
    const { engine, host, stop } = await started()
    const records: CallRecord[] = []
    const record = (call: CallRecord) => records.push(call)
    await Promise.all([host.reads.top(A, record), host.reads.top(A, record)])
    expect(records).toMatchObject(Array(2).fill({ read: 'top', status: 200, result: 'ok' }))
    engine.faults.set('changes', new ApiError('container-not-found', 'gone', { engineStatus: 404 }))
    await Promise.allSettled([host.reads.changes(A, record), host.reads.changes(A, record)])
    expect(records.slice(2)).toMatchObject(
      Array(2).fill({ read: 'changes', status: 404, result: 'container-not-found' }),
    )
    await stop()
  })

  test('records each call that a log took, the inspect that explains its driver too', async () => {
    const { engine, host, stop } = await started()
    const reads: string[] = []
    const record = ({ read, result }: CallRecord) => reads.push(`${read} ${result}`)
    engine.log = async function* ({ tail }) {
      yield Array.from({ length: tail ?? 0 }, (_, second) => lineAt(second, 'x'))
    }
    await host.reads.readLog(A, { ...QUERY, matches: () => false }, STAYS, record)
    expect(reads.length).toBeGreaterThan(1)
    expect(new Set(reads)).toEqual(new Set(['logs ok']))
    reads.length = 0
    engine.faults.set('logs', new ApiError('log-driver-unreadable', 'x', { engineStatus: 501 }))
    await host.reads.readLog(A, QUERY, STAYS, record).catch(() => {})
    expect(reads).toEqual(['logs log-driver-unreadable', 'inspect ok'])
    await stop()
  })

  test('records of a call that takes too long as much as its caller waited for, once', async () => {
    const { engine, clock, host, stop } = await started()
    let open = () => {}
    engine.gate = new Promise((resolve) => {
      open = resolve
    })
    const records: CallRecord[] = []
    const asked = host.reads.objects('images', (call) => records.push(call))
    await clock.advance(2_500)
    expect(await asked).toMatchObject({ isPending: true, value: null })
    open()
    await settle()
    expect(records).toMatchObject([{ read: 'images', status: null, result: 'engine-timeout' }])
    await stop()
  })

  test('keeps what it told of images while it is down, and says why it is not newer', async () => {
    const { engine, clock, host, stop } = await started()
    await host.reads.objects('images')
    engine.down = new ApiError('engine-unavailable', 'gone')
    engine.cut(engine.down)
    await clock.advance(20_000)
    const kept = host.reads.objects('images')
    await clock.advance(0)
    expect(await kept).toMatchObject({ value: [], fault: { code: 'engine-unavailable' } })
    expect(engine.calls.filter((call) => call === 'images')).toHaveLength(1)
    await stop()
  })

  test('tells a closed endpoint apart from an empty one', async () => {
    const { engine, host, stop } = await started()
    engine.faults.set('volumes', new ApiError('engine-endpoint-blocked', 'closed'))
    expect(await host.reads.objects('volumes')).toMatchObject({
      value: null,
      fault: { code: 'engine-endpoint-blocked' },
    })
    expect(await host.reads.objects('networks')).toMatchObject({ value: [], fault: null })
    expect(host.reads.knownDiskUse).toBeNull()
    await stop()
  })
})
