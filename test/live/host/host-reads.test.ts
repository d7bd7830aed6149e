import type { CallRecord } from '../../../api/model/engine-call.js'
import { ApiError } from '../../../api/model/error.js'
import { settle } from '../../support/fake-clock.js'
import { idOf } from '../../support/fake-engine.js'
import { oneContainerRig } from '../../support/host-rig.js'

const started = oneContainerRig()

const A = idOf('a')

describe('a read that needs an engine', () => {
  test('is made once for all concurrent callers', async () => {
    const { engine, host } = await started()
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
  })

  test('gives the record of a shared call to each caller who shares it, even if it failed', async () => {
    const { engine, host } = await started()
    const records: CallRecord[] = []
    const record = (call: CallRecord) => records.push(call)
    await Promise.all([host.reads.top(A, record), host.reads.top(A, record)])
    expect(records).toMatchObject(Array(2).fill({ read: 'top', status: 200, result: 'ok' }))
    engine.faults.set('changes', new ApiError('container-not-found', 'gone', { engineStatus: 404 }))
    await Promise.allSettled([host.reads.changes(A, record), host.reads.changes(A, record)])
    expect(records.slice(2)).toMatchObject(
      Array(2).fill({ read: 'changes', status: 404, result: 'container-not-found' }),
    )
  })

  test('records a call that takes too long once, as far as its caller waited for it', async () => {
    const { engine, clock, host } = await started()
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
  })

  test('still returns the last images while the engine is down, and says why they are not newer', async () => {
    const { engine, clock, host } = await started()
    await host.reads.objects('images')
    engine.down = new ApiError('engine-unavailable', 'gone')
    engine.cut(engine.down)
    await clock.advance(20_000)
    const fetched = host.reads.objects('images')
    await clock.advance(0)
    expect(await fetched).toMatchObject({ value: [], fault: { code: 'engine-unavailable' } })
    expect(engine.calls.filter((call) => call === 'images')).toHaveLength(1)
  })

  test('distinguishes a closed endpoint from an empty answer', async () => {
    const { engine, host } = await started()
    engine.faults.set('volumes', new ApiError('engine-endpoint-blocked', 'closed'))
    expect(await host.reads.objects('volumes')).toMatchObject({
      value: null,
      fault: { code: 'engine-endpoint-blocked' },
    })
    expect(await host.reads.objects('networks')).toMatchObject({ value: [], fault: null })
    expect(host.reads.knownDiskUse).toBeNull()
  })
})
