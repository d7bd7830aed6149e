import { evictOldest } from '../../api/model/evict-oldest.js'

test.each([
  [1, ['a']],
  [2, ['a', 'b']],
  [3, ['b', 'c']],
])('of %i keys the newest two stay', (count, newest) => {
  const keys = ['a', 'b', 'c'].slice(0, count)
  const map = new Map(keys.map((key) => [key, 1]))
  evictOldest(map, 2)
  expect([...map.keys()]).toEqual(newest)
  const set = new Set(keys)
  evictOldest(set, 2)
  expect([...set]).toEqual(newest)
})
