import { KeptAnswer } from '../../../api/live/host/kept-answer.js'
import { ApiError } from '../../../api/model/error.js'
import { FakeClock, settle } from '../../support/fake-clock.js'

const DOWN = new ApiError('engine-unavailable', 'down')

function rig() {
  const clock = new FakeClock()
  const asked: { resolve: (value: string) => void; reject: (error: unknown) => void }[] = []
  const answer = new KeptAnswer<string>({
    ask: () => new Promise((resolve, reject) => asked.push({ resolve, reject })),
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
    for (const one of await Promise.all(both)) expect(one).toMatchObject({ value: 'x', fault: null, isNews: true })
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
    expect(await second).toMatchObject({ value: times === 1 ? 'x' : 'y', fault: null, isNews: times === 2 })
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
    expect(await answer.get()).toMatchObject({ value: 'y', fault: null, isNews: false })
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
