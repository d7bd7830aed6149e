import type { Host } from '../../../api/live/host/host.js'
import { ApiError } from '../../../api/model/error.js'
import { FakeEngine, idOf, listed } from '../../support/fake-engine.js'
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
