import { z } from 'zod'
import {
  CONTAINER_STATES,
  type ContainerState,
  HEALTH_STATES,
  type HealthState,
  type InspectedContainer,
  type ListedContainer,
  type Port,
} from '../model/container.js'
import type { ContainerEvent } from '../model/container-event.js'
import { ApiError } from '../model/error.js'
import type { EngineInfo, EngineVersion } from '../model/host.js'
import { type Scrubbed, scrubArguments, scrubLabels, scrubText } from '../model/redaction.js'
import type { Reading } from '../model/sample.js'

/*
 * The engine's words end here. Engines and podman leave out, or give as null, whatever a container has not got, so
 * nearly all is optional; what is there has to have its type. Secrets end here too: no value of Env gets any further.
 */

/** Labels kept of one container: compose and a proxy's routers come to a few dozen. */
const MAX_LABELS = 256

/** Ports kept of one container: who publishes a range of thousands learns nothing from reading them all. */
const MAX_PORTS = 512

/** Mounts kept of one container. */
const MAX_MOUNTS = 128

/** Networks kept of one container, and aliases of each. */
const MAX_NETWORKS = 64

/** Names of environment variables kept of one container. */
const MAX_ENV_NAMES = 1_024

/** Arguments kept of a command. */
const MAX_ARGUMENTS = 256

/** Capabilities and security options kept of one container. */
const MAX_OPTIONS = 64

/** Characters kept of a security option: a seccomp profile stands there with all its text. */
const MAX_OPTION_LENGTH = 256

/** The engine itself keeps the last five runs of a health check. */
const MAX_HEALTH_RUNS = 5

/** Characters kept of one health check's output, half of what the engine keeps. */
const MAX_HEALTH_OUTPUT = 2_048

/** Paths that a fault names. */
const MAX_FAULT_PATHS = 5

/**
 * From here on a limit is none: the kernel's and Go's spellings of "max" lie beyond it (2^63 and 2^64, less a page).
 */
const NO_LIMIT = 2 ** 62

/** RFC 3339, section 5.6, as Go writes it. */
const TIME = /^(\d{4})-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

const text = z.string()
const optionalText = z
  .string()
  .nullish()
  .transform((value) => value || null)
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false)
const number = z.number()
/** Since 1970, from Go's zero time to the end of RFC 3339's years. */
const seconds = z.number().min(-62_135_596_800).max(253_402_300_799)
const optionalNumber = number.nullish().transform((value) => value ?? null)
const strings = z
  .array(text)
  .nullish()
  .transform((value) => value ?? [])
const labels = z
  .record(text, text)
  .nullish()
  .transform((value) => value ?? {})
const containerId = z.string().regex(/^[0-9a-f]{64}$/)
/** An array, or as podman had it one string. */
const words = z.union([z.array(text), text.transform((value) => [value])]).nullish()
const time = z.string().refine((value) => !Number.isNaN(millisecondsOf(value)))
const optionalTime = time.nullish().transform((value) => (value ? utcTime(value) : null))

const LIST = z.array(
  z.object({
    Id: containerId,
    Names: strings,
    Image: text,
    ImageID: text,
    Created: seconds,
    State: text,
    Status: text,
    Labels: labels,
    Ports: z
      .array(
        z.object({
          IP: optionalText,
          PrivatePort: number,
          PublicPort: optionalNumber,
          Type: text,
        }),
      )
      .nullish(),
    NetworkSettings: z.object({ Networks: z.record(text, z.unknown()).nullish() }).nullish(),
  }),
)

/** Answer of GET /containers/json. */
export function decodeContainers(value: unknown): readonly ListedContainer[] {
  return parse(LIST, value, 'the list').map((entry) => ({
    id: entry.Id,
    name: nameOf(entry.Names, entry.Id),
    image: scrubText(entry.Image).value,
    imageId: entry.ImageID,
    state: stateOf(entry.State, entry.Status.startsWith('Up')),
    status: entry.Status,
    createdAt: new Date(entry.Created * 1000).toISOString(),
    ports: sortPorts(
      (entry.Ports ?? []).map(({ IP, PrivatePort, PublicPort, Type }) => ({
        ip: IP,
        hostPort: PublicPort || null,
        containerPort: PrivatePort,
        protocol: Type,
      })),
    ),
    labels: labelsOf(entry.Labels).value,
    networks: Object.keys(entry.NetworkSettings?.Networks ?? {}).slice(0, MAX_NETWORKS),
  }))
}

