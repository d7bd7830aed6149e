import { z } from 'zod'
import type { DiskUse, DiskUsePart, Image, Network, Volume } from '../../model/engine-object.js'
import { type Scrubbed, scrubText } from '../../redaction/scrub.js'
import {
  flag,
  labels,
  optionalNumber,
  optionalText,
  optionalTime,
  parse,
  scrubbedLabels,
  seconds,
  strings,
  text,
} from './shape.js'

/** Tags, and digests, kept of one image. */
const MAX_NAMES = 256

/** Subnets kept of one network. */
const MAX_SUBNETS = 64

const IMAGES = z.array(
  z.object({
    Id: text,
    RepoTags: strings,
    RepoDigests: strings,
    Created: seconds.nullish(),
    Size: optionalNumber,
    Labels: labels,
  }),
)

/** Answer of GET /images/json. */
export function decodeImages(value: unknown): readonly Image[] {
  return parse(IMAGES, value, 'the images').map((image) => {
    const tags = namesOf(image.RepoTags)
    const digests = namesOf(image.RepoDigests)
    const labels = scrubbedLabels(image.Labels)
    return {
      id: image.Id,
      tags: tags.value,
      digests: digests.value,
      // 0 and Go's zero time stand for an unknown time.
      createdAt: image.Created && image.Created > 0 ? new Date(image.Created * 1_000).toISOString() : null,
      sizeBytes: image.Size,
      labels: labels.value,
      redactions: redactionsOf(tags, digests, labels),
    }
  })
}

/** `<none>:<none>` and `<none>@<none>` stand for no name in older engines. */
function namesOf(names: readonly string[]): Scrubbed<readonly string[]> {
  const real = names.filter((name) => !/^<none>[:@]<none>$/.test(name))
  const scrubbed = real.slice(0, MAX_NAMES).map((name) => scrubText(name))
  return { value: scrubbed.map(({ value }) => value), redactions: redactionsOf(...scrubbed) }
}

function redactionsOf(...parts: readonly Scrubbed<unknown>[]): number {
  return sum(parts, ({ redactions }) => redactions)
}

const NETWORKS = z.array(
  z.object({
    Id: text,
    Name: text,
    Driver: text.nullish(),
    Scope: text.nullish(),
    Created: optionalTime,
    Internal: flag,
    Attachable: flag,
    EnableIPv6: flag,
    IPAM: z
      .object({
        Config: z.array(z.object({ Subnet: optionalText, Gateway: optionalText, IPRange: optionalText })).nullish(),
      })
      .nullish(),
    Labels: labels,
    Options: labels,
  }),
)

/** Answer of GET /networks. */
export function decodeNetworks(value: unknown): readonly Network[] {
  return parse(NETWORKS, value, 'the networks').map((network) => {
    const name = scrubText(network.Name)
    const labels = scrubbedLabels(network.Labels)
    const options = scrubbedLabels(network.Options)
    return {
      id: network.Id,
      name: name.value,
      driver: network.Driver ?? '',
      scope: network.Scope ?? '',
      createdAt: network.Created,
      internal: network.Internal,
      attachable: network.Attachable,
      ipv6: network.EnableIPv6,
      subnets: (network.IPAM?.Config ?? []).slice(0, MAX_SUBNETS).map(({ Subnet, Gateway, IPRange }) => ({
        subnet: Subnet,
        gateway: Gateway,
        ipRange: IPRange,
      })),
      labels: labels.value,
      options: options.value,
      redactions: redactionsOf(name, labels, options),
    }
  })
}

const VOLUME = z.object({
  Name: text,
  Driver: text.nullish(),
  Scope: text.nullish(),
  CreatedAt: optionalTime,
  Mountpoint: optionalText,
  Labels: labels,
  Options: labels,
})

const VOLUMES = z.object({ Volumes: z.array(VOLUME).nullish() })

