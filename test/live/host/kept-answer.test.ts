import { KeptAnswer } from '../../../api/live/host/kept-answer.js'
import type { CallRecord, RecordCall } from '../../../api/model/engine-call.js'
import { ApiError } from '../../../api/model/error.js'
import { FakeClock, settle } from '../../support/fake-clock.js'

const RECORD: CallRecord = { read: 'images', status: 200, milliseconds: 1, bytes: 2, result: 'ok' }
const DOWN = new ApiError('engine-unavailable', 'down')

function rig() {
  const clock = new FakeClock()
  const asked: { resolve: (value: string) => void; reject: (error: unknown) => void; record: RecordCall }[] = []
  const answer = new KeptAnswer<string>({
    ask: (record) => new Promise((resolve, reject) => asked.push({ resolve, reject, record })),
    maxAgeMs: 10_000,
    clock,
  })
  return { clock, asked, answer }
}

describe('KeptAnswer', () => {
  test('asks once for all who come while it asks', async () => {
    const { asked, answer } = rig()
    const both = [answer.get(), answer.get()]
    expect(asked).toHaveLength(1)
    asked[0]?.resolve('x')
    for (const one of await Promise.all(both)) expect(one).toMatchObject({ value: 'x', fault: null, isPending: false })
  })

  test('gives the record of its call to each who waits for it, and to nobody who finds the answer at hand', async () => {
    const { asked, answer, clock } = rig()
    const records: string[] = []
    const recordFor =
      (name: string) =>
      ({ read, result }: CallRecord) =>
        records.push(`${name} ${read} ${result}`)
    const impatient = answer.get(recordFor('impatient'))
    await clock.advance(2_500)
    expect(await impatient).toMatchObject({ isPending: true })
    const waiting = [answer.get(recordFor('first')), answer.get(recordFor('second'))]
    asked[0]?.record(RECORD)
    asked[0]?.resolve('x')
    await Promise.all(waiting)
    await answer.get(recordFor('late'))
    expect(records).toEqual(['first images ok', 'second images ok'])
  })

  test.each([
    [9_999, 1],
    [10_000, 2],
    [10_001, 2],
  ])('after %i ms it has asked %i times', async (milliseconds, times) => {
    const { asked, answer, clock } = rig()
    const first = answer.get()
    asked[0]?.resolve('x')
    await first
    await clock.advance(milliseconds)
    const second = answer.get()
    asked[1]?.resolve('y')
    expect(await second).toMatchObject({ value: times === 1 ? 'x' : 'y', fault: null })
    expect(asked).toHaveLength(times)
  })

  test('a slow engine delays nobody for more than a moment: what was known is shown, with its age', async () => {
    const { asked, answer, clock } = rig()
    const first = answer.get()
    asked[0]?.resolve('x')
    const { observedAt } = await first
    await clock.advance(20_000)
    let second: unknown
    void answer.get().then((kept) => {
      second = kept
    })
    await clock.advance(2_499)
    expect(second).toBeUndefined()
    await clock.advance(1)
    expect(second).toMatchObject({ value: 'x', observedAt, fault: { code: 'engine-timeout' } })
    // The question goes on, and its answer is there for the next.
    asked[1]?.resolve('y')
    await settle()
    expect(await answer.get()).toMatchObject({ value: 'y', fault: null, isPending: false })
    expect(asked).toHaveLength(2)
  })

  test('where nothing is known yet a slow engine shows as such', async () => {
    const { answer, clock } = rig()
    const first = answer.get()
    await clock.advance(2_500)
    expect(await first).toMatchObject({ value: null, observedAt: null, fault: { code: 'engine-timeout' } })
  })

  test('a fault keeps what was known, and is asked again', async () => {
    const { asked, answer, clock } = rig()
    const first = answer.get()
    asked[0]?.resolve('x')
    await first
    await clock.advance(20_000)
    const second = answer.get()
    asked[1]?.reject(DOWN)
    expect(await second).toMatchObject({ value: 'x', fault: DOWN })
    await clock.advance(2_000)
    const third = answer.get()
    asked[2]?.resolve('z')
    expect(await third).toMatchObject({ value: 'z', fault: null })
    expect(answer.latest).toBe('z')
  })

  test.each([
    [1_999, 1],
    [2_000, 2],
  ])('an engine that has failed is asked again after %i ms or not: %i times', async (milliseconds, times) => {
    const { asked, answer, clock } = rig()
    const first = answer.get()
    asked[0]?.reject(DOWN)
    await first
    await clock.advance(milliseconds)
    void answer.get()
    await settle()
    expect(asked).toHaveLength(times)
  })

  test('leaves no timer behind', async () => {
    const { asked, answer, clock } = rig()
    const first = answer.get()
    asked[0]?.resolve('x')
    await first
    expect(clock.pending).toBe(0)
  })
})
