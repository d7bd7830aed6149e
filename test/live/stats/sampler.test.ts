import { Sampler } from '../../../api/live/stats/sampler.js'
import { createLog } from '../../../api/log.js'
import type { Container } from '../../../api/model/container.js'
import { ApiError } from '../../../api/model/error.js'
import type { Reading } from '../../../api/model/sample.js'
import { cleanupAfterEach } from '../../support/cleanup.js'
import { FakeClock, settle } from '../../support/fake-clock.js'
import { FakeEngine, idOf, readingAt } from '../../support/fake-engine.js'
import { containerOf } from '../../support/fake-view.js'

const QUIET = createLog('silent', { write: () => {} })

function container(id: string, state: Container['state'] = 'running'): Container {
  return containerOf({ id, state, startedAt: null, restartCount: null })
}

function trackAll(sampler: Sampler, containers: readonly Container[]): void {
  for (const one of containers) sampler.track(one)
}

const cleanup = cleanupAfterEach()

function rig(reading: (now: number) => Reading | null = readingAt, intervalMs = 10_000) {
  const clock = new FakeClock()
  const engine = new FakeEngine(() => reading(clock.now()))
  const sampler = new Sampler(engine, { intervalMs, historyMs: 3_600_000 }, clock, QUIET)
  const life = new AbortController()
  const run = sampler.run(life.signal)
  cleanup(() => {
    life.abort()
    return run
  })
  return { clock, engine, sampler }
}

