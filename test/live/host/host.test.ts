import type { Host } from '../../../api/live/host/host.js'
import { ApiError } from '../../../api/model/error.js'
import { settle } from '../../support/fake-clock.js'
import { FakeEngine, idOf, listed, readingAt } from '../../support/fake-engine.js'
import { type HostRig, hostRig } from '../../support/host-rig.js'

const startHost = hostRig()

const UNAVAILABLE = new ApiError('engine-unavailable', 'connect ECONNREFUSED')

function names(host: Host): string[] {
  return [...host.containers()].map(({ name }) => name).sort()
}

describe('Host', () => {
  test('subscribes before it lists, so that no event is missed in between', async () => {
    const { engine } = await startHost()
    expect(engine.calls.indexOf('events')).toBeLessThan(engine.calls.indexOf('list'))
  })

  test('becomes live with its list, and adds the fields that only an inspect has', async () => {
    const engine = new FakeEngine()
    engine.add(listed({ id: idOf('a'), name: 'web' }), { restartCount: 3, health: 'healthy' })
    const { host } = await startHost(engine)
    expect(host.status()).toMatchObject({ state: 'live', fault: null, version: { version: '27.0' }, info: { cpus: 4 } })
    expect([...host.containers()]).toMatchObject([
      { name: 'web', hostId: 'local', restartCount: 3, health: 'healthy', startedAt: '2026-11-24T00:00:01Z' },
    ])
  })

  test('ignores events inside a container, such as runs of its health check', async () => {
    const { engine, clock } = await startHost()
    const before = engine.calls.length
    for (const action of ['exec_create', 'exec_start', 'exec_die', 'top', 'attach', 'resize'])
      engine.emit(action, idOf('a'))
    await clock.advance(100)
    expect(engine.calls).toHaveLength(before)
  })

  test('shows the last known state while the engine is down, says so, and recovers by itself', async () => {
    const { engine, clock, host } = await startHost()
    engine.add(listed({ id: idOf('a'), name: 'web' }))
    engine.emit('start', idOf('a'))
    await clock.advance(100)
    engine.down = UNAVAILABLE
    engine.cut()
    await clock.advance(1_000)
    expect(host.status()).toMatchObject({ state: 'stale', fault: { code: 'engine-unavailable' } })
    expect(names(host)).toEqual(['web'])
    await expect(host.reads.inspect(idOf('a'))).rejects.toMatchObject({ code: 'engine-unavailable' })

    engine.down = null
    engine.add(listed({ id: idOf('b'), name: 'db' }))
    engine.listed.delete(idOf('a'))
    await clock.advance(5_000)
    expect(host.status()).toMatchObject({ state: 'live', fault: null })
    expect(names(host)).toEqual(['db'])
  })

  test('reconnects after a clean cut, such as proxies make, without becoming stale', async () => {
    const { engine, clock, host } = await startHost()
    await clock.advance(600_000)
    engine.cut()
    await settle()
    expect(host.status().state).toBe('live')
    await clock.advance(0)
    expect(engine.subscribers).toBe(1)
    expect(host.status().state).toBe('live')
  })

  test('becomes stale if the stream repeatedly ends as soon as it is open', async () => {
    const { engine, clock, host } = await startHost()
    await clock.advance(60_000)
    engine.faults.set('list', new ApiError('engine-bad-answer', 'empty'))
    engine.cut()
    await clock.advance(300)
    expect(host.status()).toMatchObject({ state: 'stale', fault: { code: 'engine-bad-answer' } })
    engine.faults.clear()
    await clock.advance(3_000)
    expect(host.status().state).toBe('live')
    engine.cut()
    await clock.advance(0)
    expect(host.status()).toMatchObject({ state: 'stale', fault: { code: 'engine-unavailable' } })
  })

  test('counts an engine as alive if a proxy closes the ping', async () => {
    const { engine, clock, host } = await startHost()
    engine.faults.set('ping', new ApiError('engine-endpoint-blocked', '403'))
    await clock.advance(60_000)
    expect(host.status()).toMatchObject({ state: 'live', fault: null })
  })

  test('detects a hung engine by an unanswered ping', async () => {
    const { engine, clock, host } = await startHost()
    engine.faults.set('ping', new ApiError('engine-timeout', 'no answer'))
    engine.faults.set('events', new ApiError('engine-timeout', 'no answer'))
    await clock.advance(5_000)
    expect(host.status()).toMatchObject({ state: 'stale', fault: { code: 'engine-timeout' } })
  })

  test('waits longer from attempt to attempt, up to two seconds', async () => {
    const engine = new FakeEngine()
    engine.down = UNAVAILABLE
    const { clock, host } = await startHost(engine)
    expect(host.status().state).toBe('connecting')
    const tries = () => engine.calls.filter((call) => call === 'events').length
    await clock.advance(2_000)
    const early = tries()
    await clock.advance(60_000)
    const later = tries() - early
    expect(early).toBeGreaterThanOrEqual(3)
    expect(early).toBeLessThan(10)
    expect(later).toBeGreaterThanOrEqual(30)
    expect(later).toBeLessThanOrEqual(60)
  })

  test('works with a proxy that closes version and info, and not with one that closes events', async () => {
    const blocked = new ApiError('engine-endpoint-blocked', '403', { detail: 'needs INFO=1' })
    const engine = new FakeEngine()
    engine.faults.set('info', blocked)
    engine.faults.set('version', blocked)
    const open = await startHost(engine)
    expect(open.host.status()).toMatchObject({ state: 'live', info: null, version: null })

    const closed = new FakeEngine()
    closed.faults.set('events', blocked)
    const rig = await startHost(closed)
    expect(rig.host.status()).toMatchObject({ state: 'connecting', fault: { code: 'engine-endpoint-blocked' } })
  })

  test('shares one inspect among concurrent callers', async () => {
    const engine = new FakeEngine()
    engine.add(listed({ id: idOf('a') }))
    const { host } = await startHost(engine)
    const before = engine.calls.length
    const answers = await Promise.all([
      host.reads.inspect(idOf('a')),
      host.reads.inspect(idOf('a')),
      host.reads.inspect(idOf('a')),
    ])
    expect(new Set(answers).size).toBe(1)
    expect(engine.calls).toHaveLength(before + 1)
    await host.reads.inspect(idOf('a'))
    expect(engine.calls).toHaveLength(before + 2)
  })

  test('samples running containers, and forgets the sample of stopped ones', async () => {
    let rig: HostRig | null = null
    const engine = new FakeEngine(() => readingAt(rig?.clock.now() ?? 0))
    engine.add(listed({ id: idOf('a') }))
    engine.add(listed({ id: idOf('b'), state: 'exited' }))
    rig = await startHost(engine)
    await rig.clock.advance(20_000)
    expect(rig.host.sample(idOf('a'))?.cpuPercent).toBeCloseTo(20, 6)
    expect(rig.host.sample(idOf('b'))).toBeNull()
    engine.add(listed({ id: idOf('a'), state: 'exited' }))
    engine.emit('die', idOf('a'))
    await rig.clock.advance(100)
    expect(rig.host.sample(idOf('a'))).toBeNull()
  })

  test('leaves no timer and no subscription behind when it is stopped', async () => {
    const { engine, clock, stop } = await startHost()
    await stop()
    expect(clock.pending).toBe(0)
    expect(engine.subscribers).toBe(0)
    expect(engine.closed).toBe(true)
  })
})
