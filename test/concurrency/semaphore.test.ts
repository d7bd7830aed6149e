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
