import { EventJournal } from '../../api/live/events/event-journal.js'
import { Fleet } from '../../api/live/fleet.js'
import { MAX_WATCHED_READINGS_PER_SECOND } from '../../api/live/stats/watch-shares.js'
import type { EngineCall } from '../../api/model/engine-call.js'
import { ApiError } from '../../api/model/error.js'
import { cleanupAfterEach } from '../support/cleanup.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeEngine, idOf, listed, readingAt } from '../support/fake-engine.js'
import { makeHost } from '../support/host-rig.js'

const cleanup = cleanupAfterEach()

async function fleetOf(engines: Readonly<Record<string, FakeEngine>>, sampleIntervalMs = 10_000) {
  const clock = new FakeClock()
  const life = new AbortController()
  const journal = new EventJournal()
  const hosts = Object.entries(engines).map(([id, engine]) =>
    makeHost(id, engine, journal, clock, { intervalMs: sampleIntervalMs }),
  )
  const fleet = new Fleet(hosts, journal, clock)
  const lives = hosts.map((host) => host.run(life.signal))
  cleanup(async () => {
    life.abort()
    await clock.advance(0)
    await Promise.all(lives)
  })
  await clock.advance(100)
  return { fleet, clock }
}

function engineWith(...ids: string[]): FakeEngine {
  const engine = new FakeEngine()
  for (const id of ids) engine.add(listed({ id, labels: new Map([['team', id.slice(0, 1)]]) }))
  return engine
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return error instanceof ApiError ? error.code : String(error)
  }
  return 'nothing thrown'
}

