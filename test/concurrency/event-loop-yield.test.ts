import { ASKED_FOR, LoopShare, TimeSlice, yieldToEventLoop } from '../../api/concurrency/event-loop-yield.js'

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
    [1, false],
    [2, true],
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
    now += 1
    expect([one.isOver, one.busyMs]).toEqual([false, 13])
  })
})

describe('LoopShare', () => {
  test('runs one slice a turn of the event loop, and lets parties take turns', async () => {
    const share = new LoopShare()
    const ran: string[] = []
    const work = async (party: string, name: string) => {
      await share.turn(party)
      ran.push(name)
      // What is ready by then runs before the next slice.
      setImmediate(() => ran.push('request'))
    }
    await Promise.all([work('a', 'a1'), work('a', 'a2'), work('b', 'b1')])
    expect(ran.filter((name) => name !== 'request')).toEqual(['a1', 'b1', 'a2'])
    expect(ran.indexOf('request')).toBeLessThan(ran.indexOf('a2'))
  })

  test('makes slices that wait for the turn of their party', async () => {
    let now = 0
    const slice = new LoopShare(() => now).slice('a')
    now += 5
    expect(slice.isOver).toBe(true)
    await slice.next()
    expect([slice.isOver, slice.busyMs]).toEqual([false, 5])
  })

  test.each([
    ['within the burst', 1_000, 0],
    ['beyond it', 1_015, 100],
  ])('lets a party wait until it is within its share: %s', (_case, busyMs, delayMs) => {
    const share = new LoopShare(() => 0)
    share.charge('a', busyMs)
    expect(share.delayOf('a')).toBeCloseTo(delayMs)
    expect(share.delayOf('b')).toBe(0)
  })

  test('counts work that a caller asked for less', () => {
    let now = 0
    const share = new LoopShare(() => now)
    const slice = share.slice('a', ASKED_FOR)
    now += 4_000
    slice.end()
    expect(share.delayOf('a')).toBeCloseTo((4_000 * 0.5 - 1_000) / 0.15)
  })

  test('gives a party its share back as time passes', () => {
    let now = 0
    const share = new LoopShare(() => now)
    share.charge('a', 1_150)
    expect(share.delayOf('a')).toBeCloseTo(1_000)
    now += 400
    expect(share.delayOf('a')).toBeCloseTo(600)
    now += 10_000
    share.charge('a', 1_000)
    expect(share.delayOf('a')).toBe(0)
  })

  test('holds back a busy party while another goes on', async () => {
    let now = 0
    const share = new LoopShare(() => now)
    share.charge('busy', 1_004.5)
    const ran: string[] = []
    const busy = share.turn('busy').then(() => ran.push('busy'))
    for (let turn = 0; turn < 3; turn += 1) {
      await share.turn('other')
      now += 1
      ran.push('other')
    }
    await busy
    expect(ran).toEqual(['other', 'other', 'other', 'busy'])
  })
})