const NETWORK = z.object({
  IPAddress: optionalText,
  GlobalIPv6Address: optionalText,
  Gateway: optionalText,
  MacAddress: optionalText,
  Aliases: strings,
})

const HEALTH_RUN = z.object({
  Start: optionalTime,
  End: optionalTime,
  ExitCode: number,
  Output: text.nullish(),
})

const MOUNT = z.object({
  Type: text.nullish(),
  Name: optionalText,
  Source: optionalText,
  Destination: text,
  RW: flag,
  Propagation: optionalText,
})

const INSPECT = z.object({
  Id: containerId,
  Name: text,
  Image: text,
  Created: time,
  RestartCount: optionalNumber,
  AppArmorProfile: optionalText,
  State: z.object({
    Status: text,
    Running: flag,
    StartedAt: optionalTime,
    FinishedAt: optionalTime,
    ExitCode: optionalNumber,
    OOMKilled: flag,
    Error: optionalText,
    Health: z
      .object({ Status: text.nullish(), FailingStreak: optionalNumber, Log: z.array(HEALTH_RUN).nullish() })
      .nullish(),
  }),
  Config: z.object({
    Image: text.nullish(),
    Cmd: words,
    Entrypoint: words,
    WorkingDir: text.nullish(),
    User: text.nullish(),
    Tty: flag,
    Env: strings,
    Labels: labels,
  }),
  HostConfig: z.object({
    NetworkMode: text.nullish(),
    RestartPolicy: z.object({ Name: optionalText, MaximumRetryCount: optionalNumber }).nullish(),
    Memory: optionalNumber,
    MemoryReservation: optionalNumber,
    MemorySwap: optionalNumber,
    NanoCpus: optionalNumber,
    CpuQuota: optionalNumber,
    CpuPeriod: optionalNumber,
    CpuShares: optionalNumber,
    CpusetCpus: optionalText,
    PidsLimit: optionalNumber,
    Privileged: flag,
    ReadonlyRootfs: flag,
    CapAdd: strings,
    CapDrop: strings,
    SecurityOpt: strings,
    PidMode: text.nullish(),
    IpcMode: text.nullish(),
    UTSMode: text.nullish(),
    UsernsMode: text.nullish(),
    LogConfig: z.object({ Type: text.nullish() }).nullish(),
  }),
  Mounts: z.array(MOUNT).nullish(),
  NetworkSettings: z
    .object({
      Ports: z.record(text, z.array(z.object({ HostIp: optionalText, HostPort: text.nullish() })).nullable()).nullish(),
      Networks: z.record(text, NETWORK.nullable()).nullish(),
    })
    .nullish(),
})

type Inspect = z.infer<typeof INSPECT>

