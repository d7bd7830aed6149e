import type { CallRecord } from '../../../api/model/engine-call.js'
import { ApiError } from '../../../api/model/error.js'
import type { LogQuery, LogReader } from '../../../api/model/log-line.js'
import { settle } from '../../support/fake-clock.js'
import { idOf, lineAt } from '../../support/fake-engine.js'
import { oneContainerRig } from '../../support/host-rig.js'

const started = oneContainerRig()

const A = idOf('a')
const QUERY: LogQuery = { tail: 10, since: null, until: null, stdout: true, stderr: true, matches: null }

const STAYS: LogReader = { party: 'a', signal: new AbortController().signal }

describe('the log of a container', () => {
  test('is requested with or without a terminal, by one inspect', async () => {
    const { engine, clock, host } = await started((engine) => engine.inspections.set(A, { tty: true }))
    await clock.advance(1_000)
    const asked: boolean[] = []
    engine.log = async function* ({ isTty }) {
      asked.push(isTty)
      yield [lineAt(1, 'x')]
    }
    const before = engine.calls.filter((call) => call.startsWith('inspect')).length
    expect((await host.logs.read(A, QUERY, STAYS)).lines).toMatchObject([{ message: 'x' }])
    await host.logs.read(A, QUERY, STAYS)
    expect(asked).toEqual([true, true])
    expect(engine.calls.filter((call) => call.startsWith('inspect'))).toHaveLength(before)
  })

  test('names the driver that cannot be read', async () => {
    const { engine, host } = await started((engine) => engine.inspections.set(A, { logDriver: 'syslog' }))
    engine.faults.set('logs', new ApiError('log-driver-unreadable', 'x', { engineStatus: 501 }))
    await expect(host.logs.read(A, QUERY, STAYS)).rejects.toMatchObject({
      code: 'log-driver-unreadable',
      detail: expect.stringContaining('log driver syslog of'),
      engineStatus: 501,
    })
    engine.inspections.set(A, { logDriver: '<b>/etc' })
    await expect(host.logs.read(A, QUERY, STAYS)).rejects.toMatchObject({ detail: undefined })
  })

  test('is read no further once the caller has gone', async () => {
    const { engine, host } = await started()
    const gone = new AbortController()
    let ended = false
    engine.log = async function* (_request, signal) {
      yield [lineAt(1, 'x')]
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      ended = true
      throw signal.reason
    }
    const reading = host.logs.read(A, QUERY, { party: 'a', signal: gone.signal })
    const refused = expect(reading).rejects.toBeDefined()
    await settle()
    gone.abort()
    await refused
    expect(ended).toBe(true)
  })

  test('of an engine that is down is refused at once', async () => {
    const { engine, clock, host } = await started()
    engine.down = new ApiError('engine-unavailable', 'gone')
    engine.cut(engine.down)
    await clock.advance(0)
    await expect(host.logs.read(A, QUERY, STAYS)).rejects.toMatchObject({ code: 'engine-unavailable' })
    const steps = host.logs.follow(A, QUERY, null, STAYS)
    await expect(steps.next()).rejects.toMatchObject({ code: 'engine-unavailable' })
  })

  test('counts the secrets redacted in its lines, read once or followed', async () => {
    const { engine, host } = await started()
    engine.log = async function* () {
      yield [lineAt(1, 'x', { redactions: 2 }), lineAt(2, 'y')]
      yield [lineAt(3, 'z', { redactions: 1 })]
    }
    await host.logs.read(A, QUERY, STAYS)
    expect(host.metrics().logRedactions).toBe(3)
    const steps = host.logs.follow(A, QUERY, null, STAYS)
    await steps.next()
    await steps.return(undefined)
    expect(host.metrics().logRedactions).toBeGreaterThan(3)
  })

  test('is followed until the service stops', async () => {
    const { engine, clock, host, stop } = await started()
    engine.log = async function* ({ follow }, signal) {
      yield []
      if (!follow) return
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    }
    const steps = host.logs.follow(A, QUERY, null, STAYS)
    const first = steps.next()
    await clock.advance(0)
    expect(await first).toMatchObject({ value: { kind: 'lines', lines: [] } })
    const next = steps.next()
    await stop()
    expect(await next).toMatchObject({ done: true })
  })

  test('records each call for a log, including the inspect that explains its driver', async () => {
    const { engine, host } = await started()
    const reads: string[] = []
    const record = ({ read, result }: CallRecord) => reads.push(`${read} ${result}`)
    engine.log = async function* ({ tail }) {
      yield Array.from({ length: tail ?? 0 }, (_, second) => lineAt(second, 'x'))
    }
    await host.logs.read(A, { ...QUERY, matches: () => false }, STAYS, record)
    expect(reads.length).toBeGreaterThan(1)
    expect(new Set(reads)).toEqual(new Set(['logs ok']))
    reads.length = 0
    engine.faults.set('logs', new ApiError('log-driver-unreadable', 'x', { engineStatus: 501 }))
    await host.logs.read(A, QUERY, STAYS, record).catch(() => {})
    expect(reads).toEqual(['logs log-driver-unreadable', 'inspect ok'])
  })

  test.each([
    [24_999, null],
    [25_000, 'engine-timeout'],
  ])('is read for %i ms and no longer: %j', async (milliseconds, code) => {
    const { engine, clock, host } = await started()
    engine.log = async function* (_request, signal) {
      yield [lineAt(1, 'x')]
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
    const ended: unknown[] = []
    host.logs.read(A, QUERY, STAYS).catch((error) => ended.push(error))
    await settle()
    await clock.advance(milliseconds)
    expect(ended).toMatchObject(code === null ? [] : [{ code }])
  })

  test('leaves no timer behind', async () => {
    const { clock, host } = await started()
    await settle()
    const { pending } = clock
    await host.logs.read(A, QUERY, STAYS)
    expect(clock.pending).toBe(pending)
  })
})
