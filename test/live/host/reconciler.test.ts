import type { Host } from '../../../api/live/host/host.js'
import { createLog } from '../../../api/log.js'
import { ApiError } from '../../../api/model/error.js'
import { FakeEngine, idOf, listed, readingAt } from '../../support/fake-engine.js'
import { hostRig } from '../../support/host-rig.js'

const startHost = hostRig()

function names(host: Host): string[] {
  return [...host.containers()].map(({ name }) => name).sort()
}

describe('Reconciler', () => {
  test('sees a container started, renamed, paused, stopped and removed within a tenth of a second', async () => {
    const { engine, clock, host } = await startHost()
    const id = idOf('a')
    const step = async (action: string, change: Parameters<typeof listed>[0] | null) => {
      if (change === null) engine.listed.delete(id)
      else engine.add(listed(change))
      engine.emit(action, id)
      await clock.advance(100)
    }
    await step('start', { id, name: 'web' })
    expect(names(host)).toEqual(['web'])
    await step('rename', { id, name: 'web2' })
    expect(names(host)).toEqual(['web2'])
    await step('pause', { id, name: 'web2', state: 'paused' })
    expect([...host.containers()][0]?.state).toBe('paused')
    await step('die', { id, name: 'web2', state: 'exited' })
    expect([...host.containers()][0]?.state).toBe('exited')
    await step('destroy', null)
    expect(names(host)).toEqual([])
  })

  test('answers a burst of events with few list calls, at most 50 ids each', async () => {
    const { engine, clock, host } = await startHost()
    const ids = Array.from({ length: 120 }, (_, i) => i.toString(16).padStart(64, '0'))
    for (const id of ids) engine.add(listed({ id }))
    for (const id of [...ids, ...ids]) engine.emit('start', id)
    for (let i = 0; i < 20; i += 1) await clock.advance(10)
    expect(names(host)).toHaveLength(120)
    const lists = engine.calls.filter((call) => call.startsWith('list '))
    expect(lists.length).toBeLessThanOrEqual(5)
    for (const call of lists) expect(Number(call.split(' ')[1])).toBeLessThanOrEqual(50)
  })

  test('reads again if the list lags behind the event and the inspect, and gives up if they never agree', async () => {
    const { engine, clock, host } = await startHost()
    const id = idOf('a')
    engine.add(listed({ id, name: 'web' }))
    engine.emit('start', id)
    await clock.advance(100)
    engine.inspections.set(id, { state: 'exited', exitCode: 3 })
    engine.emit('die', id)
    await clock.advance(60)
    engine.add(listed({ id, name: 'web', state: 'exited', status: 'Exited (3)' }), { state: 'exited', exitCode: 3 })
    await clock.advance(100)
    expect([...host.containers()]).toMatchObject([{ state: 'exited', exitCode: 3 }])

    engine.inspections.set(id, { state: 'running' })
    const before = engine.calls.length
    engine.emit('start', id)
    await clock.advance(5_000)
    const asked = engine.calls.slice(before).filter((call) => call.startsWith('list '))
    expect(asked).toHaveLength(4)
  })

  test('reads the whole list again every thirty seconds, in case an event was lost', async () => {
    const { engine, clock, host } = await startHost()
    engine.add(listed({ id: idOf('a'), name: 'silent' }))
    // The first time somewhat sooner, so that hosts that connected together do not stay in step.
    await clock.advance(22_000)
    expect(names(host)).toEqual([])
    await clock.advance(1_000)
    expect(names(host)).toEqual(['silent'])
    engine.add(listed({ id: idOf('b'), name: 'another' }))
    await clock.advance(28_000)
    expect(names(host)).toEqual(['silent'])
    await clock.advance(2_000)
    expect(names(host)).toEqual(['another', 'silent'])
  })

  test('inspects unchanged containers with each tenth list, and at once if list and inspect disagree', async () => {
    const engine = new FakeEngine()
    const ids = Array.from({ length: 100 }, (_, i) => i.toString(16).padStart(8, '0').padEnd(64, 'a'))
    for (const id of ids) engine.add(listed({ id }))
    const { clock } = await startHost(engine)
    const inspects = () => engine.calls.filter((call) => call.startsWith('inspect')).length
    expect(inspects()).toBe(100)
    await clock.advance(300_000)
    expect(inspects()).toBe(200)
    const before = inspects()
    engine.add(listed({ id: ids[0] ?? '', status: 'Up 2 hours (unhealthy)' }), { health: 'unhealthy' })
    await clock.advance(31_000)
    expect(inspects() - before).toBeGreaterThanOrEqual(11)
    expect(inspects() - before).toBeLessThanOrEqual(12)
  })

  test.each([
    ['999 unlisted containers list them all by id', 999, 20, 1],
    ['1,001 list the rest with the whole list', 1_001, 20, 2],
    ['50,000 cost no more', 50_000, 20, 2],
  ])('events of %s', async (_what, count, partial, whole) => {
    const { engine, clock } = await startHost()
    for (let i = 0; i < count; i += 1) engine.emit('start', i.toString(16).padStart(64, '0'))
    for (let i = 0; i < 40; i += 1) await clock.advance(50)
    expect(engine.calls.filter((call) => /^list \d/.test(call))).toHaveLength(partial)
    expect(engine.calls.filter((call) => call === 'list')).toHaveLength(whole)
  })

  test('reads the whole list even while events never end', async () => {
    const { engine, clock, host } = await startHost()
    const before = host.status().observedAt ?? 0
    const list = engine.containers.bind(engine)
    // Meanwhile there is always another event.
    engine.containers = async (...call) => {
      await new Promise<void>((resolve) => clock.after(60, resolve))
      return list(...call)
    }
    for (let i = 0; i < 700; i += 1) {
      engine.emit('update', idOf('a'))
      await clock.advance(50)
    }
    expect((host.status().observedAt ?? 0) - before).toBeGreaterThanOrEqual(15_000)
    expect(engine.calls.filter((call) => call === 'list').length).toBeGreaterThanOrEqual(2)
  })

  test('has the state from the inspect where the list does not say it, and samples the container then', async () => {
    const engine = new FakeEngine(() => readingAt(1))
    const silent = listed({ id: idOf('a'), state: null, status: null, isPartial: true })
    engine.add(silent, { state: 'running', health: 'none' })
    let open = () => {}
    engine.gate = new Promise((resolve) => {
      open = resolve
    })
    const { clock, host } = await startHost(engine)
    expect(host.container(idOf('a'))).toMatchObject({ state: null, health: null })
    expect(engine.calls).not.toContain('stats aaaa')
    engine.gate = null
    open()
    await clock.advance(0)
    expect(host.container(idOf('a'))).toMatchObject({ state: 'running', health: 'none', isPartial: true })
    await clock.advance(0)
    expect(engine.calls).toContain('stats aaaa')
    expect(host.status().omitted).toMatchObject({ partialContainers: 1 })
  })

  test.each([
    ['is cut', { omitted: 0, isTruncated: true }],
    ['has an item that cannot be read', { omitted: 1, isTruncated: false }],
  ])(
    'takes a container that a list of some lacks for gone only once inspected, where the list %s',
    async (_what, omissions) => {
      const engine = new FakeEngine()
      engine.add(listed({ id: idOf('a'), name: 'web' }))
      const { clock, host } = await startHost(engine)
      engine.containers = async () => ({ containers: [], ...omissions })
      const inspects = () => engine.calls.filter((call) => call === 'inspect aaaa').length
      const before = inspects()
      engine.emit('update', idOf('a'))
      await clock.advance(1_000)
      expect(names(host)).toEqual(['web'])
      expect(inspects() - before).toBe(1)
      engine.listed.delete(idOf('a'))
      engine.emit('destroy', idOf('a'))
      await clock.advance(1_000)
      expect(names(host)).toEqual([])
    },
  )

  test('says what the last whole list left out, and logs it once when it begins', async () => {
    const lines: string[] = []
    const log = createLog('info', { write: (line) => lines.push(line) })
    const engine = new FakeEngine()
    engine.add(listed({ id: idOf('a') }))
    const { clock, host } = await startHost(engine, undefined, { log })
    const about = () => lines.filter((line) => line.includes('cannot be shown in full'))
    expect(host.status().omitted).toEqual({ containers: 0, partialContainers: 0, events: 0, isListTruncated: false })
    expect(about()).toEqual([])
    engine.omissions = { omitted: 3, isTruncated: true }
    engine.add(listed({ id: idOf('a'), isPartial: true }))
    await clock.advance(30_000)
    expect(host.status().omitted).toEqual({ containers: 3, partialContainers: 1, events: 0, isListTruncated: true })
    await clock.advance(300_000)
    expect(about()).toHaveLength(1)
    engine.omissions = { omitted: 0, isTruncated: false }
    engine.add(listed({ id: idOf('a') }))
    await clock.advance(30_000)
    expect(host.status().omitted).toEqual({ containers: 0, partialContainers: 0, events: 0, isListTruncated: false })
    expect(about()).toHaveLength(1)
  })

  test('logs a container that cannot be inspected once in ten minutes, and few lines for many', async () => {
    const lines: string[] = []
    const log = createLog('info', { write: (line) => lines.push(line) })
    const engine = new FakeEngine()
    const ids = Array.from({ length: 100 }, (_, i) => i.toString(16).padStart(12, '0').padEnd(64, 'a'))
    for (const id of ids) engine.add(listed({ id }))
    engine.faults.set('inspect', new ApiError('engine-bad-answer', 'the answer is about another container'))
    const { clock, host } = await startHost(engine, undefined, { log })
    const about = () => lines.filter((line) => line.includes('could not inspect'))
    expect(about()).toHaveLength(1)
    for (let second = 0; second < 300; second += 1) {
      engine.emit('update', ids[0] ?? '')
      await clock.advance(1_000)
    }
    const ofOne = about().filter((line) => line.includes('"container":"000000000000"'))
    expect(ofOne).toHaveLength(1)
    expect(about().length).toBeLessThan(30)
    expect(about().some((line) => /"heldBack":[1-9]/.test(line))).toBe(true)
    expect(host.containers()).toHaveLength(100)
  })

  test('drops a container that is gone by the time it is inspected', async () => {
    const engine = new FakeEngine()
    engine.add(listed({ id: idOf('a') }))
    engine.faults.set('inspect', new ApiError('container-not-found', 'gone'))
    const { host } = await startHost(engine)
    expect(names(host)).toEqual([])
  })

  test('still shows a container whose inspect fails for another reason', async () => {
    const engine = new FakeEngine()
    engine.add(listed({ id: idOf('a'), status: 'Up 2 hours (unhealthy)' }))
    engine.faults.set('inspect', new ApiError('engine-bad-answer', 'garbage'))
    const { host } = await startHost(engine)
    expect([...host.containers()]).toMatchObject([{ health: 'unhealthy', startedAt: null, restartCount: null }])
  })

  test('changes its version with each visible change and nothing else', async () => {
    const { engine, clock, host } = await startHost()
    engine.add(listed({ id: idOf('a'), name: 'web' }))
    const before = host.version
    engine.emit('start', idOf('a'))
    await clock.advance(100)
    const after = host.version
    expect(after).toBeGreaterThan(before)
    engine.emit('update', idOf('a'))
    await clock.advance(100)
    expect(host.version).toBe(after)
  })
})
