import { z } from 'zod'
import type { DiskUse, DiskUsePart, Image, Network, Volume } from '../../model/engine-object.js'
import { scrubText } from '../../redaction/scrub.js'
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

/** Tags of one image, and digests. */
const MAX_NAMES = 256

/** Subnets of one network. */
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
  return parse(IMAGES, value, 'the images').map((image) => ({
    id: image.Id,
    tags: namesOf(image.RepoTags),
    digests: namesOf(image.RepoDigests),
    // 0 and Go's zero time stand for an unknown time.
    createdAt: image.Created && image.Created > 0 ? new Date(image.Created * 1_000).toISOString() : null,
    sizeBytes: image.Size,
    labels: scrubbedLabels(image.Labels).value,
  }))
}

/** `<none>:<none>` and `<none>@<none>` stand for no name in older engines. */
function namesOf(names: readonly string[]): readonly string[] {
  const real = names.filter((name) => !/^<none>[:@]<none>$/.test(name))
  return real.slice(0, MAX_NAMES).map((name) => scrubText(name).value)
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
  return parse(NETWORKS, value, 'the networks').map((network) => ({
    id: network.Id,
    name: scrubText(network.Name).value,
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
    labels: scrubbedLabels(network.Labels).value,
    options: scrubbedLabels(network.Options).value,
  }))
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
  return (parse(VOLUMES, value, 'the volumes').Volumes ?? []).map((volume) => ({
    name: scrubText(volume.Name).value,
    driver: volume.Driver ?? '',
    scope: volume.Scope ?? '',
    createdAt: volume.CreatedAt,
    mountpoint: volume.Mountpoint === null ? null : scrubText(volume.Mountpoint).value,
    labels: scrubbedLabels(volume.Labels).value,
    options: scrubbedLabels(volume.Options).value,
  }))
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
  // -1 is a size that the engine has not worked out. Then shared layers look like the image's own.
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
