import { decodeChanges, faultOf, SECRET } from '../../support/decoded.js'

test('each path is modified, added or deleted', () => {
  const answer = [
    { Path: '/etc', Kind: 0 },
    { Path: '/etc/new file', Kind: 1 },
    { Path: '/etc/old', Kind: 2 },
  ]
  expect(decodeChanges(answer).changes).toEqual([
    { path: '/etc', kind: 'modified', redactions: 0 },
    { path: '/etc/new file', kind: 'added', redactions: 0 },
    { path: '/etc/old', kind: 'deleted', redactions: 0 },
  ])
})

test('where nothing has changed there is nothing', () => {
  for (const answer of [null, []]) expect(decodeChanges(answer).changes).toEqual([])
})

test.each([3, -1, 0.5, 1e300, 4_294_967_296])('a kind of %d leaves out its own path alone', (Kind) => {
  const answer = [
    { Path: '/a', Kind },
    { Path: '/b', Kind: 1 },
  ]
  expect(decodeChanges(answer).changes).toEqual([{ path: '/b', kind: 'added', redactions: 0 }])
})

test.each([
  ['/run/token=hunter2', '/run/token=[redacted]'],
  ['/tmp/ghp_hunter2hunter2hunter2hunter2', '/tmp/[redacted]'],
  ['/cache/https://u:hunter2@host/x', '/cache/https://[redacted]@host/x'],
])('the path %j holds no secret', (Path, path) => {
  expect(decodeChanges([{ Path, Kind: 1 }]).changes).toEqual([{ path, kind: 'added', redactions: 1 }])
})

test.each([4_095, 4_096, 4_097, 100_000])('of a path of %i characters the first 4096 are left', (length) => {
  expect(decodeChanges([{ Path: 'x'.repeat(length), Kind: 0 }]).changes[0]?.path).toHaveLength(Math.min(length, 4_096))
})

test.each([19_999, 20_000, 20_001])('of %i changes the first 20000 are left, and the answer says so', (count) => {
  const answer = Array.from({ length: count }, (_, row) => ({ Path: `/${row}`, Kind: 1 }))
  const { changes, isTruncated } = decodeChanges(answer)
  expect([changes.length, isTruncated]).toEqual([Math.min(count, 20_000), count > 20_000])
})

test.each([
  ['an object', { message: 'hunter2' }],
  ['a string', 'hunter2'],
  ['a list of strings', ['hunter2']],
  ['a list with null', [null]],
  ['a change without a path', [{ Kind: 1 }]],
  ['a change without a kind', [{ Path: '/hunter2' }]],
  ['a kind in words', [{ Path: '/hunter2', Kind: 'added' }]],
  ['a kind that is null', [{ Path: '/hunter2', Kind: null }]],
  ['a path that is a number', [{ Path: 7, Kind: 1 }]],
])('%s is a bad answer, whose reason names paths and no value', (_name, value) => {
  const fault = faultOf(() => decodeChanges(value))
  expect(fault).toMatchObject({ code: 'engine-bad-answer' })
  expect(fault.message).toMatch(/^the changes: /)
  expect(fault.message).not.toMatch(SECRET)
})
