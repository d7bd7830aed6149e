import { z } from 'zod'
import type { Container } from '../../../model/container.js'
import type { History, HistoryColumn } from '../../../model/history.js'
import type { ContentOf } from '../../endpoints/answer.js'
import { containerId, numbers, optionalInteger, optionalNumber, round, text, time, timeOf } from '../answer-parts.js'

export const HISTORY = z.strictObject({
  id: containerId,
  name: text,
  host: text,
  intervalSeconds: optionalNumber,
  stepSeconds: optionalNumber,
  times: z.array(time),
  cpu: z.strictObject({ percent: numbers }),
  memory: z.strictObject({ usedBytes: z.array(optionalInteger) }),
  network: z.strictObject({ rxBytesPerSecond: numbers, txBytesPerSecond: numbers }),
  blockIo: z.strictObject({ readBytesPerSecond: numbers, writeBytesPerSecond: numbers }),
  pids: z.strictObject({ current: numbers }),
})

/**
 * Columns with the names that a sample has for them, each as long as `times`. `stepMs` is the length of a step if rows are means;
 * null if each row is one sample.
 */
export function historyContent(
  container: Container,
  history: History | null,
  stepMs: number | null,
): ContentOf<typeof HISTORY> {
  const column = (name: HistoryColumn) => (history?.columns[name] ?? []).map(round)
  const whole = (name: HistoryColumn) =>
    (history?.columns[name] ?? []).map((value) => (value === null ? null : Math.round(value)))
  return {
    id: container.id,
    name: container.name,
    host: container.hostId,
    intervalSeconds: history === null ? null : history.intervalMs / 1_000,
    stepSeconds: stepMs === null ? null : stepMs / 1_000,
    times: (history?.times ?? []).map((at) => timeOf(at)),
    cpu: { percent: column('cpuPercent') },
    memory: { usedBytes: whole('memoryUsedBytes') },
    network: { rxBytesPerSecond: column('rxBytesPerSecond'), txBytesPerSecond: column('txBytesPerSecond') },
    blockIo: {
      readBytesPerSecond: column('blockReadBytesPerSecond'),
      writeBytesPerSecond: column('blockWriteBytesPerSecond'),
    },
    pids: { current: column('pids') },
  }
}
