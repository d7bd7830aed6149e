import { Semaphore } from '../../api/concurrency/semaphore.js'

describe('a semaphore', () => {
  test('runs no more than its limit, in order of arrival', () => {
    const semaphore = new Semaphore(2)
    const began: string[] = []
    const [a, b] = ['a', 'b', 'c', 'd'].map((name) => semaphore.enter(() => began.push(name)))
    expect(began).toEqual(['a', 'b'])
    b?.()
    expect(began).toEqual(['a', 'b', 'c'])
    a?.()
    expect(began).toEqual(['a', 'b', 'c', 'd'])
  })

  test('never starts work that stopped waiting, and a second release frees nothing', () => {
    const semaphore = new Semaphore(1)
    const began: string[] = []
    const enter = (name: string) => semaphore.enter(() => began.push(name))
    const [a, b] = [enter('a'), enter('b'), enter('c'), enter('d')]
    b?.()
    a?.()
    a?.()
    b?.()
    expect(began).toEqual(['a', 'c'])
  })

  test('frees a permit while its work is still starting', () => {
    const semaphore = new Semaphore(1)
    const began: string[] = []
    for (const name of ['a', 'b', 'c']) {
      semaphore.enter((leave) => {
        began.push(name)
        leave()
      })
    }
    expect(began).toEqual(['a', 'b', 'c'])
  })
})

describe('a semaphore with a preferred queue', () => {
  test('starts the preferred first, each queue in its own order', () => {
    const semaphore = new Semaphore(1)
    const began: string[] = []
    const enter = (name: string, isPreferred = false) => semaphore.enter(() => began.push(name), { isPreferred })
    const releases = [enter('a'), enter('b'), enter('P1', true), enter('c'), enter('P2', true)]
    expect(semaphore.waiting).toBe(4)
    for (const at of [0, 2, 4, 1]) releases[at]?.()
    expect(began).toEqual(['a', 'P1', 'P2', 'b', 'c'])
    expect(semaphore.waiting).toBe(0)
  })
})

describe('work that a semaphore runs', () => {
  test('frees its permit on success and on failure', async () => {
    const semaphore = new Semaphore(1)
    const thrown = semaphore.run(() => {
      throw new Error('at once')
    })
    const rejected = semaphore.run(() => Promise.reject(new Error('later')))
    const fine = semaphore.run(async () => 'fine')
    await expect(thrown).rejects.toThrow('at once')
    await expect(rejected).rejects.toThrow('later')
    expect(await fine).toBe('fine')
    expect(await semaphore.run(async () => semaphore.waiting)).toBe(0)
  })
})
