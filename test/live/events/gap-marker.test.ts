import { GapMarker } from '../../../api/live/events/gap-marker.js'
import { FakeClock } from '../../support/fake-clock.js'

function rig() {
  const clock = new FakeClock()
  const marks: number[] = []
  const start = clock.now()
  const gaps = new GapMarker(clock, () => marks.push(clock.now() - start))
  return { clock, gaps, marks }
}

describe('GapMarker', () => {
  test('marks one gap at once, and no other', async () => {
    const { clock, gaps, marks } = rig()
    gaps.add()
    await clock.advance(10_000)
    expect(marks).toEqual([0])
    expect(clock.pending).toBe(0)
  })

  test('marks those that follow within a second as one', async () => {
    const { clock, gaps, marks } = rig()
    for (let i = 0; i < 10; i += 1) {
      for (let j = 0; j < 100; j += 1) gaps.add()
      await clock.advance(250)
    }
    await clock.advance(10_000)
    expect(marks).toEqual([0, 1_000, 2_000, 3_000])
  })

  test('marks one that comes a second later at once', async () => {
    const { clock, gaps, marks } = rig()
    gaps.add()
    await clock.advance(1_000)
    gaps.add()
    expect(marks).toEqual([0, 1_000])
  })

  test('marks what is pending before what follows, and nothing twice', async () => {
    const { clock, gaps, marks } = rig()
    gaps.flush()
    gaps.add()
    gaps.flush()
    expect(marks).toEqual([0])
    await clock.advance(10)
    gaps.add()
    gaps.flush()
    gaps.flush()
    expect(marks).toEqual([0, 10])
  })

  test('leaves no timer behind at its end, and no gap unmarked', async () => {
    const { clock, gaps, marks } = rig()
    gaps.add()
    gaps.add()
    gaps.end()
    expect(marks).toEqual([0, 0])
    expect(clock.pending).toBe(0)
    // The next connection begins as the first one did.
    gaps.add()
    expect(marks).toEqual([0, 0, 0])
    gaps.end()
    expect(clock.pending).toBe(0)
  })
})
