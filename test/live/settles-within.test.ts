import { settlesWithin } from '../../api/live/settles-within.js'
import { FakeClock, settle } from '../support/fake-clock.js'

describe('settlesWithin', () => {
  const after = (clock: FakeClock, milliseconds: number) =>
    new Promise<void>((resolve) => void clock.after(milliseconds, resolve))

  test.each([
    [999, true],
    [1_000, true],
    [1_001, false],
  ])('of a promise that takes %i ms, within a second: %s', async (milliseconds, expected) => {
    const clock = new FakeClock()
    const answer = settlesWithin(after(clock, milliseconds), 1_000, clock)
    await clock.advance(1_000)
    expect(await answer).toBe(expected)
  })

  test('leaves no timer behind if the promise settles first', async () => {
    const clock = new FakeClock()
    expect(await settlesWithin(Promise.resolve(), 1_000, clock)).toBe(true)
    await settle()
    expect(clock.pending).toBe(0)
  })

  test('rejects as the promise does', async () => {
    const fault = new Error('x')
    await expect(settlesWithin(Promise.reject(fault), 1_000, new FakeClock())).rejects.toBe(fault)
  })
})
