import {
  evenShare,
  MAX_WATCHED_READINGS_PER_PARTY,
  MAX_WATCHED_READINGS_PER_SECOND,
  WatchShares,
} from '../../../api/live/stats/watch-shares.js'
import { FakeClock } from '../../support/fake-clock.js'

function rig() {
  const clock = new FakeClock()
  const shares = new WatchShares(clock)
  const paceOf = (key: string, parties: readonly string[], count: number, intervalMs = 1_000) =>
    shares.paceMs({ key, parties, count, intervalMs })
  return { clock, paceOf }
}

describe('the share of a party', () => {
  test('leaves its pace alone up to the bound, and beyond that slows it evenly', () => {
    for (const [count, intervalMs, paceMs] of [
      [MAX_WATCHED_READINGS_PER_PARTY - 1, 1_000, 1_000],
      [MAX_WATCHED_READINGS_PER_PARTY, 1_000, 1_000],
      [MAX_WATCHED_READINGS_PER_PARTY + 1, 1_000, 1_010],
      [2_000, 1_000, 20_000],
      [500, 5_000, 5_000],
      [0, 1_000, 1_000],
    ] as const)
      expect([count, rig().paceOf('k', ['a'], count, intervalMs)]).toEqual([count, paceMs])
  })

  test('counts all that it watches, whatever the interval, and nothing twice that it looks at again', async () => {
    const { clock, paceOf } = rig()
    for (let second = 0; second < 5; second += 1) {
      expect(paceOf('one', ['a'], 60)).toBe(1_000)
      await clock.advance(1_000)
    }
    expect(paceOf('two', ['a'], 240, 2_000)).toBe(3_600)
    expect(paceOf('one', ['a'], 60)).toBe(1_800)
  })

  test("is its own: another's greed does not slow it", async () => {
    const { clock, paceOf } = rig()
    for (let second = 0; second < 3; second += 1) {
      for (let view = 0; view < 20; view += 1) paceOf(`greedy ${view}`, ['a'], 2_000)
      expect(paceOf('modest', ['b'], 5)).toBe(1_000)
      await clock.advance(1_000)
    }
  })

  test('comes back some seconds after its streams have gone', async () => {
    const { clock, paceOf } = rig()
    paceOf('gone', ['a'], 100)
    await clock.advance(5_999)
    expect(paceOf('k', ['a'], 100)).toBe(2_000)
    await clock.advance(1_000)
    expect(paceOf('k', ['a'], 100)).toBe(1_000)
  })
})

describe('the share of all', () => {
  const half = MAX_WATCHED_READINGS_PER_SECOND / MAX_WATCHED_READINGS_PER_PARTY

  /** The readings a second that parties get, each of which watches so many containers a second. */
  const readings = async (parties: number, count: number) => {
    const { clock, paceOf } = rig()
    let paces: number[] = []
    for (let second = 0; second < 3; second += 1) {
      paces = Array.from({ length: parties }, (_, i) => paceOf(`view ${i}`, [`party ${i}`], count))
      await clock.advance(1_000)
    }
    return paces.reduce((sum, paceMs) => sum + (count * 1_000) / paceMs, 0)
  }

  test.each([
    [half - 1, 2_000, MAX_WATCHED_READINGS_PER_SECOND - MAX_WATCHED_READINGS_PER_PARTY],
    [half, 2_000, MAX_WATCHED_READINGS_PER_SECOND],
    [half + 1, 2_000, MAX_WATCHED_READINGS_PER_SECOND],
    [100, 2_000, MAX_WATCHED_READINGS_PER_SECOND],
    [100, 4, 400],
  ])('of %i parties with %i containers each is %i readings a second', async (parties, count, expected) => {
    expect(await readings(parties, count)).toBeCloseTo(expected, 0)
  })

  test('goes to who asks for little first', async () => {
    const { clock, paceOf } = rig()
    for (let second = 0; second < 3; second += 1) {
      for (let i = 0; i < 20; i += 1) paceOf(`greedy ${i}`, [`greedy ${i}`], 1_000)
      await clock.advance(1_000)
    }
    expect(paceOf('modest', ['modest'], 5)).toBe(1_000)
    expect(paceOf('greedy 1', ['greedy 1'], 1_000)).toBe(
      Math.round(1_000_000 / ((MAX_WATCHED_READINGS_PER_SECOND - 5) / 20)),
    )
  })
})

describe('parties that look at the same', () => {
  test('share what it costs: the pace is that of the one who asks for least besides', async () => {
    const { clock, paceOf } = rig()
    for (let second = 0; second < 3; second += 1) {
      paceOf('of a alone', ['a'], 2_000)
      expect(paceOf('of both', ['a', 'b'], 50)).toBe(1_000)
      await clock.advance(1_000)
    }
    expect(paceOf('of a alone', ['a'], 2_000)).toBe(20_000)
    expect(paceOf('of b alone', ['b'], 50)).toBe(1_000)
    expect(paceOf('more of b', ['b'], 50)).toBe(1_500)
  })

  test('cost no more than one, however many they are', async () => {
    const { clock, paceOf } = rig()
    const parties = Array.from({ length: 100 }, (_, i) => `party ${i}`)
    for (let second = 0; second < 3; second += 1) {
      for (let view = 0; view < 5; view += 1) expect(paceOf(`view ${view}`, parties, 100)).toBe(1_000)
      await clock.advance(1_000)
    }
  })
})

test.each([
  [[], Number.POSITIVE_INFINITY],
  [[10], Number.POSITIVE_INFINITY],
  [[11], 10],
  [[5, 5], Number.POSITIVE_INFINITY],
  [[6, 6], 5],
  [[1, 20, 30], 4.5],
  [[30, 1, 20], 4.5],
])('an even share of 10 for who wants %j is %p', (wants, share) => {
  expect(evenShare(wants, 10)).toBe(share)
})
