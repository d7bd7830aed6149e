import { CrashTracker } from '../../../api/live/host/crash-tracker.js'
import type { ContainerEvent } from '../../../api/model/container-event.js'
import { eventOf, idOf } from '../../support/fake-engine.js'

const A = idOf('a')

function rig() {
  const tracker = new CrashTracker()
  const record = (action: string, second: number, changes: Partial<ContainerEvent> = {}) =>
    tracker.record(eventOf({ containerId: A, action, timeNano: '1', exitCode: 1, ...changes }), second * 1_000)
  return { tracker, record }
}

describe('CrashTracker', () => {
  test('an unrequested end is a crash', () => {
    const { record } = rig()
    expect(record('die', 5)).toEqual({ crashes: [5_000], memoryKills: [] })
    expect(record('start', 6)).toBeNull()
    expect(record('die', 7)).toEqual({ crashes: [5_000, 7_000], memoryKills: [] })
  })

  test('a requested end is not a crash, but the next one is', () => {
    const { record, tracker } = rig()
    expect(record('kill', 5, { signal: 15 })).toBeNull()
    expect(record('die', 6)).toBeNull()
    expect(tracker.historyOf(A)).toEqual({ crashes: [], memoryKills: [] })
    expect(record('die', 9)).toEqual({ crashes: [9_000], memoryKills: [] })
  })

  test.each([
    [299, []],
    [300, [300_000 + 5_000]],
    [301, [301_000 + 5_000]],
  ])('an end %i s after it was requested counts as %j', (seconds, crashes) => {
    const { record, tracker } = rig()
    record('kill', 5, { signal: 15 })
    record('die', 5 + seconds)
    expect(tracker.historyOf(A)?.crashes).toEqual(crashes)
  })

  test.each([
    [1, 14, []],
    [1, 15, [20_000]],
    [28, 14, []],
    [10, 60, [65_000]],
    [15, 60, []],
    [2, 60, []],
  ])('signal %i explains an end %i s later or not: %j', (signal, seconds, crashes) => {
    const { record, tracker } = rig()
    record('kill', 5, { signal })
    record('die', 5 + seconds)
    expect(tracker.historyOf(A)?.crashes ?? []).toEqual(crashes)
  })

  test('a job that succeeds is never a crash, however often it ends', () => {
    const { record } = rig()
    for (let second = 1; second <= 5; second += 1) expect(record('die', second, { exitCode: 0 })).toBeNull()
  })

  test('a kill for memory is recorded apart', () => {
    const { record } = rig()
    expect(record('oom', 5)).toEqual({ crashes: [], memoryKills: [5_000] })
    expect(record('die', 6)).toEqual({ crashes: [6_000], memoryKills: [5_000] })
  })

  test('the last eight of each kind are held', () => {
    const { record, tracker } = rig()
    for (let second = 1; second <= 9; second += 1) record('die', second)
    expect(tracker.historyOf(A)?.crashes).toEqual([2, 3, 4, 5, 6, 7, 8, 9].map((second) => second * 1_000))
  })

  test('removed containers are forgotten, with or without an event', () => {
    const { record, tracker } = rig()
    record('die', 1)
    record('destroy', 2)
    expect(tracker.historyOf(A)).toBeNull()
    record('die', 3)
    record('die', 3, { containerId: idOf('b') })
    tracker.retain((id) => id === idOf('b'))
    expect([tracker.historyOf(A), tracker.historyOf(idOf('b'))?.crashes]).toEqual([null, [3_000]])
  })

  test.each([
    [19_999, [1_000]],
    [20_000, undefined],
    [50_000, undefined],
  ])('after %i other containers the crashes of the first are %j', (others, crashes) => {
    const { record, tracker } = rig()
    record('die', 1)
    for (let i = 0; i < others; i += 1) record('die', 2, { containerId: i.toString(16).padStart(64, '0') })
    expect(tracker.historyOf(A)?.crashes).toEqual(crashes)
  })
})
