import { EventJournal } from '../../../api/live/events/event-journal.js'
import { settle } from '../../support/fake-clock.js'
import { eventOf, HAPPENED, happened, idOf } from '../../support/fake-engine.js'

const A = idOf('a')
const exec = (digit: string) => digit.repeat(64)

function rig(...hosts: string[]) {
  const journal = new EventJournal()
  const [first = 'one', ...others] = hosts
  const host = journal.openHost(first)
  const rest = others.map((id) => journal.openHost(id))
  const take = (time: number, action = 'start', changes: Parameters<typeof eventOf>[0] | object = {}) =>
    host.take(eventOf({ containerId: A, action, timeNano: String(time), ...changes }), HAPPENED)
  return { journal, host, rest, take }
}

const actionsAfter = (journal: EventJournal, position: number) =>
  journal.after(position).events.map(({ action }) => action)

describe('EventJournal', () => {
  test('tells what arrived after a position, in the order of arrival over all hosts', () => {
    const { journal, host, rest, take } = rig('one', 'two')
    take(5, 'create')
    rest[0]?.take(eventOf({ containerId: A, action: 'die', timeNano: '3' }), HAPPENED)
    const middle = journal.end
    take(6, 'start')
    expect(actionsAfter(journal, 0)).toEqual(['create', 'die', 'start'])
    expect(actionsAfter(journal, middle)).toEqual(['start'])
    expect(journal.after(journal.end)).toMatchObject({ events: [], lostHosts: [], next: journal.end })
    expect(host.isEmpty).toBe(false)
  })

  test('takes an event once, however often the engine tells of it', () => {
    const { journal, take } = rig()
    expect(take(5)).not.toBeNull()
    expect(take(5)).toBeNull()
    // Another verb, another container or another exec at the same nanosecond is another event.
    expect(take(5, 'die')).not.toBeNull()
    expect(take(5, 'start', { containerId: idOf('b') })).not.toBeNull()
    expect(take(5, 'exec_die', { execId: exec('1') })).not.toBeNull()
    expect(take(5, 'exec_die', { execId: exec('2') })).not.toBeNull()
    expect(journal.after(0).events).toHaveLength(5)
  })

  test('names an event alike in another process, and every other event otherwise', () => {
    const first = rig().take(1_795_488_632_104)
    const second = rig().take(1_795_488_632_104)
    expect(first?.id).toBe(second?.id)
    expect(first?.id).toMatch(/^[\w-]{22}$/)
    expect(rig('elsewhere').take(1_795_488_632_104)?.id).not.toBe(first?.id)
  })

  test('asks for events from a little before the last, to the nanosecond', () => {
    const { host, take } = rig()
    expect([host.isEmpty, host.resumeFrom('7.000000000')]).toEqual([true, '7.000000000'])
    host.take(eventOf({ containerId: A, action: 'x', timeNano: '1795488632104497696' }), HAPPENED)
    expect(host.resumeFrom('7.000000000')).toBe('1795488631.104497696')
    // The last that arrived counts, not the latest: a clock that was set back must not make later events unheard.
    take(1_000_000_000)
    expect(host.resumeFrom('7.000000000')).toBe('0.000000000')
  })

  test('goes on without a gap where what was known comes again', () => {
    const { journal, host, take } = rig()
    take(5)
    const position = journal.end
    host.subscribed()
    take(5)
    take(6, 'die')
    expect(journal.after(position)).toMatchObject({ events: [{ action: 'die' }], lostHosts: [] })
  })

  test('says that something is lost where a new subscription begins with something else', () => {
    const { journal, host, take } = rig()
    take(5)
    const position = journal.end
    host.subscribed()
    take(900, 'start')
    take(901, 'die')
    expect(journal.after(position)).toMatchObject({ events: [{}, {}], lostHosts: ['one'] })
    // It is said once.
    expect(journal.after(journal.end).lostHosts).toEqual([])
  })

  test('what cannot be read is not asked for again, and is a gap', () => {
    const { journal, host, take } = rig()
    take(5)
    const position = journal.end
    host.poisoned()
    expect(host.resumeFrom('7.000000000')).toBeNull()
    host.subscribed()
    take(6)
    expect(journal.after(position)).toMatchObject({ events: [{}], lostHosts: ['one'] })
    expect(host.resumeFrom('7.000000000')).toBe('0.000000000')
  })

  test('a first subscription has lost nothing', () => {
    const { journal, host, take } = rig()
    host.subscribed()
    take(5)
    expect(journal.after(0).lostHosts).toEqual([])
  })

  test.each([
    [999, []],
    [1_999, []],
    [2_000, ['one']],
    [5_000, ['one']],
  ])('after %i events a reader who stood at the beginning has lost those of %j', (count, lostHosts) => {
    const { journal, take } = rig()
    for (let time = 1; time <= count; time += 1) take(time)
    const passage = journal.after(0)
    expect(passage.lostHosts).toEqual(lostHosts)
    expect(passage.events.length).toBeGreaterThanOrEqual(Math.min(count, 1_000))
    expect(passage.events.length).toBeLessThan(2_000)
    expect(passage.events.at(-1)?.timeNano).toBe(String(count))
  })

  test('a busy host pushes out nothing of another', () => {
    const { journal, rest, take } = rig('busy', 'quiet')
    rest[0]?.take(eventOf({ containerId: A, action: 'oom', timeNano: '1' }), HAPPENED)
    for (let time = 1; time <= 3_000; time += 1) take(time)
    expect(actionsAfter(journal, 0)).toContain('oom')
    expect(journal.after(0).lostHosts).toEqual(['busy'])
  })

  test('finds the place of an event by its name, and of a reader who has met none', () => {
    const { journal, take } = rig()
    expect(journal.positionOf(journal.beginning)).toBe(0)
    take(5)
    const event = take(6)
    take(7)
    expect(journal.positionOf(event?.id ?? '')).toBe(event?.seq)
    expect(journal.after(event?.seq ?? 0).events).toHaveLength(1)
    for (const name of ['', 'x', 'begin.x', rig().journal.beginning, `${event?.id}x`])
      expect(journal.positionOf(name)).toBeNull()
  })

  test('what happened before the first subscription is a place to go on from on one host, and none among several', () => {
    const past = (journal: EventJournal, host: ReturnType<typeof rig>['host']) => {
      const event = host.take(eventOf({ containerId: A, action: 'die', timeNano: '5' }), { ...HAPPENED, isPast: true })
      return journal.positionOf(event?.id ?? '')
    }
    const one = rig('one')
    expect(past(one.journal, one.host)).not.toBeNull()
    const two = rig('one', 'two')
    expect(past(two.journal, two.host)).toBeNull()
    expect(two.journal.positionOf(two.take(6)?.id ?? '')).not.toBeNull()
  })

  test('wakes whoever waits, and nobody whose signal has ended', async () => {
    const { journal, take } = rig()
    const woken: string[] = []
    const life = new AbortController()
    void journal.wait(journal.end, life.signal).then(() => woken.push('reader'))
    void journal.wait(journal.end - 1, life.signal).then(() => woken.push('behind'))
    await settle()
    expect(woken).toEqual(['behind'])
    take(5)
    await settle()
    expect(woken).toEqual(['behind', 'reader'])
    void journal.wait(journal.end, life.signal).then(() => woken.push('ended'))
    life.abort()
    await settle()
    expect(woken).toEqual(['behind', 'reader', 'ended'])
  })
})

