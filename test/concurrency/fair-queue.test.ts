import { FairQueue } from '../../api/concurrency/fair-queue.js'

function drain(queue: FairQueue<string>): string[] {
  const taken: string[] = []
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) taken.push(item)
  return taken
}

describe('FairQueue', () => {
  test('lets parties take turns, each in its own order', () => {
    const queue = new FairQueue<string>()
    for (const item of ['a1', 'a2', 'a3']) queue.push('a', item)
    for (const item of ['b1', 'b2']) queue.push('b', item)
    queue.push('c', 'c1')
    expect(drain(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3'])
    expect(queue.size).toBe(0)
  })

  test('puts a party that comes back behind those that wait', () => {
    const queue = new FairQueue<string>()
    queue.push('a', 'a1')
    queue.push('b', 'b1')
    expect(queue.shift()).toBe('a1')
    queue.push('a', 'a2')
    expect(drain(queue)).toEqual(['b1', 'a2'])
  })

  test('counts all items and those of one party', () => {
    const queue = new FairQueue<string>()
    queue.push('a', 'a1')
    queue.push('a', 'a2')
    queue.push('a', 'a2')
    queue.push('b', 'b1')
    expect([queue.size, queue.sizeOf('a'), queue.sizeOf('b'), queue.sizeOf('c')]).toEqual([3, 2, 1, 0])
  })

  test('gives up an item that no longer waits', () => {
    const queue = new FairQueue<string>()
    queue.push('a', 'a1')
    queue.push('b', 'b1')
    expect([queue.remove('a', 'a1'), queue.remove('a', 'a1'), queue.remove('c', 'c1')]).toEqual([true, false, false])
    expect(drain(queue)).toEqual(['b1'])
    expect(queue.shift()).toBeUndefined()
  })
})
