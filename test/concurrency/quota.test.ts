import { Quota } from '../../api/concurrency/quota.js'

function quotaOf(perHolder: number, total: number): Quota {
  return new Quota({ perHolder, total, refusal: (bound) => new Error(`over the bound of the ${bound}`) })
}

describe('a quota', () => {
  test('refuses one holder beyond its bound, and no other', () => {
    const quota = quotaOf(2, 10)
    const release = quota.acquire('a')
    quota.acquire('a')
    expect(() => quota.acquire('a')).toThrow('over the bound of the holder')
    quota.acquire('b')
    release()
    quota.acquire('a')
    expect(() => quota.acquire('a')).toThrow('over the bound of the holder')
    expect(quota.count).toBe(3)
  })

  test('refuses every holder beyond the total bound', () => {
    const quota = quotaOf(2, 3)
    const releases = ['a', 'b', 'c'].map((holder) => quota.acquire(holder))
    expect(() => quota.acquire('d')).toThrow('over the bound of the total')
    releases[1]?.()
    quota.acquire('d')
    expect(() => quota.acquire('b')).toThrow('over the bound of the total')
  })

  test('frees a permit once, even if it is released twice', () => {
    const quota = quotaOf(1, 1)
    const release = quota.acquire('a')
    release()
    release()
    expect(quota.count).toBe(0)
    quota.acquire('a')
    release()
    expect(() => quota.acquire('a')).toThrow('over the bound of the holder')
  })
})
