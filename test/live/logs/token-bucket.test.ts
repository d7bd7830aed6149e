import { TokenBucket } from '../../../api/live/logs/token-bucket.js'
import { FakeClock, settle } from '../../support/fake-clock.js'

const PER_SECOND = 10_000

describe('TokenBucket', () => {
  const life = new AbortController()

  function rig() {
    const clock = new FakeClock()
    const bucket = new TokenBucket({ perSecond: PER_SECOND, burst: PER_SECOND }, clock)
    const passed: number[] = []
    const take = (tokens: number) => void bucket.take(tokens, life.signal).then(() => passed.push(tokens))
    return { clock, bucket, passed, take }
  }

  test.each([
    [PER_SECOND - 1, 1],
    [PER_SECOND, 1],
    [PER_SECOND + 1, 0],
  ])('a burst of %i passes at once: %i', async (tokens, count) => {
    const { passed, take } = rig()
    take(tokens)
    await settle()
    expect(passed).toHaveLength(count)
  })

  test('delays faster takers, over all of them, and lets them pass in time', async () => {
    const { clock, passed, take } = rig()
    take(PER_SECOND)
    take(PER_SECOND / 2)
    take(PER_SECOND / 2)
    await settle()
    expect(passed).toHaveLength(1)
    await clock.advance(500)
    expect(passed).toHaveLength(2)
    await clock.advance(500)
    expect(passed).toHaveLength(3)
  })

  test('a pause is worth no more than one burst', async () => {
    const { clock, passed, take } = rig()
    await clock.advance(3_600_000)
    take(PER_SECOND)
    take(1_000)
    await settle()
    expect(passed).toHaveLength(1)
  })

  test('a burst has a size of its own', async () => {
    const clock = new FakeClock()
    const bucket = new TokenBucket({ perSecond: 1_000, burst: 10 }, clock)
    const passed: number[] = []
    for (const tokens of [10, 100]) void bucket.take(tokens, life.signal).then(() => passed.push(tokens))
    await clock.advance(99)
    expect(passed).toEqual([10])
    await clock.advance(1)
    expect(passed).toEqual([10, 100])
  })

  test('a taker whose signal aborts waits no longer', async () => {
    const { bucket } = rig()
    const gone = new AbortController()
    const waiting = bucket.take(PER_SECOND * 100, gone.signal)
    gone.abort()
    await waiting
  })
})
