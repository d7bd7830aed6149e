import { LinePace, MAX_LINES_PER_SECOND } from '../../../api/live/logs/line-pace.js'
import { FakeClock, settle } from '../../support/fake-clock.js'

describe('LinePace', () => {
  const life = new AbortController()

  function rig() {
    const clock = new FakeClock()
    const pace = new LinePace(clock)
    const passed: number[] = []
    const take = (lines: number) => void pace.take(lines, life.signal).then(() => passed.push(lines))
    return { clock, pace, passed, take }
  }

  test.each([
    [MAX_LINES_PER_SECOND - 1, 1],
    [MAX_LINES_PER_SECOND, 1],
    [MAX_LINES_PER_SECOND + 1, 0],
  ])('a burst of %i lines passes at once: %i', async (lines, count) => {
    const { passed, take } = rig()
    take(lines)
    await settle()
    expect(passed).toHaveLength(count)
  })

  test('holds back what comes faster, for all readers together, and lets it pass in time', async () => {
    const { clock, passed, take } = rig()
    take(MAX_LINES_PER_SECOND)
    take(MAX_LINES_PER_SECOND / 2)
    take(MAX_LINES_PER_SECOND / 2)
    await settle()
    expect(passed).toHaveLength(1)
    await clock.advance(500)
    expect(passed).toHaveLength(2)
    await clock.advance(500)
    expect(passed).toHaveLength(3)
  })

  test('a silence is worth no more than one burst', async () => {
    const { clock, passed, take } = rig()
    await clock.advance(3_600_000)
    take(MAX_LINES_PER_SECOND)
    take(1_000)
    await settle()
    expect(passed).toHaveLength(1)
  })

  test('a reader who leaves waits no longer', async () => {
    const { pace } = rig()
    const gone = new AbortController()
    const waiting = pace.take(MAX_LINES_PER_SECOND * 100, gone.signal)
    gone.abort()
    await waiting
  })
})
