import { WholeListTimer } from '../../../api/live/host/whole-list-timer.js'
import { FakeClock } from '../../support/fake-clock.js'

/** A list was asked for at 0 and took so many milliseconds. `due` says how soon the next one is due. */
async function rig(tookMs = 0) {
  const clock = new FakeClock()
  const timer = new WholeListTimer(clock)
  timer.begin()
  await clock.advance(tookMs)
  timer.end()
  return { clock, timer, due: () => timer.dueAt - clock.now() }
}

describe('WholeListTimer', () => {
  test('makes a list due each 30 s, counted from its question', async () => {
    const { due } = await rig(2_000)
    expect(due()).toBe(28_000)
  })

  test('makes the first one of a connection due within 15 to 30 s', async () => {
    const { timer, due } = await rig()
    timer.spread()
    expect(due()).toBe(22_500)
  })

  test.each([
    ['at once', 0, 0, 1_000],
    ['just before the pause is over', 0, 949, 51],
    ['just after', 0, 951, 50],
    ['long after', 0, 20_000, 50],
    ['after a list of 250 ms', 250, 0, 1_000],
    ['after a list of 251 ms', 251, 0, 1_004],
    ['after a list of 5 s, which takes a fifth of the time', 5_000, 0, 20_000],
    ['after a list of 20 s, but no later than the regular one', 20_000, 0, 10_000],
  ])('hastened %s', async (_when, tookMs, laterMs, expected) => {
    const { clock, timer, due } = await rig(tookMs)
    await clock.advance(laterMs)
    timer.hasten()
    timer.hasten()
    expect(due()).toBe(expected)
  })

  test('hastened while a list is read, reads another one', async () => {
    const { clock, timer, due } = await rig()
    await clock.advance(10_000)
    timer.begin()
    timer.hasten()
    timer.end()
    expect(due()).toBe(1_000)
    timer.begin()
    timer.end()
    expect(due()).toBe(30_000)
  })

  test('forgets that it was hastened when its connection ends', async () => {
    const { timer, due } = await rig()
    timer.hasten()
    timer.reset()
    expect(due()).toBe(30_000)
  })
})