describe('the noise of health checks', () => {
  const check = (time: number, execId: string, command = 'check it') => [
    eventOf({ containerId: A, action: 'exec_create', timeNano: String(time), execId, command }),
    eventOf({ containerId: A, action: 'exec_start', timeNano: String(time + 1), execId, command }),
    eventOf({ containerId: A, action: 'exec_die', timeNano: String(time + 2), execId, exitCode: 0 }),
  ]

  test('is known by its command, from its beginning to its end', () => {
    const { host } = rig()
    const taken = [...check(10, exec('1')), ...check(20, exec('2'), 'sh')].map((event) =>
      host.take(
        event,
        happened(() => 'check it'),
      ),
    )
    expect(taken.map((event) => event?.isNoise)).toEqual([true, true, true, false, false, false])
  })

  test('is none where the container has no health check', () => {
    const { host } = rig()
    for (const event of check(10, exec('1'))) expect(host.take(event, HAPPENED)?.isNoise).toBe(false)
  })

  test('is the end of an exec whose beginning nobody was told, where there is a health check', () => {
    const end = eventOf({ containerId: A, action: 'exec_die', timeNano: '9', execId: exec('9') })
    const taken = (probe: string | null) =>
      rig().host.take(
        end,
        happened(() => probe),
      )?.isNoise
    expect([taken('check it'), taken(null)]).toEqual([true, false])
    const { host, journal } = rig()
    host.take(
      end,
      happened(() => undefined),
    )
    host.decide(A, 'check it')
    expect(journal.after(0).events[0]?.isNoise).toBe(true)
  })

  test('is told from other events once the container is known', () => {
    const { host, journal } = rig()
    for (const event of [...check(10, exec('1')), ...check(20, exec('2'), 'sh')])
      host.take(
        event,
        happened(() => undefined),
      )
    expect(journal.after(0).events.map(({ isNoise }) => isNoise)).toEqual(Array(6).fill(false))
    host.decide(idOf('b'), 'check it')
    expect(journal.after(0).events.some(({ isNoise }) => isNoise)).toBe(false)
    host.decide(A, 'check it')
    expect(journal.after(0).events.map(({ isNoise }) => isNoise)).toEqual([true, true, true, false, false, false])
  })

  test('pushes out nothing else, and is no gap to anybody', () => {
    const { host, journal, take } = rig()
    take(1, 'oom')
    const position = journal.end
    for (let time = 10; time < 6_010; time += 3)
      for (const event of check(time, time.toString(16).padStart(64, '0')))
        host.take(
          event,
          happened(() => 'check it'),
        )
    expect(actionsAfter(journal, 0)).toContain('oom')
    expect(journal.after(position).lostHosts).toEqual([])
    expect(journal.after(0).events.length).toBeLessThan(402)
  })
})
