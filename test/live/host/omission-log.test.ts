import { OmissionLog } from '../../../api/live/host/omission-log.js'
import { createLog } from '../../../api/log.js'
import type { Omissions } from '../../../api/model/host.js'
import { FakeClock } from '../../support/fake-clock.js'

const NOTHING: Omissions = { containers: 0, partialContainers: 0, events: 0, isListTruncated: false }

function rig() {
  const clock = new FakeClock()
  const lines: Record<string, unknown>[] = []
  const omissions = new OmissionLog(clock, createLog('info', { write: (line) => lines.push(JSON.parse(line)) }))
  return { clock, lines, note: (changes: Partial<Omissions>) => omissions.note({ ...NOTHING, ...changes }) }
}

describe('OmissionLog', () => {
  test.each([{ containers: 1 }, { partialContainers: 1 }, { isListTruncated: true }])(
    'says once that the list is not shown in full: %j',
    async (changes) => {
      const { clock, lines, note } = rig()
      note({})
      expect(lines).toEqual([])
      for (let i = 0; i < 100; i += 1) {
        note(changes)
        await clock.advance(30_000)
      }
      expect(lines).toMatchObject([{ level: 'warn', ...changes }])
    },
  )

  test('says it again when it begins again, though not more often than each ten minutes', async () => {
    const { clock, lines, note } = rig()
    for (let i = 0; i < 40; i += 1) {
      note({ containers: i % 2 })
      await clock.advance(30_000)
    }
    expect(lines).toHaveLength(2)
  })

  test('says that events are passed over, each ten minutes while they are', async () => {
    const { clock, lines, note } = rig()
    for (let i = 1; i <= 1_200; i += 1) {
      note({ events: i })
      await clock.advance(1_000)
    }
    expect(lines).toMatchObject([{ events: 1 }, { events: 601 }])
    await clock.advance(3_600_000)
    note({ events: 1_200 })
    expect(lines).toHaveLength(2)
  })
})
