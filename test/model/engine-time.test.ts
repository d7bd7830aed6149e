import fc from 'fast-check'
import { engineTime, engineTimeBefore, engineTimeOf, isBefore, rfc3339Of } from '../../api/model/engine-time.js'

describe('times of an engine', () => {
  test.each([
    ['2026-11-26T03:27:00.345108494Z', '1795663620.345108494'],
    ['2026-11-26T03:27:00Z', '1795663620.000000000'],
    ['2026-11-26T03:27:00.5Z', '1795663620.500000000'],
    ['2026-11-26T04:27:00.5+01:00', '1795663620.500000000'],
    ['1970-01-01T00:00:00Z', '0.000000000'],
  ])('%s is %s', (text, time) => {
    expect(engineTimeOf(text)).toBe(time)
  })

  test.each(['', 'x', '2026-11-26', '2026-13-26T03:27:00Z', '1969-12-31T23:59:59Z', '2026-11-26T03:27:00.1234567890Z'])(
    '%j is not a time',
    (text) => {
      expect(engineTimeOf(text)).toBeNull()
    },
  )

  test('are written as RFC 3339 and read back to the nanosecond', () => {
    const time = fc.tuple(fc.integer({ min: 0, max: 4_102_444_800 }), fc.integer({ min: 0, max: 999_999_999 }))
    fc.assert(
      fc.property(time, ([seconds, nanoseconds]) => {
        const text = `${seconds}.${String(nanoseconds).padStart(9, '0')}`
        expect(engineTimeOf(rfc3339Of(text))).toBe(text)
      }),
    )
  })

  test('are ordered as their numbers are', () => {
    const nanoseconds = fc.bigInt({ min: 0n, max: 4_102_444_800_000_000_000n })
    const textOf = (value: bigint) => `${value / 1_000_000_000n}.${String(value % 1_000_000_000n).padStart(9, '0')}`
    fc.assert(
      fc.property(nanoseconds, nanoseconds, fc.integer({ min: 0, max: 10_000_000 }), (a, b, milliseconds) => {
        expect(isBefore(textOf(a), textOf(b))).toBe(a < b)
        const before = a - BigInt(milliseconds) * 1_000_000n
        expect(engineTimeBefore(textOf(a), milliseconds)).toBe(textOf(before < 0n ? 0n : before))
      }),
    )
  })

  test.each([
    [1_500, 0, '1.500000000'],
    [1_500, 7, '1.500000007'],
    [-5, 0, '0.000000000'],
  ])('%i ms and %i ns are %s', (milliseconds, nanoseconds, time) => {
    expect(engineTime(milliseconds, nanoseconds)).toBe(time)
  })
})
