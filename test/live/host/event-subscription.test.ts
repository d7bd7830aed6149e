import { problemsOf } from '../../../api/model/problem.js'
import { settle } from '../../support/fake-clock.js'
import { eventOf, idOf } from '../../support/fake-engine.js'
import { oneContainerRig } from '../../support/host-rig.js'

const started = oneContainerRig()

const A = idOf('a')

const nanosAt = (milliseconds: number) => `${milliseconds}000000`

describe('the events of a host', () => {
  test('are requested from an hour before the first connection, and from the last event on after a cut', async () => {
    const { engine, clock } = await started()
    const start = Date.UTC(2026, 10, 24)
    expect(engine.sinces).toEqual([`${start / 1_000 - 3_600}.000000000`])
    engine.emit('die', A, { timeNano: nanosAt(start + 5_500) })
    await clock.advance(10_000)
    engine.cut()
    await clock.advance(0)
    expect(engine.sinces[1]).toBe(`${start / 1_000 + 4}.500000000`)
  })

  test('are recorded once, although each connection repeats the last one', async () => {
    const start = Date.UTC(2026, 10, 24)
    const past = eventOf({ containerId: A, action: 'start', timeNano: nanosAt(start - 60_000) })
    const { engine, clock, journal } = await started((engine) => engine.past.push({ kind: 'event', event: past }))
    await clock.advance(10_000)
    engine.cut()
    await clock.advance(0)
    engine.emit('die', A, { timeNano: nanosAt(start + 11_000) })
    await settle()
    expect(journal.after(0).events.map(({ action }) => action)).toEqual(['start', 'die'])
    expect(journal.after(0).lostHosts).toEqual([])
  })

  test('from before the subscription cause no list, because the whole list follows', async () => {
    const start = Date.UTC(2026, 10, 24)
    const past = eventOf({ containerId: A, action: 'start', timeNano: nanosAt(start - 60_000) })
    const { engine, clock } = await started((engine) => {
      engine.past.push({ kind: 'event', event: past })
      engine.engineNow = start
    })
    await clock.advance(1_000)
    expect(engine.calls.filter((call) => call.startsWith('list'))).toEqual(['list'])
    engine.emit('start', A, { timeNano: nanosAt(start + 1_000) })
    await clock.advance(1_000)
    expect(engine.calls.filter((call) => call.startsWith('list'))).toEqual(['list', 'list 1'])
  })

  test.each([
    [0, 0],
    [2_000, 0],
    [-2_000, 0],
    [3_000, 3_000],
    [-7_400, -7_000],
  ])('a clock skew of %i ms is shown as %i ms', async (offset, skew) => {
    const { host } = await started((engine, clock) => {
      engine.engineNow = clock.now() + offset
    })
    expect(host.status().clockSkewMs).toBe(skew)
  })

  test('of a health check are noise, including those before the container was inspected', async () => {
    const check = { command: 'sh -c true', intervalMs: 1_000, timeoutMs: null, startPeriodMs: null, retries: null }
    const execId = 'e'.repeat(64)
    const early = eventOf({ containerId: A, action: 'exec_create', timeNano: '5', command: 'sh -c true', execId })
    const { engine, clock, journal } = await started((engine) => {
      engine.inspections.set(A, { healthCheck: check })
      engine.past.push({ kind: 'event', event: early })
    })
    await clock.advance(1_000)
    engine.emit('exec_create', A, { command: 'sh -c true', execId: 'f'.repeat(64) })
    engine.emit('exec_create', A, { command: 'sh -c id', execId: 'd'.repeat(64) })
    await settle()
    expect(journal.after(0).events.map(({ isNoise }) => isNoise)).toEqual([true, true, false])
  })

  test('carry the labels of the list, because labels decide which callers see them', async () => {
    const { engine, journal } = await started()
    engine.emit('die', A, { labels: new Map([['team', 'other']]) })
    engine.emit('die', idOf('b'), { labels: new Map([['team', 'unlisted']]) })
    await settle()
    expect(journal.after(0).events.map(({ labels }) => labels.get('team'))).toEqual(['web', 'unlisted'])
  })

  test('show a crash loop, including crashes before the first list', async () => {
    const start = Date.UTC(2026, 10, 24)
    const die = (milliseconds: number) => ({
      kind: 'event' as const,
      event: eventOf({ containerId: A, action: 'die', timeNano: nanosAt(start - milliseconds), exitCode: 1 }),
    })
    const { engine, clock, host } = await started((engine) => engine.past.push(die(60_000), die(30_000)))
    const problems = () => problemsOf(host.container(A) as NonNullable<ReturnType<typeof host.container>>, clock.now())
    expect(problems()).toEqual([])
    const { version } = host
    engine.emit('die', A, { timeNano: nanosAt(start), exitCode: 1 })
    await settle()
    expect(problems()).toEqual(['crashloop'])
    expect(host.version).toBeGreaterThan(version)
    await clock.advance(600_000)
    expect(problems()).toEqual([])
  })
})
