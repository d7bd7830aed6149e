import { CRASH_WINDOW_MS, problemsOf } from '../../api/model/problem.js'
import { containerOf } from '../support/fake-view.js'

const NOW = Date.UTC(2026, 10, 24)
const well = containerOf({ id: 'a'.repeat(64) })
const of = (changes: Partial<typeof well>) => problemsOf({ ...well, ...changes }, NOW)

describe('problemsOf', () => {
  test('a healthy container has none', () => {
    expect(of({})).toEqual([])
    expect(of({ state: 'exited', exitCode: 0 })).toEqual([])
    expect(of({ state: 'created' })).toEqual([])
    expect(of({ state: 'exited', exitCode: null })).toEqual([])
  })

  test.each([
    [0, []],
    [2, []],
    [3, ['crashloop']],
    [8, ['crashloop']],
  ])('%i ends within the window are %j', (count, problems) => {
    expect(of({ crashes: Array.from({ length: count }, (_, row) => NOW - row * 1_000) })).toEqual(problems)
  })

  test.each([
    [CRASH_WINDOW_MS - 1, ['crashloop']],
    [CRASH_WINDOW_MS, []],
    [CRASH_WINDOW_MS + 1, []],
  ])('the third last end %i ms ago makes %j', (milliseconds, problems) => {
    expect(of({ crashes: [NOW - milliseconds, NOW - 1, NOW] })).toEqual(problems)
  })

  test('a loop that the engine has given up is a crashloop and has exited', () => {
    const problems = of({ state: 'exited', exitCode: 1, crashes: [NOW - 3, NOW - 2, NOW - 1] })
    expect(problems).toEqual(['crashloop', 'exited-nonzero'])
  })

  test.each([
    [2, []],
    [3, ['crashloop']],
    [null, []],
  ])('a container that waits for a restart after %j restarts has %j', (restartCount, problems) => {
    expect(of({ state: 'restarting', restartCount })).toEqual(problems)
  })

  test('oom: the last run ended for memory, or a process was killed within ten minutes', () => {
    expect(of({ state: 'exited', exitCode: 137, oomKilled: true })).toEqual(['oom', 'exited-nonzero'])
    expect(of({ memoryKills: [NOW - CRASH_WINDOW_MS + 1] })).toEqual(['oom'])
    expect(of({ memoryKills: [NOW - CRASH_WINDOW_MS] })).toEqual([])
  })

  test('health and exit codes', () => {
    expect(of({ health: 'unhealthy' })).toEqual(['unhealthy'])
    expect(of({ health: 'starting' })).toEqual([])
    expect(of({ state: 'dead', exitCode: 1 })).toEqual(['exited-nonzero'])
    expect(of({ state: 'restarting', exitCode: 1 })).toEqual([])
  })
})