describe('Sampler', () => {
  test('has nothing, then a reading without rates, then rates within two seconds', async () => {
    const { clock, sampler } = rig()
    expect(sampler.sample(idOf('a'))).toBeNull()
    sampler.track(container(idOf('a')))
    await settle()
    expect(sampler.sample(idOf('a'))).toMatchObject({ intervalSeconds: null, cpuPercent: null, reading: { pids: 3 } })
    await clock.advance(2_000)
    expect(sampler.sample(idOf('a'))).toMatchObject({ intervalSeconds: 1.5, rxBytesPerSecond: 1_000 })
  })

  test('then reads once per interval, however often it is queried', async () => {
    const { clock, engine, sampler } = rig()
    sampler.track(container(idOf('a')))
    await clock.advance(2_000)
    const before = engine.calls.length
    for (let i = 0; i < 1_000; i += 1) sampler.sample(idOf('a'))
    await clock.advance(60_000)
    expect(engine.calls.length - before).toBe(6)
  })

  test('reads running and paused containers and no others', async () => {
    const { clock, engine, sampler } = rig()
    trackAll(sampler, [
      container(idOf('a')),
      container(idOf('b'), 'paused'),
      container(idOf('c'), 'exited'),
      container(idOf('d'), 'created'),
    ])
    await clock.advance(1_000)
    expect(engine.calls.sort()).toEqual(['stats aaaa', 'stats bbbb'])
  })

  test('bounds how many readings run at once', async () => {
    const { clock, engine, sampler } = rig()
    let open = () => {}
    engine.gate = new Promise((resolve) => {
      open = resolve
    })
    trackAll(
      sampler,
      Array.from({ length: 1_000 }, (_, i) => container(i.toString(16).padStart(64, '0'))),
    )
    await settle()
    expect(engine.polling).toBe(64)
    open()
    await clock.advance(0)
    expect(engine.mostPolling).toBe(64)
    expect(engine.calls).toHaveLength(1_000)
  })

  test('keeps the last sample when a reading fails, and retries an interval later', async () => {
    const { clock, engine, sampler } = rig()
    sampler.track(container(idOf('a')))
    await clock.advance(2_000)
    const last = sampler.sample(idOf('a'))
    engine.faults.set('stats', new ApiError('engine-timeout', 'slow'))
    await clock.advance(20_000)
    expect(sampler.sample(idOf('a'))).toBe(last)
    engine.faults.clear()
    await clock.advance(10_000)
    expect(sampler.sample(idOf('a'))).not.toBe(last)
  })

  test('has no new sample when the engine repeats a reading', async () => {
    const { clock, sampler } = rig(() => readingAt(5))
    sampler.track(container(idOf('a')))
    await clock.advance(1_000)
    const { version } = sampler
    await clock.advance(30_000)
    expect(sampler.version).toBe(version)
  })

  test('forgets a container that the engine says does not run', async () => {
    const { clock, engine, sampler } = rig(() => null)
    sampler.track(container(idOf('a')))
    await clock.advance(30_000)
    expect(engine.calls).toEqual(['stats aaaa'])
  })

  test("reads watched containers at their watcher's pace, others at its own, and is slow again seconds after the last look", async () => {
    const { clock, engine, sampler } = rig()
    trackAll(sampler, [container(idOf('a')), container(idOf('b'))])
    await clock.advance(15_000)
    const count = (digit: string) => engine.calls.filter((call) => call === `stats ${digit.repeat(4)}`).length
    const [a, b] = [count('a'), count('b')]
    for (let second = 0; second < 20; second += 1) {
      sampler.watch(idOf('a'), 1_000)
      await clock.advance(1_000)
    }
    expect(count('a') - a).toBeGreaterThanOrEqual(19)
    expect(count('b') - b).toBe(2)
    expect(sampler.watched).toBe(1)
    await clock.advance(6_000)
    expect(sampler.watched).toBe(0)
    const after = count('a')
    await clock.advance(60_000)
    expect(count('a') - after).toBeLessThanOrEqual(7)
  })

  test('costs the engine the same for one watcher and for fifty, at the pace of the fastest', async () => {
    const readings = async (watchers: number) => {
      const { clock, engine, sampler } = rig()
      sampler.track(container(idOf('a')))
      await clock.advance(5_000)
      const before = engine.calls.length
      for (let second = 0; second < 60; second += 1) {
        for (let i = 0; i < watchers; i += 1) sampler.watch(idOf('a'), i % 2 === 0 ? 2_000 : 5_000)
        await clock.advance(1_000)
      }
      return engine.calls.length - before
    }
    const one = await readings(1)
    expect(Math.abs(one - 30)).toBeLessThanOrEqual(1)
    expect(await readings(50)).toBe(one)
  })

  test('does not read a rarely watched container less often', async () => {
    const { clock, engine, sampler } = rig()
    sampler.track(container(idOf('a')))
    await clock.advance(5_000)
    const before = engine.calls.length
    for (let i = 0; i < 5; i += 1) {
      sampler.watch(idOf('a'), 60_000)
      await clock.advance(20_000)
    }
    expect(engine.calls.length - before).toBe(10)
  })

  test('ignores a watched container that does not exist', () => {
    const { sampler } = rig()
    sampler.watch(idOf('f'), 1_000)
    expect(sampler.watched).toBe(0)
  })

  test('starves no container if all together need more readings than are possible', async () => {
    const { clock, engine, sampler } = rig(readingAt, 1_000)
    const counts = new Map<string, number>()
    engine.stats = async (id) => {
      counts.set(id, (counts.get(id) ?? 0) + 1)
      await new Promise<void>((resolve) => clock.after(2_000, resolve))
      return readingAt(clock.now())
    }
    trackAll(
      sampler,
      Array.from({ length: 200 }, (_, i) => container(i.toString(16).padStart(64, '0'))),
    )
    await clock.advance(60_000)
    expect(counts.size).toBe(200)
    // 64 at once for 2 s each are 9.6 readings of each of 200 in a minute.
    expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(7)
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(12)
  })

  test.each([
    ['99 containers at once', 99, 0],
    ['100 a millisecond later', 100, 1],
    ['10,000 a tenth of a second later', 10_000, 100],
  ])('plans anew for %s, because a plan looks at all of them', async (_what, count, laterMs) => {
    const { clock, engine, sampler } = rig()
    const ids = Array.from({ length: count }, (_, i) => i.toString(16).padStart(4, '0').padEnd(64, '0'))
    trackAll(
      sampler,
      ids.map((id) => container(id)),
    )
    await clock.advance(5_000)
    sampler.watch(ids[0] ?? '', 1_000)
    await settle()
    engine.calls.length = 0
    sampler.watch(ids[1] ?? '', 1_000)
    if (laterMs > 0) {
      await clock.advance(laterMs - 1)
      expect(engine.calls).toEqual([])
      await clock.advance(1)
    }
    await settle()
    expect(engine.calls).toEqual(['stats 0001'])
  })

  test('computes no rates over a restart that only the start time reveals', async () => {
    const { clock, sampler } = rig()
    const started = (startedAt: string) => ({ ...container(idOf('a')), startedAt })
    sampler.track(started('2026-11-24T00:00:00Z'))
    await clock.advance(15_000)
    expect(sampler.sample(idOf('a'))?.cpuPercent).not.toBeNull()
    sampler.track(started('2026-11-24T00:00:09Z'))
    expect(sampler.sample(idOf('a'))).toBeNull()
    await clock.advance(0)
    expect(sampler.sample(idOf('a'))).toMatchObject({ intervalSeconds: null, cpuPercent: null, rxBytesPerSecond: null })
    await clock.advance(2_000)
    expect(sampler.sample(idOf('a'))).toMatchObject({ intervalSeconds: 1.5 })
  })

  test('holds the history of a stopped container until it is removed', async () => {
    const { clock, sampler } = rig()
    sampler.track(container(idOf('a')))
    await clock.advance(15_000)
    sampler.track(container(idOf('a'), 'exited'))
    expect(sampler.sample(idOf('a'))).toBeNull()
    const past = sampler.history(idOf('a'), 0)?.times.length ?? 0
    expect(past).toBeGreaterThan(1)
    sampler.track(container(idOf('a')))
    await clock.advance(5_000)
    expect(sampler.history(idOf('a'), 0)?.times.length).toBeGreaterThan(past)
    expect(sampler.historyBytes).toBeGreaterThan(0)
    sampler.forget(idOf('a'))
    expect(sampler.history(idOf('a'), 0)).toBeNull()
    expect(sampler.historyBytes).toBe(0)
  })

  test('accepts a reading after the clock was set back, without rates', async () => {
    let skew = 0
    const { clock, sampler } = rig((now) => readingAt(now - skew, { cpuUsageNs: 5 }))
    sampler.track(container(idOf('a')))
    await clock.advance(15_000)
    skew = 3_600_000
    await clock.advance(10_000)
    expect(sampler.sample(idOf('a'))).toMatchObject({ intervalSeconds: null, rxBytesPerSecond: null })
    await clock.advance(10_000)
    expect(sampler.sample(idOf('a'))).toMatchObject({ intervalSeconds: 10 })
  })
})
