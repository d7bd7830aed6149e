import { z } from 'zod'
import type { Reading } from '../../model/sample.js'
import { wholeAnswer } from '../json/answer-reader.js'
import { type JsonBounds, UNIT_BOUNDS } from '../json/json-bounds.js'
import { limit, millisecondsOf, number, optionalNumber, parse, text, time, utcTime } from './shape.js'

const INTERFACE = z.object({
  rx_bytes: number,
  tx_bytes: number,
  rx_errors: optionalNumber,
  tx_errors: optionalNumber,
  rx_dropped: optionalNumber,
  tx_dropped: optionalNumber,
})

const STATS = z.object({
  read: time.nullish(),
  cpu_stats: z
    .object({
      cpu_usage: z.object({ total_usage: optionalNumber, percpu_usage: z.array(number).nullish() }).nullish(),
      system_cpu_usage: optionalNumber,
      online_cpus: optionalNumber,
      throttling_data: z.object({ throttled_periods: optionalNumber, throttled_time: optionalNumber }).nullish(),
    })
    .nullish(),
  memory_stats: z
    .object({ usage: optionalNumber, limit: optionalNumber, stats: z.record(text, number).nullish() })
    .nullish(),
  networks: z.record(text, INTERFACE).nullish(),
  blkio_stats: z
    .object({ io_service_bytes_recursive: z.array(z.object({ op: text.nullish(), value: number })).nullish() })
    .nullish(),
  pids_stats: z.object({ current: optionalNumber, limit: optionalNumber }).nullish(),
})

/** A number that is left out makes a sum wrong: there is one for each processor, and five for each disk. */
const BOUNDS: JsonBounds = { ...UNIT_BOUNDS, members: 8_192, unitBytes: 1024 * 1024, values: 32_768 }

/** Statistics have some 3 KB, and are asked for hundreds of times a second: passing over what is not wanted of them takes a third longer. */
const PLAIN_BYTES = 16 * 1024

type Stats = z.infer<typeof STATS>

/**
 * Answer of GET /containers/{id}/stats?stream=false, in doubles: beyond 2^53 ns of CPU time the last digits are lost,
 * far below what a rate shows. Null for the empty struct that an engine answers for a container that does not run.
 */
export const statsAnswer = wholeAnswer(STATS, readingOf, { bounds: BOUNDS, plainBytes: PLAIN_BYTES })

function readingOf(value: unknown): Reading | null {
  const stats = parse(STATS, value, 'the statistics')
  const readAt = stats.read && utcTime(stats.read) !== null ? millisecondsOf(stats.read) : null
  if (readAt === null) return null
  const { cpu_stats: cpu, memory_stats: memory, pids_stats: pids } = stats
  const percpu = cpu?.cpu_usage?.percpu_usage?.length
  return {
    readAt,
    cpuUsageNs: cpu?.cpu_usage?.total_usage ?? null,
    systemCpuUsageNs: cpu?.system_cpu_usage || null,
    cores: cpu?.online_cpus || percpu || null,
    throttledPeriods: cpu?.throttling_data?.throttled_periods ?? null,
    throttledNs: cpu?.throttling_data?.throttled_time ?? null,
    memoryUsedBytes: memoryUsed(memory),
    memoryLimitBytes: limit(memory?.limit ?? null),
    memoryCacheBytes: memory?.stats?.['total_cache'] ?? memory?.stats?.['file'] ?? null,
    memorySwapBytes: memory?.stats?.['total_swap'] ?? memory?.stats?.['swap'] ?? null,
    network: networkOf(stats.networks),
    blockIo: blockIoOf(stats.blkio_stats?.io_service_bytes_recursive),
    pids: pids?.current ?? null,
    pidsLimit: limit(pids?.limit ?? null),
  }
}

/**
 * What `docker stats` shows (docker/cli stats_helpers.go, calculateMemUsageUnixNoCache): usage less the inactive file
 * cache, which cgroup v1 calls total_inactive_file and v2 inactive_file; a cache beyond the usage is not subtracted.
 */
function memoryUsed(memory: Stats['memory_stats']): number | null {
  const usage = memory?.usage ?? null
  if (usage === null) return null
  const v1 = memory?.stats?.['total_inactive_file']
  if (v1 !== undefined && v1 < usage) return usage - v1
  const v2 = memory?.stats?.['inactive_file'] ?? 0
  return v2 < usage ? usage - v2 : usage
}

function networkOf(interfaces: Stats['networks']): Reading['network'] {
  const all = Object.values(interfaces ?? {})
  if (all.length === 0) return null
  const sum = (field: keyof z.infer<typeof INTERFACE>) => all.reduce((total, one) => total + (one[field] ?? 0), 0)
  return {
    rxBytes: sum('rx_bytes'),
    txBytes: sum('tx_bytes'),
    rxErrors: sum('rx_errors'),
    txErrors: sum('tx_errors'),
    rxDropped: sum('rx_dropped'),
    txDropped: sum('tx_dropped'),
  }
}

/** cgroup v1 writes `Read`, v2 `read`, and both list other operations beside them. */
function blockIoOf(entries: NonNullable<Stats['blkio_stats']>['io_service_bytes_recursive']): Reading['blockIo'] {
  if (!entries) return null
  const sum = (operation: string) =>
    entries.reduce((total, { op, value }) => total + (op?.toLowerCase() === operation ? value : 0), 0)
  return { readBytes: sum('read'), writeBytes: sum('write') }
}
