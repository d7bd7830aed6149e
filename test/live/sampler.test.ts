import { Sampler } from '../../api/live/sampler.js'
import { createLog } from '../../api/log.js'
import type { Container } from '../../api/model/container.js'
import { ApiError } from '../../api/model/error.js'
import { FakeClock, settle } from '../support/fake-clock.js'
import { FakeEngine, idOf, listed, readingAt } from '../support/fake-engine.js'

const QUIET = createLog('silent', { write: () => {} })

function container(id: string, state: Container['state'] = 'running'): Container {
  return {
    ...listed({ id, state }),
    hostId: 'local',
    health: 'none',
    startedAt: null,
    finishedAt: null,
    restartCount: null,
    exitCode: null,
    oomKilled: false,
    project: null,
    service: null,
  }
}

function rig(intervalMs = 10_000) {
  const clock = new FakeClock()
  const engine = new FakeEngine(() => readingAt(clock.now()))
  const sampler = new Sampler(engine, intervalMs, clock, QUIET)
  const life = new AbortController()
  void sampler.run(life.signal)
  return { clock, engine, sampler, stop: () => life.abort() }
}

describe('Sampler', () => {
  test('has nothing, then a reading without rates, then rates within two seconds', async () => {
    const { clock, sampler, stop } = rig()
    expect(sampler.sample(idOf('a'))).toBeNull()
    sampler.track([container(idOf('a'))])
    await settle()
    expect(sampler.sample(idOf('a'))).toMatchObject({ intervalSeconds: null, cpuPercent: null, reading: { pids: 3 } })
    await clock.advance(2_000)
    expect(sampler.sample(idOf('a'))).toMatchObject({ intervalSeconds: 1.5, rxBytesPerSecond: 1_000 })
    stop()
  })

  test('then reads once an interval, whoever asks how often', async () => {
    const { clock, engine, sampler, stop } = rig()
    sampler.track([container(idOf('a'))])
    await clock.advance(2_000)
    const before = engine.calls.length
    for (let i = 0; i < 1_000; i += 1) sampler.sample(idOf('a'))
    await clock.advance(60_000)
    expect(engine.calls.length - before).toBe(6)
    stop()
  })

  test('reads running and paused containers and no others', async () => {
    const { clock, engine, sampler, stop } = rig()
    sampler.track([
      container(idOf('a')),
      container(idOf('b'), 'paused'),
      container(idOf('c'), 'exited'),
      container(idOf('d'), 'created'),
    ])
    await clock.advance(1_000)
    expect(engine.calls.sort()).toEqual(['stats aaaa', 'stats bbbb'])
    stop()
  })

  test('bounds how many readings run at once', async () => {
    const { clock, engine, sampler, stop } = rig()
    let open = () => {}
    engine.gate = new Promise((resolve) => {
      open = resolve
    })
    sampler.track(Array.from({ length: 1_000 }, (_, i) => container(i.toString(16).padStart(64, '0'))))
    await settle()
    expect(engine.polling).toBe(64)
    open()
    await clock.advance(0)
    expect(engine.mostPolling).toBe(64)
    expect(engine.calls).toHaveLength(1_000)
    stop()
  })

  test('keeps the last sample when a reading fails, and tries again an interval later', async () => {
    const { clock, engine, sampler, stop } = rig()
    sampler.track([container(idOf('a'))])
    await clock.advance(2_000)
    const last = sampler.sample(idOf('a'))
    engine.faults.set('stats', new ApiError('engine-timeout', 'slow'))
    await clock.advance(20_000)
    expect(sampler.sample(idOf('a'))).toBe(last)
    engine.faults.clear()
    await clock.advance(10_000)
    expect(sampler.sample(idOf('a'))).not.toBe(last)
    stop()
  })

  test('keeps its sample when the engine repeats a reading', async () => {
    const clock = new FakeClock()
    const engine = new FakeEngine(() => readingAt(5))
    const sampler = new Sampler(engine, 10_000, clock, QUIET)
    const life = new AbortController()
    void sampler.run(life.signal)
    sampler.track([container(idOf('a'))])
    await clock.advance(1_000)
    const { version } = sampler
    await clock.advance(30_000)
    expect(sampler.version).toBe(version)
    life.abort()
  })

  test('forgets a container that the engine says does not run', async () => {
    const clock = new FakeClock()
    const engine = new FakeEngine(() => null)
    const sampler = new Sampler(engine, 10_000, clock, QUIET)
    const life = new AbortController()
    void sampler.run(life.signal)
    sampler.track([container(idOf('a'))])
    await clock.advance(30_000)
    expect(engine.calls).toEqual(['stats aaaa'])
    life.abort()
  })
})
