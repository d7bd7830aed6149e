import type { RecentRecord } from '../../audit/recent.js'
import {
  type Container,
  composeOf,
  type HealthCheck,
  type InspectedContainer,
  type Mount,
} from '../../model/container.js'
import type { RecordedEvent } from '../../model/container-event.js'
import { engineTimeOfNano, rfc3339Of } from '../../model/engine-time.js'
import type { FileChange } from '../../model/file-change.js'
import type { History, HistoryColumn } from '../../model/history.js'
import type { HostStatus } from '../../model/host.js'
import { problemsOf } from '../../model/problem.js'
import type { ProcessList } from '../../model/process.js'
import type { Sample } from '../../model/sample.js'
import { isHostPathLabel } from '../../redaction/host-path-labels.js'
import { REDACTED } from '../../redaction/scrub.js'
import type { Page } from './page.js'

/** Digits of a short id, as docker prints it. */
const SHORT_ID_LENGTH = 12

export interface PresentTerms {
  /** Milliseconds since 1970. */
  readonly now: number
  /** Whether the caller may know of paths on the host. */
  readonly showHostPaths: boolean
}

export function presentContainer(container: Container, { now, showHostPaths }: PresentTerms) {
  return {
    id: container.id,
    shortId: container.id.slice(0, SHORT_ID_LENGTH),
    host: container.hostId,
    name: container.name,
    image: container.image,
    imageId: container.imageId,
    state: container.state,
    status: container.status,
    health: container.health,
    createdAt: container.createdAt,
    startedAt: container.startedAt,
    finishedAt: container.finishedAt,
    exitCode: container.exitCode,
    oomKilled: container.oomKilled,
    restartCount: container.restartCount,
    problems: problemsOf(container, now),
    ports: container.ports,
    labels: presentLabels(container.labels, showHostPaths),
    project: container.project,
    service: container.service,
    networks: container.networks,
  }
}

/** Paths on the host stand in mounts, devices, some labels, and the engine's error. */
export function presentDetail(
  container: Container,
  inspected: InspectedContainer,
  { now, showHostPaths }: PresentTerms,
) {
  return {
    id: inspected.id,
    shortId: inspected.id.slice(0, SHORT_ID_LENGTH),
    host: container.hostId,
    name: inspected.name,
    image: inspected.image,
    imageId: inspected.imageId,
    state: inspected.state,
    status: container.status,
    health: inspected.health,
    healthFailingStreak: inspected.healthFailingStreak,
    healthLog: inspected.healthLog,
    healthCheck: inspected.healthCheck === null ? null : presentHealthCheck(inspected.healthCheck),
    createdAt: inspected.createdAt,
    startedAt: inspected.startedAt,
    finishedAt: inspected.finishedAt,
    exitCode: inspected.exitCode,
    oomKilled: inspected.oomKilled,
    // The engine's own sentence, which as a rule quotes the source of a mount.
    error: showHostPaths ? inspected.error : null,
    restartCount: inspected.restartCount,
    restartPolicy: inspected.restartPolicy,
    // What the fresh inspect tells, with what only events do.
    problems: problemsOf({ ...inspected, crashes: container.crashes, memoryKills: container.memoryKills }, now),
    crashes: container.crashes.map(time),
    command: inspected.command,
    entrypoint: inspected.entrypoint,
    workingDirectory: inspected.workingDirectory,
    user: inspected.user,
    tty: inspected.tty,
    stopSignal: inspected.stopSignal,
    autoRemove: inspected.autoRemove,
    hostname: inspected.hostname,
    env: inspected.envNames.map((name) => ({ name, value: REDACTED })),
    labels: presentLabels(inspected.labels, showHostPaths),
    project: container.project,
    service: container.service,
    ports: inspected.ports,
    networkMode: inspected.networkMode,
    networks: inspected.networks,
    mounts: inspected.mounts.map((mount) => presentMount(mount, showHostPaths)),
    resources: presentResources(inspected.resources, showHostPaths),
    security: inspected.security,
    logDriver: inspected.logDriver,
    redactions: inspected.redactions,
  }
}

