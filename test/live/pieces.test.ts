import { backoff } from '../../api/live/backoff.js'
import { WorkQueue } from '../../api/live/host/work-queue.js'
import { settle } from '../support/fake-clock.js'

describe('backoff', () => {
  test('starts at once, doubles, and stops growing at two seconds', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 1_000].map((attempt) => backoff(attempt, 0))).toEqual([
      0, 200, 400, 800, 1_600, 2_000, 2_000, 2_000, 2_000,
    ])
  })

  test('takes up to half away at random', () => {
    expect(backoff(6, 0.999)).toBeGreaterThanOrEqual(1_000)
    expect(backoff(6, 0.5)).toBe(1_500)
  })
})

describe('WorkQueue', () => {
  test('works at most so many at once, each key alone, and a key that came again once more', async () => {
    const started: string[] = []
    const finish = new Map<string, () => void>()
    const queue = new WorkQueue(2, (key) => {
      started.push(key)
      return new Promise((resolve) => finish.set(key, resolve))
    })
    for (const key of ['a', 'b', 'c', 'a', 'a']) queue.add(key)
    expect(started).toEqual(['a', 'b'])
    finish.get('b')?.()
    await settle()
    expect(started).toEqual(['a', 'b', 'c'])
    finish.get('a')?.()
    await settle()
    expect(started).toEqual(['a', 'b', 'c', 'a'])
    queue.add('d')
    queue.clear()
    for (const end of finish.values()) end()
    await settle()
    expect(started).toEqual(['a', 'b', 'c', 'a'])
  })
})