describe('Fleet', () => {
  test('shows the containers of all hosts, and is ready while one answers', async () => {
    const down = new FakeEngine()
    down.down = new ApiError('engine-unavailable', 'down')
    const { fleet } = await fleetOf({ one: engineWith(idOf('a')), two: engineWith(idOf('b')), three: down })
    expect(fleet.containers([]).map(({ hostId }) => hostId)).toEqual(['one', 'two'])
    expect(fleet.hosts().map(({ state }) => state)).toEqual(['live', 'live', 'connecting'])
    expect(fleet.isReady).toBe(true)
    expect(fleet.find(idOf('b'), null, [])).toMatchObject({ hostId: 'two' })
    const calls: EngineCall[] = []
    const inspected = await fleet.inspect(fleet.find(idOf('b'), null, []), (call) => calls.push(call))
    expect(inspected).toMatchObject({ id: idOf('b') })
    expect(calls).toEqual([{ host: 'two', call: 'inspect', status: 200, milliseconds: expect.any(Number) }])
  })

  test('says that it cannot know, not that there is none, while a host has never answered', async () => {
    const down = new FakeEngine()
    down.down = new ApiError('engine-unavailable', 'down')
    const { fleet, clock } = await fleetOf({ one: engineWith(), two: down })
    expect(codeOf(() => fleet.find(idOf('a'), null, []))).toBe('engine-unavailable')
    down.down = null
    await clock.advance(5_000)
    expect(codeOf(() => fleet.find(idOf('a'), null, []))).toBe('container-not-found')
  })

  test('finds the one visible container with a prefix', async () => {
    const [one, two] = [`${'ab'.repeat(6)}${'1'.repeat(52)}`, `${'ab'.repeat(6)}${'2'.repeat(52)}`]
    const engine = new FakeEngine()
    engine.add(listed({ id: one, labels: new Map([['team', 'web']]) }))
    engine.add(listed({ id: two }))
    const { fleet } = await fleetOf({ local: engine })
    expect(codeOf(() => fleet.find('ab'.repeat(6), null, []))).toBe('ambiguous-container-id')
    expect(fleet.find('ab'.repeat(6), null, [{ key: 'team', value: 'web' }]).id).toBe(one)
    expect(codeOf(() => fleet.find(two, null, [{ key: 'team', value: 'web' }]))).toBe('container-not-found')
  })

  test('finds one of two containers with the same id by its host', async () => {
    const { fleet } = await fleetOf({ one: engineWith(idOf('a')), two: engineWith(idOf('a')) })
    expect(fleet.containers([])).toHaveLength(2)
    for (const id of [idOf('a'), 'a'.repeat(12)]) {
      expect(codeOf(() => fleet.find(id, null, []))).toBe('ambiguous-container-id')
      for (const host of ['one', 'two']) expect(fleet.find(id, host, []).hostId).toBe(host)
      expect(codeOf(() => fleet.find(id, 'three', []))).toBe('container-not-found')
    }
    expect(codeOf(() => fleet.find(idOf('a'), 'one', [{ key: 'team', value: 'b' }]))).toBe('container-not-found')
  })

  test('reads a bounded number of watched containers at their pace, and more of them less often', async () => {
    const readingsOf = async (count: number) => {
      const engines: Record<string, FakeEngine> = {}
      for (let host = 0; host < 10; host += 1) {
        const engine = new FakeEngine(() => null)
        let time = 0
        engine.stats = async () => {
          engine.calls.push('reading')
          time += 1
          return readingAt(time)
        }
        for (let i = 0; i < count / 10; i += 1)
          engine.add(listed({ id: `${host}${i.toString(16).padStart(5, '0')}`.padEnd(64, 'a') }))
        engines[`host-${host}`] = engine
      }
      const { fleet, clock } = await fleetOf(engines)
      await clock.advance(20_000)
      const made = () =>
        Object.values(engines).reduce((sum, { calls }) => sum + calls.filter((call) => call === 'reading').length, 0)
      let before = 0
      // A container is read at its first pace until that has run out.
      for (let second = -10; second < 10; second += 1) {
        if (second === 0) before = made()
        for (const host of Object.keys(engines)) {
          const containers = fleet.containers([]).filter(({ hostId }) => hostId === host)
          fleet.watch({ key: host, parties: [`watcher of ${host}`], containers, intervalMs: 1_000 })
        }
        await clock.advance(1_000)
      }
      return (made() - before) / 10
    }
    expect(await readingsOf(100)).toBeGreaterThan(90)
    expect(await readingsOf(MAX_WATCHED_READINGS_PER_SECOND)).toBeGreaterThan(MAX_WATCHED_READINGS_PER_SECOND * 0.9)
    const crowded = await readingsOf(MAX_WATCHED_READINGS_PER_SECOND * 2)
    expect(crowded).toBeLessThan(MAX_WATCHED_READINGS_PER_SECOND * 1.25)
    expect(crowded).toBeGreaterThan(MAX_WATCHED_READINGS_PER_SECOND * 0.75)
  }, 60_000)

  test("reads what one party watches at that party's share, and what another watches at its pace", async () => {
    const engine = new FakeEngine()
    const reads = new Map<string, number>()
    engine.stats = async (id) => {
      reads.set(id, (reads.get(id) ?? 0) + 1)
      return readingAt([...reads.values()].length)
    }
    for (let i = 0; i < 2_000; i += 1) engine.add(listed({ id: i.toString(16).padStart(64, '0') }))
    const { fleet, clock } = await fleetOf({ local: engine }, 600_000)
    await clock.advance(20_000)
    const all = fleet.containers([])
    reads.clear()
    for (let second = 0; second < 40; second += 1) {
      fleet.watch({ key: 'a', parties: ['a'], containers: all, intervalMs: 1_000 })
      fleet.watch({ key: 'b', parties: ['b'], containers: all.slice(0, 5), intervalMs: 1_000 })
      await clock.advance(1_000)
    }
    const counts = all.map(({ id }) => reads.get(id) ?? 0)
    for (const count of counts.slice(0, 5)) expect(count).toBeGreaterThanOrEqual(38)
    const ofA = counts.slice(5).reduce((sum, count) => sum + count, 0) / 40
    expect(ofA).toBeGreaterThan(80)
    expect(ofA).toBeLessThan(120)
  }, 60_000)

  test('does not reveal a change of one container in the time of the list', async () => {
    const engine = engineWith(idOf('a'))
    const { fleet, clock } = await fleetOf({ local: engine })
    const before = fleet.hosts()[0]?.observedAt
    engine.add(listed({ id: idOf('b') }))
    engine.emit('start', idOf('b'))
    await clock.advance(1_000)
    expect(fleet.containers([])).toHaveLength(2)
    expect(fleet.hosts()[0]?.observedAt).toBe(before)
    await clock.advance(30_000)
    expect(fleet.hosts()[0]?.observedAt).toBeGreaterThan(before ?? Number.POSITIVE_INFINITY)
  })
})
