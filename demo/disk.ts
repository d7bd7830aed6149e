import { amountOf, digest, goTime, type SimulatedContainer } from './container.js'
import { countedImages, imageBytes, layersBytes, type SimulatedImage } from './images.js'
import { listEntry } from './list-entry.js'
import { CACHE_TOKEN } from './planted-secrets.js'
import type { SimulatorState } from './simulator-state.js'
import { type SimulatedVolume, volumeBody } from './volumes.js'

interface CacheRecord {
  readonly name: string
  readonly parent: string | null
  readonly type: 'regular' | 'source.local' | 'exec.cachemount'
  readonly description: string
  readonly inUse: boolean
  readonly shared: boolean
  /** Null for a record that no later build has used. */
  readonly lastUsedMs: number | null
  readonly usageCount: number
}

const KIB = 2 ** 10
const MIB = 2 ** 20
const GIB = 2 ** 30
const DAY_MS = 86_400_000
const SMALLEST_WRITTEN_BYTES = 4 * KIB
const LARGEST_WRITTEN_BYTES = 300 * MIB
const SMALLEST_VOLUME_BYTES = 64 * KIB
const LARGEST_VOLUME_BYTES = 4 * GIB
const SMALLEST_CACHE_BYTES = 8 * KIB
const LARGEST_CACHE_BYTES = 500 * MIB
const CACHE_ID_LENGTH = 25
/** Descriptions contain command lines of the build, one of them with a secret. */
const CACHE_RECORDS: readonly CacheRecord[] = [
  {
    name: 'base',
    parent: null,
    type: 'regular',
    description: 'pulled from docker.io/library/node:20-alpine',
    inUse: false,
    shared: true,
    lastUsedMs: 3 * DAY_MS,
    usageCount: 14,
  },
  {
    name: 'install',
    parent: 'base',
    type: 'regular',
    description: `mount / from exec /bin/sh -c NPM_TOKEN=${CACHE_TOKEN} npm ci --omit=dev`,
    inUse: true,
    shared: false,
    lastUsedMs: 2 * DAY_MS,
    usageCount: 3,
  },
  {
    name: 'context',
    parent: null,
    type: 'source.local',
    description: 'local source for context',
    inUse: false,
    shared: false,
    lastUsedMs: null,
    usageCount: 1,
  },
  {
    name: 'npm',
    parent: null,
    type: 'exec.cachemount',
    description: 'cached mount /root/.npm from exec /bin/sh -c npm ci --omit=dev',
    inUse: false,
    shared: false,
    lastUsedMs: DAY_MS,
    usageCount: 6,
  },
]

/** Body of GET /system/df. */
export function diskBody(state: SimulatorState, at: number): object {
  const containers = state.all()
  const images = state.objectStore.images()
  const cache = CACHE_RECORDS.map((record) => cacheBody(record, state.objectStore.firstAt))
  return {
    LayersSize: layersBytes(images),
    Images: countedImages(images, containers),
    Containers: containers.map((one) => sizedEntry(one, images, at)),
    Volumes: state.objectStore
      .volumes()
      .filter(isMeasured)
      .map((volume) => usedVolume(volume, containers)),
    BuildCache: cache,
    // A field of older API versions: the sum of the records.
    BuilderSize: cache.reduce((sum, { Size }) => sum + Size, 0),
  }
}

/** The engine leaves out volumes with mount options, which may lie on another machine (moby volume/service, LocalVolumesSize). */
function isMeasured({ options }: SimulatedVolume): boolean {
  return options === null || Object.keys(options).length === 0
}

function usedVolume(volume: SimulatedVolume, containers: readonly SimulatedContainer[]): object {
  const isUser = ({ spec }: SimulatedContainer) =>
    spec.mounts.some(({ type, source }) => type === 'volume' && source === volume.name)
  return {
    ...volumeBody(volume),
    UsageData: {
      RefCount: containers.filter(isUser).length,
      Size: amountOf(`volume ${volume.name}`, SMALLEST_VOLUME_BYTES, LARGEST_VOLUME_BYTES),
    },
  }
}

/** SizeRw is absent if it is 0, like every optional number of a list entry. */
function sizedEntry(container: SimulatedContainer, images: readonly SimulatedImage[], at: number): object {
  const image = images.find(({ id }) => id === container.imageId)
  const written = writtenBytes(container)
  return {
    ...listEntry(container, at),
    SizeRw: written === 0 ? undefined : written,
    SizeRootFs: (image === undefined ? 0 : imageBytes(image)) + written,
  }
}

/** Bytes that the container has written into its own layer. */
function writtenBytes({ id, spec, startedAt }: SimulatedContainer): number {
  if (startedAt === null || spec.readOnlyRootFilesystem) return 0
  return amountOf(`written ${id}`, SMALLEST_WRITTEN_BYTES, LARGEST_WRITTEN_BYTES)
}

function cacheBody(record: CacheRecord, createdAt: number) {
  return {
    ID: cacheId(record.name),
    Parent: record.parent === null ? '' : cacheId(record.parent),
    Type: record.type,
    Description: record.description,
    InUse: record.inUse,
    Shared: record.shared,
    Size: amountOf(`cache ${record.name}`, SMALLEST_CACHE_BYTES, LARGEST_CACHE_BYTES),
    CreatedAt: goTime(createdAt),
    LastUsedAt: record.lastUsedMs === null ? null : goTime(createdAt + record.lastUsedMs),
    UsageCount: record.usageCount,
  }
}

function cacheId(name: string): string {
  return digest(`build cache ${name}`).slice(0, CACHE_ID_LENGTH)
}