export function presentLabels(labels: ReadonlyMap<string, string>, showHostPaths: boolean): Record<string, string> {
  const shown = [...labels].map(([key, value]) => [key, showHostPaths || !isHostPathLabel(key) ? value : REDACTED])
  return Object.fromEntries(shown)
}

function presentHealthCheck({ command, intervalMs, timeoutMs, startPeriodMs, retries }: HealthCheck) {
  return {
    command,
    intervalSeconds: inSeconds(intervalMs),
    timeoutSeconds: inSeconds(timeoutMs),
    startPeriodSeconds: inSeconds(startPeriodMs),
    retries,
  }
}

function presentResources(resources: InspectedContainer['resources'], showHostPaths: boolean) {
  return {
    memoryLimitBytes: resources.memoryLimitBytes,
    memoryReservationBytes: resources.memoryReservationBytes,
    memorySwapLimitBytes: resources.memorySwapLimitBytes,
    cpuLimit: resources.cpuLimit,
    cpuShares: resources.cpuShares,
    cpusetCpus: resources.cpusetCpus,
    pidsLimit: resources.pidsLimit,
    shmBytes: resources.shmBytes,
    oomKillDisabled: resources.oomKillDisabled,
    ulimits: resources.ulimits,
    devices: resources.devices.map(({ source, destination, permissions }) => ({
      source: showHostPaths ? source : null,
      destination,
      permissions,
    })),
  }
}

export function presentProcesses(container: Container, { processes, isTruncated }: ProcessList) {
  return {
    id: container.id,
    name: container.name,
    host: container.hostId,
    processes: processes.map((one) => ({
      pid: one.pid,
      parentPid: one.parentPid,
      user: one.user,
      command: one.command,
      started: one.started,
      cpuSeconds: one.cpuSeconds,
      cpuPercent: one.cpuPercent,
      memoryPercent: one.memoryPercent,
      residentBytes: one.residentBytes,
      virtualBytes: one.virtualBytes,
      state: one.state,
      terminal: one.terminal,
      other: one.other,
    })),
    truncated: isTruncated,
  }
}

export function presentChanges(
  container: Container,
  page: Page<FileChange>,
  isTruncated: boolean,
  hosts: readonly HostStatus[],
) {
  const { id, name, hostId } = container
  const own = hosts.filter((host) => host.id === hostId)
  return { id, name, host: hostId, ...presentList(page, own), truncated: isTruncated }
}

export function presentEvent(event: RecordedEvent) {
  return {
    id: event.id,
    time: rfc3339Of(engineTimeOfNano(event.timeNano)),
    host: event.hostId,
    action: event.action,
    container: event.containerId,
    name: event.name,
    image: event.image,
    ...composeOf(event.labels),
    exitCode: event.exitCode,
    signal: event.signal,
    health: event.health,
    command: event.command,
    execId: event.execId,
    oldName: event.oldName,
    noise: event.isNoise,
  }
}

function presentMount(mount: Mount, showHostPaths: boolean) {
  return {
    type: mount.type,
    name: mount.name,
    source: showHostPaths ? mount.source : null,
    destination: mount.destination,
    readOnly: mount.readOnly,
    propagation: mount.propagation,
  }
}

