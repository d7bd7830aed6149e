import type { HostObjects } from '../../../live/view.js'
import type { Container } from '../../../model/container.js'
import type { DiskUse, Image, Network, Volume } from '../../../model/engine-object.js'
import type { HostStatus } from '../../../model/host.js'
import { REDACTED } from '../../../redaction/scrub.js'
import type { Page } from '../page.js'
import { presentHost, presentLabels, time } from '../present.js'

/** `users`: the containers that use it and that the caller may see. */
export function presentImage(host: string, image: Image, users: readonly Container[], showHostPaths: boolean) {
  return {
    id: image.id,
    host,
    name: image.tags[0] ?? null,
    tags: image.tags,
    digests: image.digests,
    createdAt: image.createdAt,
    sizeBytes: image.sizeBytes,
    labels: presentLabels(image.labels, showHostPaths),
    inUse: users.length > 0,
    containers: users.map(presentUser),
  }
}

export function presentNetwork(host: string, network: Network, users: readonly Container[], showHostPaths: boolean) {
  return {
    id: network.id,
    host,
    name: network.name,
    driver: network.driver,
    scope: network.scope,
    createdAt: network.createdAt,
    internal: network.internal,
    attachable: network.attachable,
    ipv6: network.ipv6,
    subnets: network.subnets,
    labels: presentLabels(network.labels, showHostPaths),
    options: Object.fromEntries(network.options),
    inUse: users.length > 0,
    containers: users.map(presentUser),
  }
}

/** `sizeBytes`: as the disk use told when it was last measured; null before. */
export function presentVolume(
  host: string,
  volume: Volume,
  users: readonly Container[],
  sizeBytes: number | null,
  showHostPaths: boolean,
) {
  return {
    // A volume has no id but its name.
    name: volume.name,
    host,
    driver: volume.driver,
    scope: volume.scope,
    createdAt: volume.createdAt,
    mountpoint: showHostPaths ? volume.mountpoint : null,
    sizeBytes,
    labels: presentLabels(volume.labels, showHostPaths),
    options: Object.fromEntries([...volume.options].map(([key, value]) => [key, showHostPaths ? value : REDACTED])),
    inUse: users.length > 0,
    containers: users.map(presentUser),
  }
}

/** The frame of every list; a host whose answer is old or missing says why. */
export function presentObjectList(
  page: Page<unknown>,
  answers: readonly HostObjects<unknown>[],
  hosts: readonly HostStatus[],
) {
  const latest = Math.max(...answers.map(({ observedAt }) => observedAt ?? 0))
  return {
    items: page.items,
    nextCursor: page.nextCursor,
    total: page.total,
    observedAt: latest > 0 ? time(latest) : null,
    hosts: answers.map((answer) => ({
      id: answer.hostId,
      state: hosts.find(({ id }) => id === answer.hostId)?.state ?? null,
      observedAt: time(answer.observedAt),
      fault: presentFault(answer),
    })),
  }
}

/** `disk` is null where the caller may not see all containers, or has not asked. */
export function presentSystem(host: HostStatus, containers: readonly Container[], disk: HostObjects<DiskUse> | null) {
  return {
    ...presentHost(host, containers),
    minApiVersion: host.version?.minApiVersion ?? null,
    loggingDriver: host.info?.loggingDriver ?? null,
    clockSkewSeconds: host.clockSkewMs === null ? null : host.clockSkewMs / 1_000,
    disk: disk === null ? null : presentDiskUse(disk),
  }
}

function presentDiskUse(answer: HostObjects<DiskUse>) {
  const { value, observedAt } = answer
  return {
    observedAt: time(observedAt),
    fault: presentFault(answer),
    images: value?.images ?? null,
    containers: value?.containers ?? null,
    volumes: value?.volumes ?? null,
    buildCache: value?.buildCache ?? null,
  }
}

function presentFault({ fault }: HostObjects<unknown>) {
  return fault === null ? null : { code: fault.code, detail: fault.detail ?? null }
}

function presentUser({ id, name }: Container) {
  return { id, name }
}
