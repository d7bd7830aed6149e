import { z } from 'zod'
import type { Image, Network, Volume } from '../../model/engine-object.js'
import { type Scrubbed, scrubText } from '../../redaction/scrub.js'
import { itemAnswer, type MakeReader } from '../json/answer-reader.js'
import {
  flag,
  labels,
  optionalNumber,
  optionalText,
  optionalTime,
  scrubbedLabels,
  seconds,
  strings,
  text,
} from './shape.js'

/** Tags, and digests, kept of one image. */
const MAX_NAMES = 256

/** Subnets kept of one network. */
const MAX_SUBNETS = 64

const IMAGE = z.object({
  Id: text,
  RepoTags: strings,
  RepoDigests: strings,
  Created: seconds.nullish(),
  Size: optionalNumber,
  Labels: labels,
})

/** Answer of GET /images/json. */
export const imagesAnswer = objectsAnswer(IMAGE, 'the images', (image): Image => {
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

/** Reads a list of objects; those that do not fit are left out. */
function objectsAnswer<Schema extends z.ZodType, Item>(
  schema: Schema,
  what: string,
  decode: (object: z.output<Schema>) => Item,
  within?: string,
): MakeReader<readonly Item[]> {
  return itemAnswer(schema, {
    what,
    ...(within === undefined ? {} : { within, isNullable: true }),
    decode(value) {
      const { success, data } = schema.safeParse(value)
      return success ? decode(data) : null
    },
    finish: ({ items }) => items,
  })
}

/** `<none>:<none>` and `<none>@<none>` stand for no name in older engines. */
function namesOf(names: readonly string[]): Scrubbed<readonly string[]> {
  const real = names.filter((name) => !/^<none>[:@]<none>$/.test(name))
  const scrubbed = real.slice(0, MAX_NAMES).map((name) => scrubText(name))
  return { value: scrubbed.map(({ value }) => value), redactions: redactionsOf(...scrubbed) }
}

function redactionsOf(...parts: readonly Scrubbed<unknown>[]): number {
  return parts.reduce((total, { redactions }) => total + redactions, 0)
}

const NETWORK = z.object({
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
})

/** Answer of GET /networks. */
export const networksAnswer = objectsAnswer(NETWORK, 'the networks', (network): Network => {
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

const VOLUME = z.object({
  Name: text,
  Driver: text.nullish(),
  Scope: text.nullish(),
  CreatedAt: optionalTime,
  Mountpoint: optionalText,
  Labels: labels,
  Options: labels,
})

/** Answer of GET /volumes. */
export const volumesAnswer = objectsAnswer(
  VOLUME,
  'the volumes',
  (volume): Volume => {
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
  },
  'Volumes',
)
