import { amountOf, digest, type SimulatedContainer } from './container.js'
import { BUILD_TOKEN } from './planted-secrets.js'

export interface SimulatedImage {
  /** The name that containers use; null for an image that lost its name to a newer build. */
  readonly reference: string | null
  readonly id: string
  readonly createdAt: number
  /** False for an image that was built locally, so no registry has a digest for it. */
  readonly pulled: boolean
  readonly labels: Readonly<Record<string, string>> | null
  /** Bytes of the layers that all images of the same origin share. */
  readonly baseBytes: number
  readonly ownBytes: number
  readonly origin: string
}

const MIB = 2 ** 20
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const SMALLEST_BASE_BYTES = 3 * MIB
const LARGEST_BASE_BYTES = 90 * MIB
const SMALLEST_OWN_BYTES = MIB
const LARGEST_OWN_BYTES = 400 * MIB
const NOT_COUNTED = -1

/** The image id of containers with that reference. */
export function imageId(reference: string): string {
  return `sha256:${digest(`image ${reference}`)}`
}

/** An image from a registry, built before `firstAt`, which is before the first container. */
export function pulledImage(reference: string, firstAt: number): SimulatedImage {
  return image(reference, reference, firstAt)
}

/** The release before the running one, and an older build of it that lost its name. No container uses them. */
export function unusedImages(firstAt: number): readonly SimulatedImage[] {
  const previous = 'registry.example.com/shop/api:2.13.0'
  return [
    {
      ...image(previous, previous, firstAt),
      pulled: false,
      labels: {
        'build.token': BUILD_TOKEN,
        'org.opencontainers.image.source': 'https://git.example.com/shop/api',
        'org.opencontainers.image.version': '2.13.0',
      },
    },
    { ...image(null, 'registry.example.com/shop/api:2.12.9', firstAt), pulled: false },
  ]
}

/** One entry of GET /images/json. It counts neither containers nor shared layers; GET /system/df does. */
export function imageBody(one: SimulatedImage, containers = NOT_COUNTED, sharedBytes = NOT_COUNTED): object {
  const size = imageBytes(one)
  return {
    Containers: containers,
    Created: Math.floor(one.createdAt / 1000),
    Id: one.id,
    Labels: one.labels,
    ParentId: '',
    RepoDigests: repoDigests(one),
    RepoTags: repoTags(one),
    SharedSize: sharedBytes,
    Size: size,
    VirtualSize: size,
  }
}

export function imageBytes(one: SimulatedImage): number {
  return one.baseBytes + one.ownBytes
}

/** The images of GET /system/df. */
export function countedImages(
  images: readonly SimulatedImage[],
  containers: readonly SimulatedContainer[],
): readonly object[] {
  const siblings = countBy(images, (one) => one.origin)
  const users = countBy(containers, (one) => one.imageId)
  return images.map((one) =>
    imageBody(one, users.get(one.id) ?? 0, (siblings.get(one.origin) ?? 0) > 1 ? one.baseBytes : 0),
  )
}

/** Bytes of all layers on disk. Shared layers count once. */
export function layersBytes(images: readonly SimulatedImage[]): number {
  const bases = new Map(images.map((one) => [one.origin, one.baseBytes]))
  const own = images.reduce((sum, one) => sum + one.ownBytes, 0)
  return [...bases.values()].reduce((sum, bytes) => sum + bytes, own)
}

function image(reference: string | null, made: string, firstAt: number): SimulatedImage {
  const origin = originOf(made)
  return {
    reference,
    id: imageId(made),
    createdAt: firstAt - amountOf(`age ${made}`, HOUR_MS, 90 * DAY_MS),
    pulled: true,
    labels: null,
    baseBytes: amountOf(`base ${origin}`, SMALLEST_BASE_BYTES, LARGEST_BASE_BYTES),
    ownBytes: amountOf(`own ${made}`, SMALLEST_OWN_BYTES, LARGEST_OWN_BYTES),
    origin,
  }
}

/** Images of one owner in a registry share a base. */
function originOf(reference: string): string {
  const { repository } = partsOf(reference)
  return repository.includes('/') ? repository.slice(0, repository.lastIndexOf('/')) : repository
}

/** A colon before the last slash belongs to the registry's port. */
function partsOf(reference: string): { readonly repository: string; readonly tag: string | null } {
  const [named = ''] = reference.split('@')
  const colon = named.lastIndexOf(':')
  if (colon > named.lastIndexOf('/')) return { repository: named.slice(0, colon), tag: named.slice(colon + 1) }
  return { repository: named, tag: reference.includes('@') ? null : 'latest' }
}

/** For an image with neither tag nor digest the engine writes this pair (moby daemon/images/images.go, Images). */
function repoTags({ reference }: SimulatedImage): readonly string[] | null {
  if (reference === null) return ['<none>:<none>']
  const { repository, tag } = partsOf(reference)
  return tag === null ? null : [`${repository}:${tag}`]
}

function repoDigests({ reference, pulled }: SimulatedImage): readonly string[] | null {
  if (reference === null) return ['<none>@<none>']
  if (reference.includes('@')) return [reference]
  return pulled ? [`${partsOf(reference).repository}@sha256:${digest(`manifest ${reference}`)}`] : null
}

function countBy<T>(all: readonly T[], nameOf: (one: T) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const one of all) counts.set(nameOf(one), (counts.get(nameOf(one)) ?? 0) + 1)
  return counts
}