/** Answer of GET /containers/{id}/json, without its secrets. */
export function decodeInspect(value: unknown): InspectedContainer {
  const { Config, HostConfig, State, ...top } = parse(INSPECT, value, 'the inspect')
  let redactions = 0
  const clean = <T>(scrubbed: Scrubbed<T>): T => {
    redactions += scrubbed.redactions
    return scrubbed.value
  }
  const cleanText = (dirty: string) => clean(scrubText(dirty))
  const state = stateOf(State.Status, State.Running)
  const { entrypoint, command } = clean(commandOf(Config))
  redactions += Config.Env.filter((entry) => /=./s.test(entry)).length
  return {
    id: top.Id,
    name: nameOf([top.Name], top.Id),
    image: cleanText(Config.Image ?? top.Image),
    imageId: top.Image,
    createdAt: utcTime(top.Created) ?? new Date(0).toISOString(),
    state,
    startedAt: State.StartedAt,
    finishedAt: State.FinishedAt,
    exitCode: state === 'created' || state === 'running' || state === 'paused' ? null : State.ExitCode,
    oomKilled: State.OOMKilled,
    error: State.Error === null ? null : cleanText(State.Error),
    health: healthOf(State.Health?.Status),
    healthFailingStreak: State.Health?.FailingStreak ?? null,
    healthLog: (State.Health?.Log ?? []).slice(-MAX_HEALTH_RUNS).map((run) => ({
      startedAt: run.Start,
      endedAt: run.End,
      exitCode: run.ExitCode,
      output: cleanText((run.Output ?? '').slice(0, MAX_HEALTH_OUTPUT)),
    })),
    restartCount: top.RestartCount ?? 0,
    restartPolicy: {
      name: HostConfig.RestartPolicy?.Name ?? 'no',
      maximumRetryCount: HostConfig.RestartPolicy?.MaximumRetryCount ?? 0,
    },
    command,
    entrypoint,
    workingDirectory: Config.WorkingDir ?? '',
    user: Config.User ?? '',
    tty: Config.Tty,
    envNames: envNamesOf(Config.Env),
    labels: clean(labelsOf(Config.Labels)),
    ports: sortPorts(portsOf(top.NetworkSettings?.Ports ?? {})),
    networkMode: HostConfig.NetworkMode ?? '',
    networks: Object.entries(top.NetworkSettings?.Networks ?? {})
      .slice(0, MAX_NETWORKS)
      .map(([name, network]) => ({
        name,
        ipAddress: network?.IPAddress ?? null,
        ipv6Address: network?.GlobalIPv6Address ?? null,
        gateway: network?.Gateway ?? null,
        macAddress: network?.MacAddress ?? null,
        aliases: (network?.Aliases ?? []).slice(0, MAX_NETWORKS),
      })),
    mounts: (top.Mounts ?? []).slice(0, MAX_MOUNTS).map((mount) => ({
      type: mount.Type ?? '',
      name: mount.Name === null ? null : cleanText(mount.Name),
      source: mount.Source === null ? null : cleanText(mount.Source),
      destination: mount.Destination,
      readOnly: !mount.RW,
      propagation: mount.Propagation,
    })),
    resources: resourcesOf(HostConfig),
    security: {
      privileged: HostConfig.Privileged,
      readOnlyRootFilesystem: HostConfig.ReadonlyRootfs,
      capabilitiesAdded: capabilitiesOf(HostConfig.CapAdd),
      capabilitiesDropped: capabilitiesOf(HostConfig.CapDrop),
      securityOptions: HostConfig.SecurityOpt.slice(0, MAX_OPTIONS).map((option) => option.slice(0, MAX_OPTION_LENGTH)),
      appArmorProfile: top.AppArmorProfile,
      pidMode: HostConfig.PidMode ?? '',
      ipcMode: HostConfig.IpcMode ?? '',
      utsMode: HostConfig.UTSMode ?? '',
      usernsMode: HostConfig.UsernsMode ?? '',
    },
    logDriver: HostConfig.LogConfig?.Type ?? '',
    redactions,
  }
}

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

type Stats = z.infer<typeof STATS>

/**
 * Answer of GET /containers/{id}/stats?stream=false, in doubles: beyond 2^53 ns of CPU time the last digits are lost,
 * far below what a rate shows. Null for the empty struct that an engine answers for a container that does not run.
 */
