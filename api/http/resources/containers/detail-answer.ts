import { z } from 'zod'
import type { Container, HealthCheck, InspectedContainer, Mount } from '../../../model/container.js'
import { problemsOf } from '../../../model/problem.js'
import { REDACTED } from '../../../redaction/scrub.js'
import type { Answer, ContentOf } from '../../endpoints/answer.js'
import {
  flag,
  integer,
  number,
  optionalInteger,
  optionalNumber,
  optionalText,
  optionalTime,
  text,
  texts,
  time,
  timeOf,
} from '../answer-parts.js'
import { showLabels } from '../shown-labels.js'
import { containerFields, SHORT_ID_LENGTH, type Terms } from './answer.js'

const HEALTH_CHECK = z.strictObject({
  command: text,
  intervalSeconds: optionalNumber,
  timeoutSeconds: optionalNumber,
  startPeriodSeconds: optionalNumber,
  retries: optionalInteger,
})

const MOUNT = z.strictObject({
  type: text,
  name: optionalText,
  source: optionalText,
  destination: text,
  readOnly: flag,
  propagation: optionalText,
})

const RESOURCES = z.strictObject({
  memoryLimitBytes: optionalInteger,
  memoryReservationBytes: optionalInteger,
  memorySwapLimitBytes: optionalInteger,
  cpuLimit: optionalNumber,
  cpuShares: optionalInteger,
  cpusetCpus: optionalText,
  pidsLimit: optionalInteger,
  shmBytes: optionalInteger,
  oomKillDisabled: flag,
  ulimits: z.array(z.strictObject({ name: text, soft: number, hard: number })),
  devices: z.array(z.strictObject({ source: optionalText, destination: text, permissions: text })),
})

export const CONTAINER_DETAIL = z.strictObject({
  ...containerFields,
  healthFailingStreak: optionalInteger,
  healthLog: z.array(
    z.strictObject({ startedAt: optionalTime, endedAt: optionalTime, exitCode: integer, output: text }),
  ),
  healthCheck: HEALTH_CHECK.nullable(),
  error: optionalText,
  restartCount: integer,
  restartPolicy: z.strictObject({ name: text, maximumRetryCount: integer }),
  crashes: z.array(time),
  command: texts,
  entrypoint: texts,
  workingDirectory: text,
  user: text,
  tty: flag,
  stopSignal: optionalText,
  autoRemove: flag,
  hostname: text,
  env: z.array(z.strictObject({ name: text, value: z.literal(REDACTED) })),
  networkMode: text,
  networks: z.array(
    z.strictObject({
      name: text,
      ipAddress: optionalText,
      ipv6Address: optionalText,
      gateway: optionalText,
      macAddress: optionalText,
      aliases: texts,
    }),
  ),
  mounts: z.array(MOUNT),
  resources: RESOURCES,
  security: z.strictObject({
    privileged: flag,
    readOnlyRootFilesystem: flag,
    capabilitiesAdded: texts,
    capabilitiesDropped: texts,
    securityOptions: texts,
    appArmorProfile: optionalText,
    pidMode: text,
    ipcMode: text,
    utsMode: text,
    usernsMode: text,
  }),
  logDriver: text,
  redactions: integer,
})

/** Paths on the host are in mounts, devices, some labels, and the engine's error. */
export function detailAnswer(
  container: Container,
  inspected: InspectedContainer,
  { now, showHostPaths }: Terms,
): Answer<ContentOf<typeof CONTAINER_DETAIL>> {
  const { labels, hidden } = showLabels(inspected.labels, showHostPaths)
  const content: ContentOf<typeof CONTAINER_DETAIL> = {
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
    healthCheck: inspected.healthCheck === null ? null : showHealthCheck(inspected.healthCheck),
    createdAt: inspected.createdAt,
    startedAt: inspected.startedAt,
    finishedAt: inspected.finishedAt,
    exitCode: inspected.exitCode,
    oomKilled: inspected.oomKilled,
    // The engine's own sentence, which usually quotes the source of a mount.
    error: showHostPaths ? inspected.error : null,
    restartCount: inspected.restartCount,
    restartPolicy: inspected.restartPolicy,
    // The fields of the fresh inspect, plus those that only events provide.
    problems: problemsOf({ ...inspected, crashes: container.crashes, memoryKills: container.memoryKills }, now),
    crashes: container.crashes.map((at) => timeOf(at)),
    command: inspected.command,
    entrypoint: inspected.entrypoint,
    workingDirectory: inspected.workingDirectory,
    user: inspected.user,
    tty: inspected.tty,
    stopSignal: inspected.stopSignal,
    autoRemove: inspected.autoRemove,
    hostname: inspected.hostname,
    env: inspected.envNames.map((name) => ({ name, value: REDACTED })),
    labels,
    project: container.project,
    service: container.service,
    // Of the list as well: it gives the labels by which the caller may see the container.
    partial: inspected.isPartial || container.isPartial,
    ports: inspected.ports,
    networkMode: inspected.networkMode,
    networks: inspected.networks,
    mounts: inspected.mounts.map((mount) => showMount(mount, showHostPaths)),
    resources: showResources(inspected.resources, showHostPaths),
    security: inspected.security,
    logDriver: inspected.logDriver,
    // The same number for every caller: it counts secrets, not paths on the host (docs/decisions/0008-host-paths-in-labels.md).
    redactions: inspected.redactions,
  }
  const inTexts = inspected.textRedactions - (showHostPaths ? 0 : inspected.hostPathRedactions)
  return { content, redactions: inTexts + content.env.length + hidden }
}

function showHealthCheck({ command, intervalMs, timeoutMs, startPeriodMs, retries }: HealthCheck) {
  return {
    command,
    intervalSeconds: inSeconds(intervalMs),
    timeoutSeconds: inSeconds(timeoutMs),
    startPeriodSeconds: inSeconds(startPeriodMs),
    retries,
  }
}

function showMount(mount: Mount, showHostPaths: boolean) {
  return {
    type: mount.type,
    name: mount.name,
    source: showHostPaths ? mount.source : null,
    destination: mount.destination,
    readOnly: mount.readOnly,
    propagation: mount.propagation,
  }
}

function showResources(resources: InspectedContainer['resources'], showHostPaths: boolean) {
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

function inSeconds(milliseconds: number | null): number | null {
  return milliseconds === null ? null : milliseconds / 1_000
}
