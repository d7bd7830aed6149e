import { EventJournal } from '../../../api/live/events/event-journal.js'
import { eventOf, HAPPENED, idOf } from '../../support/fake-engine.js'

const A = idOf('a')
const exec = (digit: string) => digit.repeat(64)

function rig(hostId = 'one') {
  const journal = new EventJournal()
  const host = journal.openHost(hostId)
  const record = (time: number, action = 'start', changes: Parameters<typeof eventOf>[0] | object = {}) =>
    host.record(eventOf({ containerId: A, action, timeNano: String(time), ...changes }), HAPPENED)
  return { journal, host, record }
}

describe('HostJournal', () => {
  test('records an event once, however often the engine sends it', () => {
    const { journal, record } = rig()
    expect(record(5)).not.toBeNull()
    expect(record(5)).toBeNull()
    // Another verb, another container or another exec at the same nanosecond is another event.
    expect(record(5, 'die')).not.toBeNull()
    expect(record(5, 'start', { containerId: idOf('b') })).not.toBeNull()
    expect(record(5, 'exec_die', { execId: exec('1') })).not.toBeNull()
    expect(record(5, 'exec_die', { execId: exec('2') })).not.toBeNull()
    expect(journal.after(0).events).toHaveLength(5)
  })

  test('gives an event the same, unique id in every process', () => {
    const first = rig().record(1_795_488_632_104)
    const second = rig().record(1_795_488_632_104)
    expect(first?.id).toBe(second?.id)
    expect(first?.id).toMatch(/^[\w-]{22}$/)
    expect(rig('elsewhere').record(1_795_488_632_104)?.id).not.toBe(first?.id)
  })

  test('asks for events from a little before the last, to the nanosecond', () => {
    const { host, record } = rig()
    expect([host.isEmpty, host.resumeFrom('7.000000000')]).toEqual([true, '7.000000000'])
    host.record(eventOf({ containerId: A, action: 'x', timeNano: '1795488632104497696' }), HAPPENED)
    expect(host.resumeFrom('7.000000000')).toBe('1795488631.104497696')
    // The last that arrived counts, not the latest: a clock that was set back must not make later events unheard.
    record(1_000_000_000)
    expect(host.resumeFrom('7.000000000')).toBe('0.000000000')
  })

  test('continues without a gap if the last event is repeated', () => {
    const { journal, host, record } = rig()
    record(5)
    const position = journal.end
    host.markSubscribed()
    record(5)
    record(6, 'die')
    expect(journal.after(position)).toMatchObject({ events: [{ action: 'die' }], lostHosts: [] })
  })

  test('has lost events if a new subscription begins with another event', () => {
    const { journal, host, record } = rig()
    record(5)
    const position = journal.end
    host.markSubscribed()
    record(900, 'start')
    record(901, 'die')
    expect(journal.after(position)).toMatchObject({ events: [{}, {}], lostHosts: ['one'] })
    // The loss is reported once.
    expect(journal.after(journal.end).lostHosts).toEqual([])
  })

  test('has lost an event where one was passed over, and says so to each reader once', () => {
    const { journal, host, record } = rig()
    record(5)
    const before = journal.end
    host.markGap()
    expect(journal.after(before)).toMatchObject({ events: [], lostHosts: ['one'] })
    const { next } = journal.after(before)
    record(6)
    expect(journal.after(next)).toMatchObject({ events: [{}], lostHosts: [] })
    // It is asked for what comes after the last event, as ever.
    expect(host.resumeFrom('7.000000000')).toBe('0.000000000')
  })

  test('wakes its readers where an event was passed over', async () => {
    const { journal, host } = rig()
    const waiting = journal.wait(journal.end, new AbortController().signal)
    host.markGap()
    await waiting
  })

  test('has lost nothing at the first subscription', () => {
    const { journal, host, record } = rig()
    host.markSubscribed()
    record(5)
    expect(journal.after(0).lostHosts).toEqual([])
  })

  test.each([
    [999, []],
    [1_999, []],
    [2_000, ['one']],
    [5_000, ['one']],
  ])('after %i events a reader at the beginning has lost some of %j', (count, lostHosts) => {
    const { journal, record } = rig()
    for (let time = 1; time <= count; time += 1) record(time)
    const passage = journal.after(0)
    expect(passage.lostHosts).toEqual(lostHosts)
    expect(passage.events.length).toBeGreaterThanOrEqual(Math.min(count, 1_000))
    expect(passage.events.length).toBeLessThan(2_000)
    expect(passage.events.at(-1)?.timeNano).toBe(String(count))
  })
})
