import { z } from 'zod'
import type { InspectedContainer, Port } from '../../model/container.js'
import { ApiError } from '../../model/error.js'
import { type Scrubbed, scrubText } from '../../redaction/scrub.js'
import { CONTAINER_SCRUB_CHARACTERS, ScrubBudget } from '../../redaction/scrub-budget.js'
import { type MakeReader, WholeReader } from '../json/answer-reader.js'
import { type JsonBounds, UNIT_BOUNDS } from '../json/json-bounds.js'
import { shapeOf } from '../json/json-shape.js'
import { COMMAND, commandOf, envNamesOf } from './container-command.js'
import { compare, MAX_MOUNTS, MAX_NETWORKS, nameOf, sortPorts } from './container-parts.js'
import { healthOf, stateOf } from './container-state.js'
import {
  containerId,
  flag,
  labels,
  limit,
  MAX_VALUE,
  number,
  optionalNumber,
  optionalText,
  optionalTime,
  parse,
  scrubbedLabels,
  strings,
  text,
  time,
  utcTime,
} from './shape.js'
import type { StaticTexts } from './static-texts.js'

/** Capabilities of one container, and security options. */
const MAX_OPTIONS = 64

/** Characters of a security option: a seccomp profile stands there with all its text. */
const MAX_OPTION_LENGTH = 256

/** The engine itself keeps the last five runs of a health check. */
const MAX_HEALTH_RUNS = 5

/** Characters shown of it, half of what the engine keeps. */
const MAX_HEALTH_OUTPUT = 2_048

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
    ...COMMAND,
    Image: text.nullish(),
    WorkingDir: text.nullish(),
    User: text.nullish(),
    Tty: flag,
    StopSignal: optionalText,
    Hostname: text.nullish(),
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
    ShmSize: optionalNumber,
    OomKillDisable: flag,
    AutoRemove: flag,
    Ulimits: z.array(z.object({ Name: text, Soft: number, Hard: number })).nullish(),
    Devices: z
      .array(z.object({ PathOnHost: text, PathInContainer: text, CgroupPermissions: text.nullish() }))
      .nullish(),
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

/** An inspect has the environment too, of which the names are shown. A process may have 2 MiB of it and of its arguments (execve(2)). */
const BOUNDS: JsonBounds = { ...UNIT_BOUNDS, unitBytes: 1024 * 1024 }

const SHAPE = shapeOf(INSPECT)

/** Answer of GET /containers/{id}/json for this id, without its secrets. */
export function inspectAnswer(id: string, texts: StaticTexts): MakeReader<InspectedContainer> {
  return () => new WholeReader(SHAPE, BOUNDS, (value, isCut) => decodeInspect(value, { id, isCut, texts }))
}

interface Asked {
  readonly id: string
  readonly isCut: boolean
  readonly texts: StaticTexts
}

function decodeInspect(value: unknown, { id, isCut, texts }: Asked): InspectedContainer {
  const { Config, HostConfig, State, ...top } = parse(INSPECT, value, 'the inspect')
  // An engine looks for a name first, and a proxy may mix up its answers: what is shown has to be what was asked for.
  if (top.Id !== id) throw new ApiError('engine-bad-answer', 'the inspect is of another container')
  let textRedactions = 0
  const clean = <T>(scrubbed: Scrubbed<T>): T => {
    textRedactions += scrubbed.redactions
    return scrubbed.value
  }
  const budget = newBudget()
  // A container with a hundred mounts has as much text in them as in all else.
  const mountBudget = newBudget()
  const cleanText = (dirty: string, from = budget) => clean(scrubText(dirty, from)).slice(0, MAX_VALUE)
  let hostPathRedactions = 0
  const cleanHostPath = (dirty: string, from = budget) => {
    const scrubbed = scrubText(dirty, from)
    hostPathRedactions += scrubbed.redactions
    return clean(scrubbed).slice(0, MAX_VALUE)
  }
  const state = stateOf(State.Status, State.Running)
  const { entrypoint, command, healthCheck } = clean(texts.command(id, () => commandOf(Config, newBudget())))
  const envValues = Config.Env.filter((entry) => /=./s.test(entry)).length
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
    error: State.Error === null ? null : cleanHostPath(State.Error),
    health: healthOf(State.Health?.Status),
    healthFailingStreak: State.Health?.FailingStreak ?? null,
    healthLog: (State.Health?.Log ?? []).slice(-MAX_HEALTH_RUNS).map((run) => ({
      startedAt: run.Start,
      endedAt: run.End,
      exitCode: run.ExitCode,
      // Cut after it is scrubbed: a secret that is cut in half has no shape any more.
      output: cleanText(run.Output ?? '').slice(0, MAX_HEALTH_OUTPUT),
    })),
    healthCheck,
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
    stopSignal: Config.StopSignal,
    autoRemove: HostConfig.AutoRemove,
    hostname: Config.Hostname ?? '',
    envNames: envNamesOf(Config.Env),
    labels: clean(texts.labels(id, () => scrubbedLabels(Config.Labels, newBudget()))),
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
    // The engine gives mounts in another order each time.
    mounts: (top.Mounts ?? [])
      .toSorted((a, b) => compare(a.Destination, b.Destination))
      .slice(0, MAX_MOUNTS)
      .map((mount) => ({
        type: mount.Type ?? '',
        name: mount.Name === null ? null : cleanText(mount.Name, mountBudget),
        source: mount.Source === null ? null : cleanHostPath(mount.Source, mountBudget),
        destination: cleanText(mount.Destination, mountBudget),
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
    // After all that is cleaned above.
    redactions: textRedactions + envValues,
    textRedactions,
    hostPathRedactions,
    // After all that is looked at above.
    isPartial: isCut || budget.isSpent || mountBudget.isSpent,
  }
}

/** For texts that never change, and for those that do. */
function newBudget(): ScrubBudget {
  return new ScrubBudget(CONTAINER_SCRUB_CHARACTERS)
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
    shmBytes: limit(config.ShmSize),
    oomKillDisabled: config.OomKillDisable,
    ulimits: (config.Ulimits ?? []).slice(0, MAX_OPTIONS).map(({ Name, Soft, Hard }) => ({
      name: Name,
      soft: Soft,
      hard: Hard,
    })),
    devices: (config.Devices ?? []).slice(0, MAX_OPTIONS).map(({ PathOnHost, PathInContainer, CgroupPermissions }) => ({
      source: PathOnHost,
      destination: PathInContainer,
      permissions: CgroupPermissions ?? '',
    })),
  }
}

/** Newer engines write `CAP_NET_ADMIN` where older ones keep what the user wrote; one spelling for both. */
function capabilitiesOf(given: readonly string[]): readonly string[] {
  return given.slice(0, MAX_OPTIONS).map((name) => name.toUpperCase().replace(/^CAP_/, ''))
}
