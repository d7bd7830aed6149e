import { TimeSlice, yieldToEventLoop } from '../../api/concurrency/event-loop-yield.js'

describe('yieldToEventLoop', () => {
  test('lets pending work run first', async () => {
    const ran: string[] = []
    setImmediate(() => ran.push('other'))
    await yieldToEventLoop()
    ran.push('own')
    expect(ran).toEqual(['other', 'own'])
  })
})

describe('TimeSlice', () => {
  let now = 1_000
  const slice = () => new TimeSlice(() => now)

  test.each([
    [9, false],
    [10, true],
    [500, true],
  ])('after %i ms is over: %s', (milliseconds, isOver) => {
    const one = slice()
    now += milliseconds
    expect(one.isOver).toBe(isOver)
  })

  test('begins again after each yield, and counts only the time of the work itself', async () => {
    const one = slice()
    now += 12
    setImmediate(() => {
      now += 700
    })
    await one.next()
    expect([one.isOver, one.busyMs]).toEqual([false, 12])
    now += 5
    expect([one.isOver, one.busyMs]).toEqual([false, 17])
  })
})
