import { EventJournal } from '../../../api/live/events/event-journal.js'
import { eventOf, HAPPENED, happened, idOf } from '../../support/fake-engine.js'

const A = idOf('a')
const exec = (digit: string) => digit.repeat(64)

function rig() {
  const journal = new EventJournal()
  const host = journal.openHost('one')
  const record = (time: number, action = 'start', changes: Parameters<typeof eventOf>[0] | object = {}) =>
    host.record(eventOf({ containerId: A, action, timeNano: String(time), ...changes }), HAPPENED)
  return { journal, host, record }
}

const actionsAfter = (journal: EventJournal, position: number) =>
  journal.after(position).events.map(({ action }) => action)

describe('the noise of health checks', () => {
  const check = (time: number, execId: string, command = 'check it') => [
    eventOf({ containerId: A, action: 'exec_create', timeNano: String(time), execId, command }),
    eventOf({ containerId: A, action: 'exec_start', timeNano: String(time + 1), execId, command }),
    eventOf({ containerId: A, action: 'exec_die', timeNano: String(time + 2), execId, exitCode: 0 }),
  ]

  test('is recognized by its command, from its start to its end', () => {
    const { host } = rig()
    const recorded = [...check(10, exec('1')), ...check(20, exec('2'), 'sh')].map((event) =>
      host.record(
        event,
        happened(() => 'check it'),
      ),
    )
    expect(recorded.map((event) => event?.isNoise)).toEqual([true, true, true, false, false, false])
  })

  test('does not exist if the container has no health check', () => {
    const { host } = rig()
    for (const event of check(10, exec('1'))) expect(host.record(event, HAPPENED)?.isNoise).toBe(false)
  })

  test('includes the end of an exec with a missed start, if there is a health check', () => {
    const end = eventOf({ containerId: A, action: 'exec_die', timeNano: '9', execId: exec('9') })
    const recorded = (healthCommand: string | null) =>
      rig().host.record(
        end,
        happened(() => healthCommand),
      )?.isNoise
    expect([recorded('check it'), recorded(null)]).toEqual([true, false])
    const { host, journal } = rig()
    host.record(
      end,
      happened(() => undefined),
    )
    host.decideNoise(A, 'check it')
    expect(journal.after(0).events[0]?.isNoise).toBe(true)
  })

  test('is separated from other events once the container is inspected', () => {
    const { host, journal } = rig()
    for (const event of [...check(10, exec('1')), ...check(20, exec('2'), 'sh')])
      host.record(
        event,
        happened(() => undefined),
      )
    expect(journal.after(0).events.map(({ isNoise }) => isNoise)).toEqual(Array(6).fill(false))
    host.decideNoise(idOf('b'), 'check it')
    expect(journal.after(0).events.some(({ isNoise }) => isNoise)).toBe(false)
    host.decideNoise(A, 'check it')
    expect(journal.after(0).events.map(({ isNoise }) => isNoise)).toEqual([true, true, true, false, false, false])
  })

  test('pushes out no other events, and leaves no gap', () => {
    const { host, journal, record } = rig()
    record(1, 'oom')
    const position = journal.end
    for (let time = 10; time < 6_010; time += 3)
      for (const event of check(time, time.toString(16).padStart(64, '0')))
        host.record(
          event,
          happened(() => 'check it'),
        )
    expect(actionsAfter(journal, 0)).toContain('oom')
    expect(journal.after(position).lostHosts).toEqual([])
    expect(journal.after(0).events.length).toBeLessThan(402)
  })
})
