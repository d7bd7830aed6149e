import { Journal, MAX_LINES } from '../../demo/journal.js'

test('lines of a container have distinct times, even if the clock stands still or runs backwards', () => {
  const journal = new Journal()
  for (const nanos of [5n, 5n, 3n, 9n]) journal.append('a', 'stdout', 'line', nanos)
  journal.append('b', 'stderr', 'line', 5n)
  expect(journal.linesOf('a').map(({ nanos }) => nanos)).toEqual([5n, 6n, 7n, 9n])
  expect(journal.linesOf('b').map(({ nanos }) => nanos)).toEqual([5n])
})

test('it holds a bounded number of lines per container', () => {
  const journal = new Journal()
  for (let index = 0; index < MAX_LINES + 3; index += 1) journal.append('a', 'stdout', String(index), BigInt(index))
  expect(journal.linesOf('a')).toHaveLength(MAX_LINES)
  expect(journal.linesOf('a')[0]?.text).toBe('3')
  journal.forget('a')
  expect(journal.linesOf('a')).toEqual([])
})

test('a follower is called for each line of its container until it leaves', () => {
  const journal = new Journal()
  let calls = 0
  const leave = journal.follow('a', () => {
    calls += 1
  })
  journal.append('a', 'stdout', 'one', 1n)
  journal.append('b', 'stdout', 'other', 1n)
  expect(calls).toBe(1)
  leave()
  journal.append('a', 'stdout', 'two', 2n)
  expect(calls).toBe(1)
})
