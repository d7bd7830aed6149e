import { EventRing } from '../../../api/live/events/event-ring.js'
import type { RecordedEvent } from '../../../api/model/container-event.js'
import { eventOf, idOf } from '../../support/fake-engine.js'

const eventAt = (seq: number): RecordedEvent => ({
  ...eventOf({ containerId: idOf('a'), action: 'start', timeNano: String(seq) }),
  id: `event ${seq}`,
  hostId: 'local',
  at: seq,
  isNoise: false,
  seq,
})

function ringOf(count: number): EventRing {
  const ring = new EventRing(10)
  for (let seq = 1; seq <= count; seq += 1) ring.add(eventAt(seq))
  return ring
}

describe('EventRing', () => {
  test.each([
    [19, 1, 0],
    [20, 11, 10],
    [29, 11, 10],
    [30, 21, 20],
  ])('after %i events holds those from %i on, and has lost those up to %i', (count, first, lostUntil) => {
    const ring = ringOf(count)
    expect(ring.after(0).map(({ seq }) => seq)).toEqual(
      Array.from({ length: count - first + 1 }, (_, row) => first + row),
    )
    expect(ring.lostUntil).toBe(lostUntil)
  })

  test('returns events after a position, and finds an event by its id', () => {
    const ring = ringOf(5)
    expect(ring.after(3).map(({ seq }) => seq)).toEqual([4, 5])
    expect(ring.after(5)).toEqual([])
    expect(ring.find('event 3')?.seq).toBe(3)
    expect(ring.find('event 6')).toBeNull()
  })
})
