import { RESUME_MESSAGES, ResumeFinder } from '../../../api/live/logs/resume-finder.js'
import type { LogLine } from '../../../api/model/log-line.js'
import { lineAt } from '../../support/fake-engine.js'

const at = (second: number, nth = 1) => ({ at: `${1_795_478_400 + second}.000000000`, nth })
const messages = ({ lines }: { readonly lines: readonly LogLine[] }) => lines.map(({ message }) => message)

describe('ResumeFinder', () => {
  test('without a cursor every line is new, and nothing is searched', () => {
    const finder = new ResumeFinder(null, 0)
    expect(finder.timeLeft(0)).toBeNull()
    expect(finder.scan([lineAt(1, 'a')], 0)).toMatchObject({ lines: [{ message: 'a' }], isGap: false })
  })

  test('counts the time down while it searches', () => {
    const finder = new ResumeFinder(at(5), 1_000)
    expect([1_000, 3_000, 9_000].map((now) => finder.timeLeft(now))).toEqual([5_000, 3_000, 0])
    finder.scan([lineAt(5, 'here')], 3_000)
    expect(finder.timeLeft(3_000)).toBeNull()
  })

  test.each([
    [RESUME_MESSAGES, []],
    [RESUME_MESSAGES + 1, ['next']],
  ])('after %i older messages shows %j', (count, expected) => {
    const finder = new ResumeFinder(at(5), 0)
    finder.scan(
      Array.from({ length: count }, () => lineAt(1, 'old')),
      0,
    )
    const found = finder.scan([lineAt(2, 'next')], 0)
    expect([messages(found), found.isGap]).toEqual([expected, expected.length > 0])
  })

  test('the end returns the lines held back, after a gap, or nothing if there are none', () => {
    const finder = new ResumeFinder(at(5), 0)
    finder.scan([lineAt(6, 'held')], 0)
    expect(finder.end()).toMatchObject({ lines: [{ message: 'held' }], isGap: true })
    expect(finder.end()).toEqual({ lines: [], isGap: false })
  })
})
