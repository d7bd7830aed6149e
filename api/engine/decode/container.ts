import { z } from 'zod'
import type { InspectedContainer, ListedContainer, Port } from '../../model/container.js'
import { type Scrubbed, scrubArguments, scrubText } from '../../redaction/scrub.js'
import { healthOf, stateOf } from './container-state.js'
import {
  containerId,
  flag,
  labels,
  limit,
  MAX_SCRUBBED_VALUE,
  MAX_VALUE,
  number,
  optionalNumber,
  optionalText,
  optionalTime,
  parse,
  scrubbedLabels,
  scrubCommandLine,
  seconds,
  strings,
  text,
  time,
  utcTime,
  words,
} from './shape.js'

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

/** Characters of one health check's output that are looked at: what the engine keeps, and a margin. */
const MAX_SCRUBBED_OUTPUT = 8_192

/** Characters kept of it, half of what the engine keeps. */
const MAX_HEALTH_OUTPUT = 2_048

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
    Mounts: z.array(z.object({ Type: text.nullish(), Name: optionalText })).nullish(),
  }),
)

/** Answer of GET /containers/json. */
export function decodeContainers(value: unknown): readonly ListedContainer[] {
  return parse(LIST, value, 'the list').map((entry) => {
    const image = scrubText(entry.Image)
    const labels = scrubbedLabels(entry.Labels)
    return {
      id: entry.Id,
      name: nameOf(entry.Names, entry.Id),
      image: image.value,
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
      labels: labels.value,
      networks: Object.keys(entry.NetworkSettings?.Networks ?? {}).slice(0, MAX_NETWORKS),
      volumes: (entry.Mounts ?? [])
        .flatMap(({ Type, Name }) => (Type === 'volume' && Name !== null ? [scrubText(Name).value] : []))
        .toSorted(compare)
        .slice(0, MAX_MOUNTS),
      redactions: image.redactions + labels.redactions,
    }
  })
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

const HEALTH_CHECK = z.object({
  Test: strings,
  Interval: optionalNumber,
  Timeout: optionalNumber,
  StartPeriod: optionalNumber,
  Retries: optionalNumber,
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
    StopSignal: optionalText,
    Hostname: text.nullish(),
    Healthcheck: HEALTH_CHECK.nullish(),
    Shell: strings,
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

/** Answer of GET /containers/{id}/json, without its secrets. */
export function decodeInspect(value: unknown): InspectedContainer {
  const { Config, HostConfig, State, ...top } = parse(INSPECT, value, 'the inspect')
  let textRedactions = 0
  const clean = <T>(scrubbed: Scrubbed<T>): T => {
    textRedactions += scrubbed.redactions
    return scrubbed.value
  }
  const cleanText = (dirty: string) => clean(scrubText(dirty))
  const state = stateOf(State.Status, State.Running)
  const { entrypoint, command } = clean(commandOf(Config))
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
    error: State.Error === null ? null : cleanText(State.Error),
    health: healthOf(State.Health?.Status),
    healthFailingStreak: State.Health?.FailingStreak ?? null,
    healthLog: (State.Health?.Log ?? []).slice(-MAX_HEALTH_RUNS).map((run) => ({
      startedAt: run.Start,
      endedAt: run.End,
      exitCode: run.ExitCode,
      // Cut after it is scrubbed: a secret that is cut in half has no shape any more.
      output: cleanText((run.Output ?? '').slice(0, MAX_SCRUBBED_OUTPUT)).slice(0, MAX_HEALTH_OUTPUT),
    })),
    healthCheck: clean(healthCheckOf(Config)),
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
    labels: clean(scrubbedLabels(Config.Labels)),
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
    // The engine keeps mounts in no order, so each answer has them in another.
    mounts: (top.Mounts ?? [])
      .toSorted((a, b) => compare(a.Destination, b.Destination))
      .slice(0, MAX_MOUNTS)
      .map((mount) => ({
        type: mount.Type ?? '',
        name: mount.Name === null ? null : cleanText(mount.Name),
        source: mount.Source === null ? null : cleanText(mount.Source),
        destination: cleanText(mount.Destination),
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
  }
}

/** A container that others link to is listed with their names for it too: `/shop-db` and `/shop-web/db`. */
function nameOf(names: readonly string[], id: string): string {
  const plain = names.map((name) => (name.startsWith('/') ? name.slice(1) : name)).filter((name) => name !== '')
  return plain.find((name) => !name.includes('/')) ?? plain[0] ?? id.slice(0, 12)
}

/** Both are one command line, so a flag at the end of the entrypoint has its value at the beginning of the command. */
function commandOf(config: Inspect['Config']): Scrubbed<{ entrypoint: readonly string[]; command: readonly string[] }> {
  const entrypoint = (config.Entrypoint ?? []).slice(0, MAX_ARGUMENTS)
  const command = (config.Cmd ?? []).slice(0, MAX_ARGUMENTS)
  const looked = [...entrypoint, ...command].map((argument) => argument.slice(0, MAX_SCRUBBED_VALUE))
  const { value: whole, redactions } = scrubArguments(looked)
  const value = whole.map((argument) => argument.slice(0, MAX_VALUE))
  return {
    value: { entrypoint: value.slice(0, entrypoint.length), command: value.slice(entrypoint.length) },
    redactions,
  }
}

/** What a shell that is not named is (moby daemon/health.go, getShell). */
const DEFAULT_SHELL = ['/bin/sh', '-c']

const NANOSECONDS_PER_MILLISECOND = 1_000_000

/**
 * The command in one line and scrubbed as one, as events spell it, so that an event's command can be told to be the health
 * check's though nobody holds its secrets.
 */
function healthCheckOf({ Healthcheck, Shell }: Inspect['Config']): Scrubbed<InspectedContainer['healthCheck']> {
  const [kind, ...test] = Healthcheck?.Test ?? []
  if (Healthcheck == null || (kind !== 'CMD' && kind !== 'CMD-SHELL')) return { value: null, redactions: 0 }
  const words = kind === 'CMD' ? test : [...(Shell.length > 0 ? Shell : DEFAULT_SHELL), ...test]
  const { value: command, redactions } = scrubCommandLine(words.join(' '))
  const milliseconds = (nanoseconds: number | null) =>
    nanoseconds === null || nanoseconds <= 0 ? null : nanoseconds / NANOSECONDS_PER_MILLISECOND
  const value = {
    command,
    intervalMs: milliseconds(Healthcheck.Interval),
    timeoutMs: milliseconds(Healthcheck.Timeout),
    startPeriodMs: milliseconds(Healthcheck.StartPeriod),
    retries: Healthcheck.Retries || null,
  }
  return { value, redactions }
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
