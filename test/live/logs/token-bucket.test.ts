import { setMaxListeners } from 'node:events'
import { TOKENS_PER_TURN, TokenBucket } from '../../../api/live/logs/token-bucket.js'
import { FakeClock, settle } from '../../support/fake-clock.js'

const PER_SECOND = 10_000

describe('TokenBucket', () => {
  const life = new AbortController()
  setMaxListeners(0, life.signal)

  function rig() {
    const clock = new FakeClock()
    const bucket = new TokenBucket({ perSecond: PER_SECOND, burst: PER_SECOND }, clock)
    const passed: (string | number)[] = []
    const take = (tokens: number, party = 'a', name: string | number = tokens) =>
      void bucket.take(tokens, party, life.signal).then(() => passed.push(name))
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
    for (const tokens of [10, 100]) void bucket.take(tokens, 'a', life.signal).then(() => passed.push(tokens))
    await clock.advance(99)
    expect(passed).toEqual([10])
    await clock.advance(1)
    expect(passed).toEqual([10, 100])
  })

  test.each([1, 2, 20, 500])('a party waits for one turn of another one, which has %i takers', async (takers) => {
    const { clock, passed, take } = rig()
    take(PER_SECOND, 'greedy', 'burst')
    for (let nth = 0; nth < takers; nth += 1) take(1_000, 'greedy', 'greedy')
    await settle()
    const turnMs = (TOKENS_PER_TURN / PER_SECOND) * 1_000
    for (let line = 0; line < 10; line += 1) {
      take(1, 'modest', 'modest')
      await clock.advance(turnMs + 1)
    }
    expect(passed.filter((name) => name === 'modest')).toHaveLength(10)
  })

  test('parties that all want more than there is get the same', async () => {
    const { clock, bucket } = rig()
    const got = new Map<string, number>()
    const follow = async (party: string, tokens: number) => {
      for (;;) {
        await bucket.take(tokens, party, life.signal)
        got.set(party, (got.get(party) ?? 0) + tokens)
      }
    }
    for (let nth = 0; nth < 20; nth += 1) void follow('of large batches', 1_000)
    void follow('of small ones', 100)
    await clock.advance(60_000)
    const [large = 0, small = 0] = [got.get('of large batches'), got.get('of small ones')]
    expect(Math.abs(large - small)).toBeLessThan(2 * PER_SECOND)
    expect(large + small).toBeGreaterThan(59 * PER_SECOND)
  })

  test('what costs nothing waits for nobody', async () => {
    const { passed, take } = rig()
    take(100 * PER_SECOND, 'a')
    take(0, 'a')
    await settle()
    expect(passed).toEqual([0])
  })

  test('a taker whose signal aborts waits no longer, and the next one takes its turn', async () => {
    const { clock, bucket, passed, take } = rig()
    take(PER_SECOND)
    await settle()
    const gone = new AbortController()
    const waiting = bucket.take(PER_SECOND * 100, 'a', gone.signal)
    take(1)
    gone.abort()
    await waiting
    await clock.advance((TOKENS_PER_TURN / PER_SECOND) * 1_000 + 1)
    expect(passed).toEqual([PER_SECOND, 1])
    expect(clock.pending).toBe(0)
    await bucket.take(PER_SECOND * 100, 'a', gone.signal)
  })
})