export function decodeReading(value: unknown): Reading | null {
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

const VERSION = z.object({
  Version: optionalText,
  ApiVersion: optionalText,
  MinAPIVersion: optionalText,
  Os: optionalText,
  Arch: optionalText,
  KernelVersion: optionalText,
})

/** Answer of GET /version. */
export function decodeVersion(value: unknown): EngineVersion {
  const version = parse(VERSION, value, 'the version')
  return {
    version: version.Version,
    apiVersion: version.ApiVersion,
    minApiVersion: version.MinAPIVersion,
    os: version.Os,
    architecture: version.Arch,
    kernelVersion: version.KernelVersion,
  }
}

const INFO = z.object({
  Name: optionalText,
  OperatingSystem: optionalText,
  CgroupVersion: optionalText,
  CgroupDriver: optionalText,
  Driver: optionalText,
  LoggingDriver: optionalText,
  SecurityOptions: strings,
  NCPU: optionalNumber,
  MemTotal: optionalNumber,
})

/** Answer of GET /info, less registries, proxies, swarm and labels. */
export function decodeInfo(value: unknown): EngineInfo {
  const info = parse(INFO, value, 'the info')
  return {
    name: info.Name,
    operatingSystem: info.OperatingSystem,
    cgroupVersion: info.CgroupVersion,
    cgroupDriver: info.CgroupDriver,
    storageDriver: info.Driver,
    loggingDriver: info.LoggingDriver,
    rootless: info.SecurityOptions.some((option) => option.split(',').includes('name=rootless')),
    cpus: info.NCPU || null,
    memoryBytes: info.MemTotal || null,
  }
}

const EVENT = z.object({
  Type: text.nullish(),
  Action: text.nullish(),
  Actor: z.object({ ID: text.nullish() }).nullish(),
  time: optionalNumber,
  timeNano: optionalNumber,
})

const CONTAINER_EVENT = z.object({
  Action: z.string().regex(/^[A-Za-z_-]{1,64}(?::|$)/),
  Actor: z.object({ ID: containerId }),
})

/**
 * One line of GET /events; null where it is not about a container. Of `exec_create: sh -c ...` and `health_status:
 * healthy` the verb alone is kept: what follows is a command line.
 */
export function decodeEvent(line: string): ContainerEvent | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new ApiError('engine-bad-answer', `an event: ${line.length} characters that are no JSON`)
  }
  const event = parse(EVENT, value, 'an event')
  if (event.Type !== 'container') return null
  const { Action, Actor } = parse(CONTAINER_EVENT, event, 'an event')
  return { containerId: Actor.ID, action: Action.replace(/:.*$/s, ''), timeNano: timeNanoOf(line, event) }
}

/**
 * The digits as the line has them, because a double rounds them by hundreds. They cannot be those of a label: a label's
 * value is a string, and a quote within one is escaped.
 */
function timeNanoOf(line: string, event: { timeNano: number | null; time: number | null }): string {
  const digits = /"timeNano"\s{0,8}:\s{0,8}(\d{1,20})\b/.exec(line)?.[1]
  if (digits !== undefined && Number(digits) === event.timeNano) return digits
  return event.time === null || event.time < 0 ? '0' : `${Math.trunc(event.time)}000000000`
}

/**
 * The engine's time in UTC, `Z`, with three digits of milliseconds: one spelling, so texts sort as times do. Null for
 * Go's zero time, which stands for "never".
 */
function utcTime(value: string): string | null {
  return value.startsWith('0001-') ? null : new Date(millisecondsOf(value)).toISOString()
}

function millisecondsOf(value: string): number {
  return TIME.test(value) ? Date.parse(value) : Number.NaN
}

/** Checks the shape. The fault names paths, whose parts may be names from an image, and never a value. */
function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const paths = result.error.issues
    .slice(0, MAX_FAULT_PATHS)
    .map((issue) => JSON.stringify(issue.path.map(String).join('.').slice(0, 100)))
  throw new ApiError('engine-bad-answer', `${what} has the wrong shape at ${paths.join(', ')}`)
}

/** A container that others link to is listed with their names for it too: `/shop-db` and `/shop-web/db`. */
function nameOf(names: readonly string[], id: string): string {
  const plain = names.map((name) => (name.startsWith('/') ? name.slice(1) : name)).filter((name) => name !== '')
  return plain.find((name) => !name.includes('/')) ?? plain[0] ?? id.slice(0, 12)
}

/** Podman's words for states that docker has not got. */
const PODMAN_STATES: ReadonlyMap<string, ContainerState> = new Map([
  ['configured', 'created'],
  ['initialized', 'created'],
  ['stopping', 'running'],
  ['stopped', 'exited'],
])

