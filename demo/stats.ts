import { activeMs, goTime, grownBy, hasProcesses, type SimulatedContainer, wander } from './container.js'

/** The machine that the simulated engine claims to run on. */
export interface SimulatedMachine {
  readonly cgroup: 1 | 2
  readonly cores: number
  readonly memoryBytes: number
  /** Milliseconds since 1970. */
  readonly bootedAt: number
}

const PAGE_BYTES = 4096
const DISK_BLOCK_BYTES = 16_384
const PACKET_BYTES = 620
/** The kernel accounts system time in ticks of 10 ms (USER_HZ). */
const TICK_NS = 10_000_000
const CFS_PERIOD_MS = 100
/** The value of cgroup v1 for no memory limit. */
const V1_UNLIMITED = 2 ** 63 - PAGE_BYTES
const V1_UNLIMITED_DIGITS = '9223372036854771712'
/** pids.max of cgroup v2 without a limit: the largest uint64, which a double cannot hold. */
const V2_UNLIMITED_PIDS = 2 ** 64
const V2_UNLIMITED_PIDS_DIGITS = '18446744073709551615'
const IDLE_CPU = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
}
const NO_BLOCK_IO = {
  io_service_bytes_recursive: null,
  io_serviced_recursive: null,
  io_queue_recursive: null,
  io_service_time_recursive: null,
  io_wait_time_recursive: null,
  io_merged_recursive: null,
  io_time_recursive: null,
  sectors_recursive: null,
}

/**
 * Body of GET /containers/{id}/stats. A null `previousAt` is a first reading, as with one-shot: precpu_stats stay empty. The two
 * largest numbers do not fit a double, and Go's decoders refuse their rounded form, so their digits are inserted into the text.
 */
export function statsText(
  container: SimulatedContainer,
  machine: SimulatedMachine,
  at: number,
  previousAt: number | null,
): string {
  const body = hasProcesses(container) ? liveStats(container, machine, at, previousAt) : emptyStats(container)
  const text = JSON.stringify(body)
  return machine.cgroup === 1
    ? `${text.replaceAll(String(V1_UNLIMITED), V1_UNLIMITED_DIGITS)}\n`
    : `${text.replace(String(V2_UNLIMITED_PIDS), V2_UNLIMITED_PIDS_DIGITS)}\n`
}

function liveStats(
  container: SimulatedContainer,
  machine: SimulatedMachine,
  at: number,
  previousAt: number | null,
): object {
  const seconds = activeMs(container, at) / 1000
  const { load, pidsLimit } = container.spec
  const pids = Math.max(1, Math.round(load.pids * wander(seconds, container.phase * 3)))
  const unlimited = machine.cgroup === 2 ? V2_UNLIMITED_PIDS : undefined
  return {
    read: goTime(at),
    preread: goTime(previousAt),
    pids_stats: { current: pids, limit: pidsLimit ?? unlimited },
    blkio_stats: blockIo(container, machine, seconds),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpu(container, machine, at),
    precpu_stats: previousAt === null ? IDLE_CPU : cpu(container, machine, previousAt),
    memory_stats: memory(container, machine, seconds),
    name: `/${container.name}`,
    id: container.id,
    // A container in the host's network namespace does not have this block.
    networks: container.spec.network === 'host' ? undefined : { eth0: network(container, seconds) },
  }
}

/** The immediate answer for a container without processes. */
function emptyStats(container: SimulatedContainer): object {
  return {
    read: goTime(null),
    preread: goTime(null),
    pids_stats: {},
    blkio_stats: NO_BLOCK_IO,
    num_procs: 0,
    storage_stats: {},
    cpu_stats: IDLE_CPU,
    precpu_stats: IDLE_CPU,
    memory_stats: {},
    name: `/${container.name}`,
    id: container.id,
  }
}

function cpu(container: SimulatedContainer, machine: SimulatedMachine, at: number): object {
  const active = activeMs(container, at)
  const total = Math.floor(grownBy(container.spec.load.cores, active / 1000, container.phase) * 1e9)
  const kernel = Math.floor(total * 0.27)
  const ticks = (ns: number) =>
    machine.cgroup === 1 ? Math.floor(ns / TICK_NS) * TICK_NS : Math.floor(ns / 1000) * 1000
  const limited = container.spec.nanoCpus > 0
  const periods = limited ? Math.floor(active / CFS_PERIOD_MS) : 0
  const throttled = Math.floor(periods * 0.03)
  return {
    cpu_usage: {
      total_usage: total,
      percpu_usage: machine.cgroup === 1 ? perCore(total, machine.cores) : undefined,
      usage_in_kernelmode: ticks(kernel),
      usage_in_usermode: ticks(total - kernel),
    },
    // All cores, including idle time: the sum of the first line of /proc/stat.
    system_cpu_usage: Math.floor(((at - machine.bootedAt) * 1e6 * machine.cores) / TICK_NS) * TICK_NS,
    online_cpus: machine.cores,
    throttling_data: { periods, throttled_periods: throttled, throttled_time: throttled * 4_100_000 },
  }
}

function perCore(total: number, cores: number): readonly number[] {
  const share = Math.floor(total / cores)
  return Array.from({ length: cores }, (_, core) => (core === 0 ? total - share * (cores - 1) : share))
}

