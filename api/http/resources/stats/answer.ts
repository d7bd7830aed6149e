import { z } from 'zod'
import type { Container } from '../../../model/container.js'
import type { Sample } from '../../../model/sample.js'
import type { ContentOf } from '../../endpoints/answer.js'
import { containerId, optionalInteger, optionalNumber, optionalTime, round, text, timeOf } from '../answer-parts.js'
import { listOf } from '../list.js'

export const STATS = z.strictObject({
  id: containerId,
  name: text,
  host: text,
  sampledAt: optionalTime,
  intervalSeconds: optionalNumber,
  cpu: z.strictObject({
    percent: optionalNumber,
    hostPercent: optionalNumber,
    cores: optionalInteger,
    usageSecondsTotal: optionalNumber,
    throttledPeriodsTotal: optionalInteger,
    throttledSecondsTotal: optionalNumber,
  }),
  memory: z.strictObject({
    usedBytes: optionalInteger,
    limitBytes: optionalInteger,
    percent: optionalNumber,
    cacheBytes: optionalInteger,
    swapBytes: optionalInteger,
  }),
  network: z.strictObject({
    rxBytesTotal: optionalInteger,
    txBytesTotal: optionalInteger,
    rxBytesPerSecond: optionalNumber,
    txBytesPerSecond: optionalNumber,
    rxErrorsTotal: optionalInteger,
    txErrorsTotal: optionalInteger,
    rxDroppedTotal: optionalInteger,
    txDroppedTotal: optionalInteger,
  }),
  blockIo: z.strictObject({
    readBytesTotal: optionalInteger,
    writeBytesTotal: optionalInteger,
    readBytesPerSecond: optionalNumber,
    writeBytesPerSecond: optionalNumber,
  }),
  pids: z.strictObject({ current: optionalInteger, limit: optionalInteger }),
})

export const STATS_LIST = listOf(STATS)

/** A container without a sample yet has the same shape, with null for every number. */
export function statsContent(container: Container, sample: Sample | null): ContentOf<typeof STATS> {
  const reading = sample?.reading
  const network = reading?.network
  return {
    id: container.id,
    name: container.name,
    host: container.hostId,
    sampledAt: timeOf(reading?.readAt ?? null),
    intervalSeconds: sample?.intervalSeconds ?? null,
    cpu: {
      percent: round(sample?.cpuPercent),
      hostPercent: round(sample?.cpuHostPercent),
      cores: reading?.cores ?? null,
      usageSecondsTotal: seconds(reading?.cpuUsageNs),
      throttledPeriodsTotal: reading?.throttledPeriods ?? null,
      throttledSecondsTotal: seconds(reading?.throttledNs),
    },
    memory: {
      usedBytes: reading?.memoryUsedBytes ?? null,
      limitBytes: reading?.memoryLimitBytes ?? null,
      percent: percentOf(reading?.memoryUsedBytes, reading?.memoryLimitBytes),
      cacheBytes: reading?.memoryCacheBytes ?? null,
      swapBytes: reading?.memorySwapBytes ?? null,
    },
    network: {
      rxBytesTotal: network?.rxBytes ?? null,
      txBytesTotal: network?.txBytes ?? null,
      rxBytesPerSecond: round(sample?.rxBytesPerSecond),
      txBytesPerSecond: round(sample?.txBytesPerSecond),
      rxErrorsTotal: network?.rxErrors ?? null,
      txErrorsTotal: network?.txErrors ?? null,
      rxDroppedTotal: network?.rxDropped ?? null,
      txDroppedTotal: network?.txDropped ?? null,
    },
    blockIo: {
      readBytesTotal: reading?.blockIo?.readBytes ?? null,
      writeBytesTotal: reading?.blockIo?.writeBytes ?? null,
      readBytesPerSecond: round(sample?.blockReadBytesPerSecond),
      writeBytesPerSecond: round(sample?.blockWriteBytesPerSecond),
    },
    pids: { current: reading?.pids ?? null, limit: reading?.pidsLimit ?? null },
  }
}

function seconds(nanoseconds: number | null | undefined): number | null {
  return nanoseconds == null ? null : nanoseconds / 1e9
}

function percentOf(part: number | null | undefined, whole: number | null | undefined): number | null {
  return part == null || !whole ? null : round((part / whole) * 100)
}
