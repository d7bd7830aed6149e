import { RFC_3339, rfc3339Milliseconds } from '../../api/model/rfc3339.js'

test.each([
  ['2026-11-26T03:27:00Z', 1_795_663_620_000],
  ['2026-11-26T03:27:00.345108494Z', 1_795_663_620_345],
  ['2026-11-26T04:27:00.5+01:00', 1_795_663_620_500],
  ['1969-12-31T23:59:59Z', -1_000],
  ['0001-01-01T00:00:00Z', -62_135_596_800_000],
])('%s is %i ms', (text, milliseconds) => {
  expect(rfc3339Milliseconds(text)).toBe(milliseconds)
  expect(text).toMatch(new RegExp(`^${RFC_3339}$`))
})

test.each([
  '',
  'x',
  '2026-11-26',
  '2026-11-26T03:27:00',
  '2026-11-26t03:27:00Z',
  '2026-11-26 03:27:00Z',
  '2026-11-26T03:27:00.Z',
  '2026-11-26T03:27:00.1234567890Z',
  '2026-11-26T03:27:00+0100',
  '2026-11-26T03:27:00Z\n',
  ' 2026-11-26T03:27:00Z',
])('%j is not such a time', (text) => {
  expect(rfc3339Milliseconds(text)).toBeNull()
  expect(text).not.toMatch(new RegExp(`^${RFC_3339}(?![^])`))
})

test.each(['2026-13-26T03:27:00Z', '2026-11-26T25:27:00Z'])('%j has the form, and is no moment', (text) => {
  expect(rfc3339Milliseconds(text)).toBeNull()
})
