import { problemsOf } from '../../../api/model/problem.js'
import { settle } from '../../support/fake-clock.js'
import { eventOf, idOf, listed } from '../../support/fake-engine.js'
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

  test('that cannot be read leave a gap, end nothing, and have their container read again', async () => {
    const { engine, clock, host, journal } = await started()
    engine.emit('start', A)
    await settle()
    const { end } = journal
    engine.calls.length = 0
    engine.passOver(A)
    engine.emit('die', A)
    await clock.advance(100)
    expect(journal.after(end)).toMatchObject({ events: [{ action: 'die' }], lostHosts: ['local'] })
    expect(engine.calls).toEqual(expect.arrayContaining(['list 1', 'inspect aaaa']))
    expect(host.status()).toMatchObject({ state: 'live', omitted: { events: 1 } })
    expect(engine.sinces).toHaveLength(1)
  })

  test('of nobody knows which container have the whole list read soon', async () => {
    const { engine, clock, host } = await started()
    engine.add(listed({ id: idOf('b'), name: 'new' }))
    await clock.advance(5_000)
    engine.passOver(null)
    await clock.advance(49)
    expect(host.container(idOf('b'))).toBeUndefined()
    await clock.advance(1)
    expect(host.container(idOf('b'))).toMatchObject({ name: 'new' })
  })

  test('that are passed over thousands of times a second cause a list a second at most', async () => {
    const { engine, clock, host } = await started()
    await clock.advance(5_000)
    engine.calls.length = 0
    for (let i = 0; i < 1_000; i += 1) {
      for (let j = 0; j < 10; j += 1) engine.passOver(null)
      await clock.advance(10)
    }
    const lists = engine.calls.filter((call) => call === 'list')
    expect(lists.length).toBeGreaterThanOrEqual(9)
    expect(lists.length).toBeLessThanOrEqual(11)
    expect(host.status()).toMatchObject({ state: 'live', omitted: { events: 10_000 } })
  })

  test('that are passed over in a row are one gap a second, and none is left out', async () => {
    const { engine, clock, host, journal } = await started()
    await clock.advance(5_000)
    const [start, { version }] = [journal.end, host]
    for (let i = 0; i < 100; i += 1) {
      engine.passOver(A)
      await clock.advance(19)
    }
    // Marked at 0 s and at 1 s. The rest waits for the next second.
    expect(journal.end - start).toBe(2)
    const { end } = journal
    await clock.advance(100)
    expect(journal.after(end)).toMatchObject({ events: [], lostHosts: ['local'] })
    expect(host.version - version).toBeGreaterThanOrEqual(3)
    const after = journal.end
    await clock.advance(5_000)
    expect(journal.end).toBe(after)
  })

  test('that are passed over stand before the event that follows them', async () => {
    const { engine, clock, journal } = await started()
    await clock.advance(5_000)
    engine.passOver(A)
    await settle()
    const { end } = journal
    engine.passOver(A)
    engine.emit('die', A)
    await settle()
    const { events } = journal.after(end)
    expect(events.map(({ seq }) => seq)).toEqual([end + 2])
    expect(journal.after(end).lostHosts).toEqual(['local'])
    expect(journal.after(end + 1).lostHosts).toEqual([])
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
