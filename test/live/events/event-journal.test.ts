import { EventJournal } from '../../../api/live/events/event-journal.js'
import { settle } from '../../support/fake-clock.js'
import { eventOf, HAPPENED, idOf } from '../../support/fake-engine.js'

const A = idOf('a')

function rig(...hosts: string[]) {
  const journal = new EventJournal()
  const [first = 'one', ...others] = hosts
  const host = journal.openHost(first)
  const rest = others.map((id) => journal.openHost(id))
  const record = (time: number, action = 'start', changes: Parameters<typeof eventOf>[0] | object = {}) =>
    host.record(eventOf({ containerId: A, action, timeNano: String(time), ...changes }), HAPPENED)
  return { journal, host, rest, record }
}

const actionsAfter = (journal: EventJournal, position: number) =>
  journal.after(position).events.map(({ action }) => action)

describe('EventJournal', () => {
  test('returns events after a position, in order of arrival over all hosts', () => {
    const { journal, host, rest, record } = rig('one', 'two')
    record(5, 'create')
    rest[0]?.record(eventOf({ containerId: A, action: 'die', timeNano: '3' }), HAPPENED)
    const middle = journal.end
    record(6, 'start')
    expect(actionsAfter(journal, 0)).toEqual(['create', 'die', 'start'])
    expect(actionsAfter(journal, middle)).toEqual(['start'])
    expect(journal.after(journal.end)).toMatchObject({ events: [], lostHosts: [], next: journal.end })
    expect(host.isEmpty).toBe(false)
  })

  test('a busy host does not push out events of another', () => {
    const { journal, rest, record } = rig('busy', 'quiet')
    rest[0]?.record(eventOf({ containerId: A, action: 'oom', timeNano: '1' }), HAPPENED)
    for (let time = 1; time <= 3_000; time += 1) record(time)
    expect(actionsAfter(journal, 0)).toContain('oom')
    expect(journal.after(0).lostHosts).toEqual(['busy'])
  })

  test('finds the position of an event by its id, and the beginning', () => {
    const { journal, record } = rig()
    expect(journal.positionOf(journal.beginning)).toBe(0)
    record(5)
    const event = record(6)
    record(7)
    expect(journal.positionOf(event?.id ?? '')).toBe(event?.seq)
    expect(journal.after(event?.seq ?? 0).events).toHaveLength(1)
    for (const name of ['', 'x', 'begin.x', rig().journal.beginning, `${event?.id}x`])
      expect(journal.positionOf(name)).toBeNull()
  })

  test('an event before the first subscription has a position with one host, and none with several', () => {
    const past = (journal: EventJournal, host: ReturnType<typeof rig>['host']) => {
      const event = host.record(eventOf({ containerId: A, action: 'die', timeNano: '5' }), {
        ...HAPPENED,
        isPast: true,
      })
      return journal.positionOf(event?.id ?? '')
    }
    const one = rig('one')
    expect(past(one.journal, one.host)).not.toBeNull()
    const two = rig('one', 'two')
    expect(past(two.journal, two.host)).toBeNull()
    expect(two.journal.positionOf(two.record(6)?.id ?? '')).not.toBeNull()
  })

  test('wakes waiting readers, at a new event or by their signal', async () => {
    const { journal, record } = rig()
    const woken: string[] = []
    const life = new AbortController()
    void journal.wait(journal.end, life.signal).then(() => woken.push('reader'))
    void journal.wait(journal.end - 1, life.signal).then(() => woken.push('behind'))
    await settle()
    expect(woken).toEqual(['behind'])
    record(5)
    await settle()
    expect(woken).toEqual(['behind', 'reader'])
    void journal.wait(journal.end, life.signal).then(() => woken.push('ended'))
    life.abort()
    await settle()
    expect(woken).toEqual(['behind', 'reader', 'ended'])
  })
})
