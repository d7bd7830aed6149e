import { patternMatcher } from '../../../../api/http/resources/logs/line-matcher.js'

describe('patternMatcher', () => {
  test('sees 8,192 characters of a line', () => {
    const matches = patternMatcher('x', false)
    expect([8_191, 8_192].map((before) => matches?.(`${'a'.repeat(before)}x`))).toEqual([true, false])
  })

  test('sees the less of a line the more instructions a pattern has', () => {
    const matches = patternMatcher('x|b{900}', false)
    // 500,000 steps are some 550 characters for each of 900 instructions.
    expect([500, 600].map((before) => matches?.(`${'a'.repeat(before)}x`))).toEqual([true, false])
  })
})