function memory(container: SimulatedContainer, machine: SimulatedMachine, seconds: number): object {
  const limit = container.spec.memoryLimitBytes || machine.memoryBytes
  const wanted = container.spec.load.memoryBytes * wander(seconds, container.phase)
  const anon = pages(Math.min(wanted, limit * 0.8))
  const inactiveFile = pages(anon * 0.16)
  const activeFile = pages(anon * 0.04)
  const usage = anon + inactiveFile + activeFile
  const faults = Math.floor(grownBy(90, seconds, container.phase)) + 1000
  const stats =
    machine.cgroup === 1
      ? memoryStatsV1(container, { anon, inactiveFile, activeFile, faults })
      : memoryStatsV2({ anon, inactiveFile, activeFile, faults })
  return { usage, max_usage: machine.cgroup === 1 ? pages(usage * 1.2) : undefined, stats, limit }
}

function pages(bytes: number): number {
  return Math.floor(bytes / PAGE_BYTES) * PAGE_BYTES
}

interface MemoryParts {
  readonly anon: number
  readonly inactiveFile: number
  readonly activeFile: number
  readonly faults: number
}

function memoryStatsV1(container: SimulatedContainer, parts: MemoryParts): object {
  const { anon, inactiveFile, activeFile, faults } = parts
  const own: Record<string, number> = {
    active_anon: 4096,
    active_file: activeFile,
    cache: inactiveFile + activeFile,
    dirty: 0,
    inactive_anon: anon - 4096,
    inactive_file: inactiveFile,
    mapped_file: pages(activeFile / 2),
    pgfault: faults,
    pgmajfault: 3,
    pgpgin: faults + 400,
    pgpgout: faults - 400,
    rss: anon,
    rss_huge: 0,
    unevictable: 0,
    writeback: 0,
  }
  const limit = container.spec.memoryLimitBytes
  const all = Object.fromEntries([
    ...Object.entries(own),
    ...Object.entries(own).map(([name, value]) => [`total_${name}`, value] as const),
    ['hierarchical_memory_limit', limit || V1_UNLIMITED] as const,
    ['hierarchical_memsw_limit', limit ? limit * 2 : V1_UNLIMITED] as const,
  ])
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function memoryStatsV2({ anon, inactiveFile, activeFile, faults }: MemoryParts): object {
  const slab = pages(anon * 0.02)
  return {
    active_anon: 4096,
    active_file: activeFile,
    anon,
    anon_thp: 0,
    file: inactiveFile + activeFile,
    file_dirty: 0,
    file_mapped: pages(activeFile / 2),
    file_writeback: 0,
    inactive_anon: anon - 4096,
    inactive_file: inactiveFile,
    kernel_stack: 147_456,
    pgactivate: 12,
    pgdeactivate: 0,
    pgfault: faults,
    pglazyfree: 0,
    pglazyfreed: 0,
    pgmajfault: 3,
    pgrefill: 0,
    pgscan: 0,
    pgsteal: 0,
    shmem: 0,
    slab,
    slab_reclaimable: pages(slab * 0.6),
    slab_unreclaimable: slab - pages(slab * 0.6),
    sock: 4096,
    thp_collapse_alloc: 0,
    thp_fault_alloc: 0,
    unevictable: 0,
    workingset_activate: 0,
    workingset_nodereclaim: 0,
    workingset_refault: 0,
  }
}

function network(container: SimulatedContainer, seconds: number): object {
  const { load, phase } =
    container.spec.network === 'none' ? { load: null, phase: 0 } : { load: container.spec.load, phase: container.phase }
  const rx = Math.floor(grownBy(load?.rxBytesPerSecond ?? 0, seconds, phase + 1))
  const tx = Math.floor(grownBy(load?.txBytesPerSecond ?? 0, seconds, phase + 2))
  return {
    rx_bytes: rx,
    rx_packets: Math.ceil(rx / PACKET_BYTES),
    rx_errors: 0,
    rx_dropped: Math.floor(rx / 1e9),
    tx_bytes: tx,
    tx_packets: Math.ceil(tx / PACKET_BYTES),
    tx_errors: 0,
    tx_dropped: 0,
  }
}

function blockIo(container: SimulatedContainer, machine: SimulatedMachine, seconds: number): object {
  const { readBytesPerSecond, writeBytesPerSecond } = container.spec.load
  const read = blocks(grownBy(readBytesPerSecond, seconds, container.phase + 3))
  const write = blocks(grownBy(writeBytesPerSecond, seconds, container.phase + 4))
  const bytes = entries(machine.cgroup, read, write)
  const operations = entries(machine.cgroup, read / DISK_BLOCK_BYTES, write / DISK_BLOCK_BYTES)
  if (machine.cgroup === 2) return { ...NO_BLOCK_IO, io_service_bytes_recursive: bytes.length === 0 ? null : bytes }
  return {
    io_service_bytes_recursive: bytes,
    io_serviced_recursive: operations,
    io_queue_recursive: [],
    io_service_time_recursive: [],
    io_wait_time_recursive: [],
    io_merged_recursive: [],
    io_time_recursive: [],
    sectors_recursive: [],
  }
}

function blocks(bytes: number): number {
  return Math.floor(bytes / DISK_BLOCK_BYTES) * DISK_BLOCK_BYTES
}

/** cgroup v1 also has sums (Sync, Total), which readers must not add to the others. v2 has lower-case names. */
function entries(cgroup: 1 | 2, read: number, write: number): readonly object[] {
  if (read === 0 && write === 0) return []
  const entry = (op: string, value: number) => ({ major: 254, minor: 0, op, value })
  if (cgroup === 2) return [entry('read', read), entry('write', write)]
  return [
    entry('Read', read),
    entry('Write', write),
    entry('Sync', read + write),
    entry('Async', 0),
    entry('Discard', 0),
    entry('Total', read + write),
  ]
}
