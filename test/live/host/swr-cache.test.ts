import { SwrCache } from '../../../api/live/host/swr-cache.js'
import type { CallRecord, RecordCall } from '../../../api/model/engine-call.js'
import { ApiError } from '../../../api/model/error.js'
import { FakeClock, settle } from '../../support/fake-clock.js'

const RECORD: CallRecord = { read: 'images', status: 200, milliseconds: 1, bytes: 2, result: 'ok' }
const DOWN = new ApiError('engine-unavailable', 'down')

function rig() {
  const clock = new FakeClock()
  const fetches: { resolve: (value: string) => void; reject: (error: unknown) => void; record: RecordCall }[] = []
  const cache = new SwrCache<string>({
    fetch: (record) => new Promise((resolve, reject) => fetches.push({ resolve, reject, record })),
    maxAgeMs: 10_000,
    clock,
  })
  return { clock, fetches, cache }
}

describe('SwrCache', () => {
  test('fetches once for all callers who arrive during the fetch', async () => {
    const { fetches, cache } = rig()
    const both = [cache.get(), cache.get()]
    expect(fetches).toHaveLength(1)
    fetches[0]?.resolve('x')
    for (const one of await Promise.all(both)) expect(one).toMatchObject({ value: 'x', fault: null, isPending: false })
  })

  test('gives the record of its call to each caller who waits for it, and not to callers who find a fresh value', async () => {
    const { fetches, cache, clock } = rig()
    const records: string[] = []
    const recordFor =
      (name: string) =>
      ({ read, result }: CallRecord) =>
        records.push(`${name} ${read} ${result}`)
    const impatient = cache.get(recordFor('impatient'))
    await clock.advance(2_500)
    expect(await impatient).toMatchObject({ isPending: true })
    const waiting = [cache.get(recordFor('first')), cache.get(recordFor('second'))]
    fetches[0]?.record(RECORD)
    fetches[0]?.resolve('x')
    await Promise.all(waiting)
    await cache.get(recordFor('late'))
    expect(records).toEqual(['first images ok', 'second images ok'])
  })

  test.each([
    [9_999, 1],
    [10_000, 2],
    [10_001, 2],
  ])('after %i ms it has fetched %i times', async (milliseconds, times) => {
    const { fetches, cache, clock } = rig()
    const first = cache.get()
    fetches[0]?.resolve('x')
    await first
    await clock.advance(milliseconds)
    const second = cache.get()
    fetches[1]?.resolve('y')
    expect(await second).toMatchObject({ value: times === 1 ? 'x' : 'y', fault: null })
    expect(fetches).toHaveLength(times)
  })

  test('a slow engine delays a caller only for a moment, who then gets the last value with its age', async () => {
    const { fetches, cache, clock } = rig()
    const first = cache.get()
    fetches[0]?.resolve('x')
    const { observedAt } = await first
    await clock.advance(20_000)
    let second: unknown
    void cache.get().then((fetched) => {
      second = fetched
    })
    await clock.advance(2_499)
    expect(second).toBeUndefined()
    await clock.advance(1)
    expect(second).toMatchObject({ value: 'x', observedAt, fault: { code: 'engine-timeout' } })
    // The fetch goes on, and its answer is there for the next caller.
    fetches[1]?.resolve('y')
    await settle()
    expect(await cache.get()).toMatchObject({ value: 'y', fault: null, isPending: false })
    expect(fetches).toHaveLength(2)
  })

  test('without a value a slow engine is reported', async () => {
    const { cache, clock } = rig()
    const first = cache.get()
    await clock.advance(2_500)
    expect(await first).toMatchObject({ value: null, observedAt: null, fault: { code: 'engine-timeout' } })
  })

  test('a fault keeps the last value, and is followed by another fetch', async () => {
    const { fetches, cache, clock } = rig()
    const first = cache.get()
    fetches[0]?.resolve('x')
    await first
    await clock.advance(20_000)
    const second = cache.get()
    fetches[1]?.reject(DOWN)
    expect(await second).toMatchObject({ value: 'x', fault: DOWN })
    await clock.advance(2_000)
    const third = cache.get()
    fetches[2]?.resolve('z')
    expect(await third).toMatchObject({ value: 'z', fault: null })
    expect(cache.latest).toBe('z')
  })

  test.each([
    [1_999, 1],
    [2_000, 2],
  ])('an engine that has failed is asked again after %i ms or not: %i times', async (milliseconds, times) => {
    const { fetches, cache, clock } = rig()
    const first = cache.get()
    fetches[0]?.reject(DOWN)
    await first
    await clock.advance(milliseconds)
    void cache.get()
    await settle()
    expect(fetches).toHaveLength(times)
  })

  test('leaves no timer behind', async () => {
    const { fetches, cache, clock } = rig()
    const first = cache.get()
    fetches[0]?.resolve('x')
    await first
    expect(clock.pending).toBe(0)
  })
})
