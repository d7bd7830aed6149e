import { scrubText } from '../../api/redaction/scrub.js'
import { cpuTime } from '../support/cpu-time.js'
import { BENIGN_UNIT, fill, HOSTILE_ENDS, HOSTILE_UNITS } from '../support/hostile-texts.js'

/** The longest line of a log. */
const LENGTH = 65_536

/** How much more than an ordinary text a hostile one may cost: four times as much is measured, up to nine beside other tests. */
const MAX_RATIO = 12

/** As much as doubling the length may multiply the cost by. */
const MAX_GROWTH = 3

/** The first ones compile, and some collect garbage. */
const ATTEMPTS = 20

/** As many give a bound for others. */
const BOUND_ATTEMPTS = 5

/** Milliseconds of CPU at the quickest attempt. Ends as soon as one was within what suffices. */
function leastMs(text: string, { attempts = ATTEMPTS, sufficesMs = 0 } = {}): number {
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < attempts && best > sufficesMs; i += 1) {
    const startedAt = cpuTime()
    scrubText(text)
    best = Math.min(best, cpuTime() - startedAt)
  }
  return best
}

/** What a busy machine adds to less than a millisecond. */
const NOISE_MS = 1

describe('scrubText', () => {
  const benignMs = leastMs(fill(BENIGN_UNIT, LENGTH))

  test.each(HOSTILE_UNITS)('takes at most twelve times as long as an ordinary text of the same length: %j', (unit) => {
    const boundMs = MAX_RATIO * benignMs
    for (const end of HOSTILE_ENDS) {
      const tookMs = leastMs(fill(unit, LENGTH, end), { sufficesMs: boundMs })
      expect([end, tookMs <= boundMs ? 'within the bound' : tookMs / benignMs]).toEqual([end, 'within the bound'])
    }
  })

  test.each([BENIGN_UNIT, ...HOSTILE_UNITS])('takes about twice as long for twice the text: %j', (unit) => {
    const boundMs = MAX_GROWTH * leastMs(fill(unit, LENGTH), { attempts: BOUND_ATTEMPTS }) + NOISE_MS
    expect(leastMs(fill(unit, 2 * LENGTH), { sufficesMs: boundMs })).toBeLessThanOrEqual(boundMs)
  })
})