/** Answer of GET /volumes. */
export function decodeVolumes(value: unknown): readonly Volume[] {
  return (parse(VOLUMES, value, 'the volumes').Volumes ?? []).map((volume) => {
    const name = scrubText(volume.Name)
    const mountpoint = volume.Mountpoint === null ? { value: null, redactions: 0 } : scrubText(volume.Mountpoint)
    const labels = scrubbedLabels(volume.Labels)
    const options = scrubbedLabels(volume.Options)
    return {
      name: name.value,
      driver: volume.Driver ?? '',
      scope: volume.Scope ?? '',
      createdAt: volume.CreatedAt,
      mountpoint: mountpoint.value,
      labels: labels.value,
      options: options.value,
      redactions: redactionsOf(name, labels),
      hostPathRedactions: redactionsOf(mountpoint, options),
    }
  })
}

const USAGE = z.object({ Size: optionalNumber, RefCount: optionalNumber }).nullish()

const DISK_USE = z.object({
  LayersSize: optionalNumber,
  Images: z.array(z.object({ Containers: optionalNumber, Size: optionalNumber, SharedSize: optionalNumber })).nullish(),
  Containers: z.array(z.object({ State: text.nullish(), SizeRw: optionalNumber })).nullish(),
  Volumes: z.array(z.object({ Name: text, UsageData: USAGE })).nullish(),
  BuildCache: z.array(z.object({ Size: optionalNumber, InUse: flag, Shared: flag })).nullish(),
})

/**
 * Answer of GET /system/df, added up as docker/cli does (cli/command/formatter/disk_usage.go): layers that images share count
 * once; what is reclaimable is what no container uses; a running container's layer is in use, a stopped one's is not.
 */
export function decodeDiskUse(value: unknown): DiskUse {
  const use = parse(DISK_USE, value, 'the disk use')
  const images = use.Images ?? []
  const containers = use.Containers ?? []
  const volumes = use.Volumes ?? []
  const cache = use.BuildCache ?? []
  const layers = use.LayersSize ?? 0
  const usedImages = images.filter(({ Containers }) => (Containers ?? 0) > 0)
  // -1 is a size that nobody has worked out: then the shared layers cannot be told from the image's own.
  const usedBytes = sum(usedImages, ({ Size, SharedSize }) => Math.max(0, (Size ?? 0) - Math.max(0, SharedSize ?? 0)))
  const isActive = (state: string | null | undefined) => /^(?:running|paused|restarting)$/.test(state ?? '')
  const known = volumes.map(({ UsageData }) => ({ bytes: sizeOf(UsageData), uses: UsageData?.RefCount ?? 0 }))
  return {
    images: part(images.length, usedImages.length, layers, Math.max(0, layers - usedBytes)),
    containers: part(
      containers.length,
      containers.filter(({ State }) => isActive(State)).length,
      sum(containers, ({ SizeRw }) => SizeRw ?? 0),
      sum(containers, ({ State, SizeRw }) => (isActive(State) ? 0 : (SizeRw ?? 0))),
    ),
    volumes: part(
      volumes.length,
      known.filter(({ uses }) => uses > 0).length,
      sum(known, ({ bytes }) => bytes ?? 0),
      sum(known, ({ bytes, uses }) => (uses > 0 ? 0 : (bytes ?? 0))),
    ),
    buildCache: part(
      cache.length,
      cache.filter(({ InUse }) => InUse).length,
      sum(cache, ({ Size, Shared }) => (Shared ? 0 : (Size ?? 0))),
      sum(cache, ({ Size, Shared, InUse }) => (Shared || InUse ? 0 : (Size ?? 0))),
    ),
    volumeBytes: new Map(volumes.map(({ Name, UsageData }) => [scrubText(Name).value, sizeOf(UsageData)])),
  }
}

function part(count: number, active: number, sizeBytes: number, reclaimableBytes: number): DiskUsePart {
  return { count, active, sizeBytes, reclaimableBytes }
}

function sizeOf(usage: z.infer<typeof USAGE>): number | null {
  const size = usage?.Size ?? null
  return size === null || size < 0 ? null : size
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
