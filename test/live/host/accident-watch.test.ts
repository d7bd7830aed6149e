import { AccidentWatch } from '../../../api/live/host/accident-watch.js'
import type { ContainerEvent } from '../../../api/model/container-event.js'
import { eventOf, idOf } from '../../support/fake-engine.js'

const A = idOf('a')

function rig() {
  const watch = new AccidentWatch()
  const take = (action: string, second: number, changes: Partial<ContainerEvent> = {}) =>
    watch.take(eventOf({ containerId: A, action, timeNano: '1', exitCode: 1, ...changes }), second * 1_000)
  return { watch, take }
}

describe('AccidentWatch', () => {
  test('an end that nobody asked for is a crash', () => {
    const { take } = rig()
    expect(take('die', 5)).toEqual({ crashes: [5_000], memoryKills: [] })
    expect(take('start', 6)).toBeNull()
    expect(take('die', 7)).toEqual({ crashes: [5_000, 7_000], memoryKills: [] })
  })

  test('an end that was asked for is none, and the next one is again', () => {
    const { take, watch } = rig()
    expect(take('kill', 5, { signal: 15 })).toBeNull()
    expect(take('die', 6)).toBeNull()
    expect(watch.of(A)).toEqual({ crashes: [], memoryKills: [] })
    expect(take('die', 9)).toEqual({ crashes: [9_000], memoryKills: [] })
  })

  test.each([
    [299, []],
    [300, [300_000 + 5_000]],
    [301, [301_000 + 5_000]],
  ])('an end %i s after it was asked for counts as %j', (seconds, crashes) => {
    const { take, watch } = rig()
    take('kill', 5, { signal: 15 })
    take('die', 5 + seconds)
    expect(watch.of(A)?.crashes).toEqual(crashes)
  })

  test.each([
    [1, 14, []],
    [1, 15, [20_000]],
    [28, 14, []],
    [10, 60, [65_000]],
    [15, 60, []],
    [2, 60, []],
  ])('signal %i explains an end %i s later or not: %j', (signal, seconds, crashes) => {
    const { take, watch } = rig()
    take('kill', 5, { signal })
    take('die', 5 + seconds)
    expect(watch.of(A)?.crashes ?? []).toEqual(crashes)
  })

  test('a job that ends well is no crash, however often', () => {
    const { take } = rig()
    for (let second = 1; second <= 5; second += 1) expect(take('die', second, { exitCode: 0 })).toBeNull()
  })

  test('what the kernel killed for memory is kept apart', () => {
    const { take } = rig()
    expect(take('oom', 5)).toEqual({ crashes: [], memoryKills: [5_000] })
    expect(take('die', 6)).toEqual({ crashes: [6_000], memoryKills: [5_000] })
  })

  test('the last eight of each are kept', () => {
    const { take, watch } = rig()
    for (let second = 1; second <= 9; second += 1) take('die', second)
    expect(watch.of(A)?.crashes).toEqual([2, 3, 4, 5, 6, 7, 8, 9].map((second) => second * 1_000))
  })

  test('containers that are gone are forgotten, with or without an event', () => {
    const { take, watch } = rig()
    take('die', 1)
    take('destroy', 2)
    expect(watch.of(A)).toBeNull()
    take('die', 3)
    take('die', 3, { containerId: idOf('b') })
    watch.keepOnly((id) => id === idOf('b'))
    expect([watch.of(A), watch.of(idOf('b'))?.crashes]).toEqual([null, [3_000]])
  })
})
