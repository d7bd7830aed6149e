import { patternMatcher } from '../../../../api/http/resources/logs/line-matcher.js'
import { cpuTime } from '../../../support/cpu-time.js'

describe('patternMatcher', () => {
  test('takes no pattern that takes long, whatever the line', () => {
    for (const pattern of ['(a+)+$', '(a|aa)+$', '(.*)*x', '(a{0,20}){0,20}$']) {
      const matches = patternMatcher(pattern, false)
      expect(matches).not.toBeNull()
      const startedAt = cpuTime()
      matches?.(`${'a'.repeat(60_000)}!`)
      expect(cpuTime() - startedAt).toBeLessThan(1_000)
    }
  })

  test.each(['(?s).*a.{990}$', 'a[ab]{980}$', '(?s)a.{450}$'])(
    'takes no longer for the large pattern %s',
    (pattern) => {
      const matches = patternMatcher(pattern, false)
      expect(matches).not.toBeNull()
      const line = 'ab'.repeat(4_096)
      matches?.(line)
      const startedAt = cpuTime()
      for (let row = 0; row < 5; row += 1) matches?.(line)
      expect((cpuTime() - startedAt) / 5).toBeLessThan(250)
    },
  )
})