/** A container that was not read yet has the same shape, with null for every number. */
export function presentSample(container: Container, sample: Sample | null) {
  const reading = sample?.reading
  const network = reading?.network
  return {
    id: container.id,
    name: container.name,
    host: container.hostId,
    sampledAt: time(reading?.readAt ?? null),
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

/**
 * Columns under the names that a sample has them by, each as long as `times`. `stepMs`: the length of a step where rows are means;
 * null where each is one sample.
 */
export function presentHistory(container: Container, history: History | null, stepMs: number | null) {
  const column = (name: HistoryColumn) => (history?.columns[name] ?? []).map(round)
  const whole = (name: HistoryColumn) =>
    (history?.columns[name] ?? []).map((value) => (value === null ? null : Math.round(value)))
  return {
    id: container.id,
    name: container.name,
    host: container.hostId,
    intervalSeconds: history === null ? null : history.intervalMs / 1_000,
    stepSeconds: stepMs === null ? null : stepMs / 1_000,
    times: (history?.times ?? []).map(time),
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

/** `containers` are those that the caller may see. */
export function presentHost(host: HostStatus, containers: readonly Container[]) {
  const own = containers.filter(({ hostId }) => hostId === host.id)
  const inState = (state: Container['state']) => own.filter((container) => container.state === state).length
  return {
    id: host.id,
    labels: host.labels,
    state: host.state,
    observedAt: time(host.observedAt),
    fault: host.fault === null ? null : { code: host.fault.code, detail: host.fault.detail ?? null },
    name: host.info?.name ?? null,
    version: host.version?.version ?? null,
    apiVersion: host.version?.apiVersion ?? null,
    operatingSystem: host.info?.operatingSystem ?? null,
    os: host.version?.os ?? null,
    architecture: host.version?.architecture ?? null,
    kernelVersion: host.version?.kernelVersion ?? null,
    cgroupVersion: host.info?.cgroupVersion ?? null,
    cgroupDriver: host.info?.cgroupDriver ?? null,
    storageDriver: host.info?.storageDriver ?? null,
    rootless: host.info?.rootless ?? null,
    cpus: host.info?.cpus ?? null,
    memoryBytes: host.info?.memoryBytes ?? null,
    containers: {
      total: own.length,
      running: inState('running'),
      paused: inState('paused'),
      exited: inState('exited'),
    },
  }
}

/** The frame of every list. `observedAt` is the latest of the hosts'. */
export function presentList(page: Page<unknown>, hosts: readonly HostStatus[]) {
  return {
    items: page.items,
    nextCursor: page.nextCursor,
    total: page.total,
    observedAt: observedAt(hosts),
    hosts: hosts.map((host) => ({ id: host.id, state: host.state, observedAt: time(host.observedAt) })),
  }
}

export function observedAt(hosts: readonly HostStatus[]): string | null {
  const latest = Math.max(...hosts.map((host) => host.observedAt ?? 0))
  return latest > 0 ? time(latest) : null
}

function inSeconds(milliseconds: number | null): number | null {
  return milliseconds === null ? null : milliseconds / 1_000
}

export function time(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString()
}

function seconds(nanoseconds: number | null | undefined): number | null {
  return nanoseconds == null ? null : nanoseconds / 1e9
}

/** Three decimals: more is noise, and costs bytes in every answer. */
function round(number: number | null | undefined): number | null {
  return number == null ? null : Math.round(number * 1000) / 1000
}

function percentOf(part: number | null | undefined, whole: number | null | undefined): number | null {
  return part == null || !whole ? null : round((part / whole) * 100)
}

/**
 * A record as the trail holds it, with its place in the chain; `written` is false where it is in memory alone. `showAsked`: whether
 * ids that were asked for and not answered may be named to this caller.
 */
export function presentRecord({ record, isWritten }: RecentRecord, showAsked: boolean) {
  return { ...recordMembers(record, showAsked), written: isWritten }
}

function recordMembers(record: RecentRecord['record'], showAsked: boolean) {
  const { seq, time: at, kind, prev, hash } = record
  if (kind === 'service') return { seq, time: at, kind, action: record.action, prev, hash }
  const { decision, requestId, address, subject, issuer, tokenId, sessionId } = record
  const actor = { decision, requestId, address, subject, issuer, tokenId, sessionId }
  if (kind === 'auth')
    return { seq, time: at, kind, action: record.action, ...actor, reason: record.reason, prev, hash }
  const { code, status, method, route, scope, filter, engine, bytes, redactions } = record
  const container = showAsked || code === null ? record.container : null
  const read = { code, status, method, route, scope, filter, container, engine, bytes, redactions }
  return { seq, time: at, kind, ...actor, ...read, prev, hash }
}
