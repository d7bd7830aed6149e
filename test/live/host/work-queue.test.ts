import { WorkQueue } from '../../../api/live/host/work-queue.js'
import { settle } from '../../support/fake-clock.js'

describe('WorkQueue', () => {
  test('works on two keys at once, never twice on one key, and once more on a key that was added again', async () => {
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