/**
 * An unknown word is one container's oddity and costs no other container its place: what is left is whether it runs.
 */
function stateOf(word: string, isRunning: boolean): ContainerState {
  const known = CONTAINER_STATES.find((state) => state === word) ?? PODMAN_STATES.get(word)
  return known ?? (isRunning ? 'running' : 'exited')
}

function healthOf(word: string | null | undefined): HealthState {
  return HEALTH_STATES.find((state) => state === word) ?? 'none'
}

function labelsOf(given: Readonly<Record<string, string>>): Scrubbed<ReadonlyMap<string, string>> {
  return scrubLabels(Object.fromEntries(Object.entries(given).slice(0, MAX_LABELS)))
}

/** Both are one command line, so a flag at the end of the entrypoint has its value at the beginning of the command. */
function commandOf(config: Inspect['Config']): Scrubbed<{ entrypoint: readonly string[]; command: readonly string[] }> {
  const entrypoint = (config.Entrypoint ?? []).slice(0, MAX_ARGUMENTS)
  const command = (config.Cmd ?? []).slice(0, MAX_ARGUMENTS)
  const { value, redactions } = scrubArguments([...entrypoint, ...command])
  return {
    value: { entrypoint: value.slice(0, entrypoint.length), command: value.slice(entrypoint.length) },
    redactions,
  }
}

function envNamesOf(env: readonly string[]): readonly string[] {
  return env
    .slice(0, MAX_ENV_NAMES)
    .map((entry) => entry.replace(/=.*$/s, ''))
    .filter((name) => name !== '')
}

function portsOf(bindings: NonNullable<NonNullable<Inspect['NetworkSettings']>['Ports']>): Port[] {
  return Object.entries(bindings).flatMap(([key, published]): Port[] => {
    const [, port, protocol] = /^(\d{1,5})(?:\/([a-z]{1,8}))?$/.exec(key) ?? []
    if (port === undefined) return []
    const inside = { containerPort: Number(port), protocol: protocol ?? 'tcp' }
    if (published === null || published.length === 0) return [{ ip: null, hostPort: null, ...inside }]
    return published.map(({ HostIp, HostPort }) => ({
      ip: HostIp,
      hostPort: /^\d{1,5}$/.test(HostPort ?? '') ? Number(HostPort) || null : null,
      ...inside,
    }))
  })
}

/** The engine keeps ports in no order, so each answer has them in another. */
function sortPorts(ports: readonly Port[]): readonly Port[] {
  return ports
    .toSorted(
      (a, b) =>
        a.containerPort - b.containerPort ||
        compare(a.protocol, b.protocol) ||
        compare(a.ip ?? '', b.ip ?? '') ||
        (a.hostPort ?? 0) - (b.hostPort ?? 0),
    )
    .slice(0, MAX_PORTS)
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function resourcesOf(config: Inspect['HostConfig']): InspectedContainer['resources'] {
  const quota = limit(config.CpuQuota)
  const nanoCpus = limit(config.NanoCpus)
  // The kernel's default period is 100 ms (Documentation/scheduler/sched-bwc).
  const byQuota = quota === null ? null : quota / (config.CpuPeriod || 100_000)
  return {
    memoryLimitBytes: limit(config.Memory),
    memoryReservationBytes: limit(config.MemoryReservation),
    memorySwapLimitBytes: limit(config.MemorySwap),
    cpuLimit: nanoCpus === null ? byQuota : nanoCpus / 1e9,
    cpuShares: limit(config.CpuShares),
    cpusetCpus: config.CpusetCpus,
    pidsLimit: limit(config.PidsLimit),
  }
}

/** 0, -1 and the largest integers all stand for "none". */
function limit(value: number | null): number | null {
  return value !== null && value > 0 && value < NO_LIMIT ? value : null
}

/** Newer engines write `CAP_NET_ADMIN` where older ones keep what the user wrote; one spelling for both. */
function capabilitiesOf(given: readonly string[]): readonly string[] {
  return given.slice(0, MAX_OPTIONS).map((name) => name.toUpperCase().replace(/^CAP_/, ''))
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
