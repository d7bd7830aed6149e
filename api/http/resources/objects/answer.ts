import { z } from 'zod'
import type { HostObjects } from '../../../live/view.js'
import type { Container } from '../../../model/container.js'
import type { Image, Network, Volume } from '../../../model/engine-object.js'
import { HOST_STATES, type HostStatus } from '../../../model/host.js'
import { REDACTED } from '../../../redaction/scrub.js'
import type { Answer, ContentOf } from '../../endpoints/answer.js'
import {
  containerId,
  engineFault,
  faultOf,
  flag,
  integer,
  optionalInteger,
  optionalText,
  optionalTime,
  text,
  textByName,
  texts,
  timeOf,
} from '../answer-parts.js'
import { redactionsOf } from '../list.js'
import type { Page } from '../page.js'
import { showLabels } from '../shown-labels.js'

/** One object of one host, with those of its containers that the caller may see. */
export interface Row<T> {
  readonly host: string
  readonly object: T
  readonly users: readonly Container[]
}

const useFields = { inUse: flag, containers: z.array(z.strictObject({ id: containerId, name: text })) }

const IMAGE = z.strictObject({
  id: text,
  host: text,
  name: optionalText,
  tags: texts,
  digests: texts,
  createdAt: optionalTime,
  sizeBytes: optionalInteger,
  labels: textByName,
  ...useFields,
})

export function imageAnswer(
  { host, object, users }: Row<Image>,
  showHostPaths: boolean,
): Answer<ContentOf<typeof IMAGE>> {
  const { labels, hidden } = showLabels(object.labels, showHostPaths)
  const content = {
    id: object.id,
    host,
    name: object.tags[0] ?? null,
    tags: object.tags,
    digests: object.digests,
    createdAt: object.createdAt,
    sizeBytes: object.sizeBytes,
    labels,
    ...useOf(users),
  }
  return { content, redactions: object.redactions + hidden }
}

const NETWORK = z.strictObject({
  id: text,
  host: text,
  name: text,
  driver: text,
  scope: text,
  createdAt: optionalTime,
  internal: flag,
  attachable: flag,
  ipv6: flag,
  subnets: z.array(z.strictObject({ subnet: optionalText, gateway: optionalText, ipRange: optionalText })),
  labels: textByName,
  options: textByName,
  ...useFields,
})

export function networkAnswer(
  { host, object, users }: Row<Network>,
  showHostPaths: boolean,
): Answer<ContentOf<typeof NETWORK>> {
  const { labels, hidden } = showLabels(object.labels, showHostPaths)
  const content = {
    id: object.id,
    host,
    name: object.name,
    driver: object.driver,
    scope: object.scope,
    createdAt: object.createdAt,
    internal: object.internal,
    attachable: object.attachable,
    ipv6: object.ipv6,
    subnets: object.subnets,
    labels,
    options: Object.fromEntries(object.options),
    ...useOf(users),
  }
  return { content, redactions: object.redactions + hidden }
}

const VOLUME = z.strictObject({
  // The name of a volume is its id.
  name: text,
  host: text,
  driver: text,
  scope: text,
  createdAt: optionalTime,
  mountpoint: optionalText,
  sizeBytes: optionalInteger,
  labels: textByName,
  options: textByName,
  ...useFields,
})

/** `sizeBytes` comes from the last measurement of disk use; null before the first. */
export function volumeAnswer(
  { host, object, users }: Row<Volume>,
  sizeBytes: number | null,
  showHostPaths: boolean,
): Answer<ContentOf<typeof VOLUME>> {
  const { labels, hidden } = showLabels(object.labels, showHostPaths)
  const content = {
    name: object.name,
    host,
    driver: object.driver,
    scope: object.scope,
    createdAt: object.createdAt,
    mountpoint: showHostPaths ? object.mountpoint : null,
    sizeBytes,
    labels,
    options: Object.fromEntries([...object.options].map(([key, value]) => [key, showHostPaths ? value : REDACTED])),
    ...useOf(users),
  }
  const inOptions = showHostPaths ? object.hostPathRedactions : object.options.size
  return { content, redactions: object.redactions + hidden + inOptions }
}

function useOf(users: readonly Container[]) {
  return { inUse: users.length > 0, containers: users.map(({ id, name }) => ({ id, name })) }
}

function objectListOf<Item extends z.ZodType>(item: Item) {
  const host = z.strictObject({
    id: text,
    state: z.enum(HOST_STATES).nullable(),
    observedAt: optionalTime,
    fault: engineFault,
  })
  return z.strictObject({
    items: z.array(item),
    nextCursor: optionalText,
    total: integer,
    observedAt: optionalTime,
    hosts: z.array(host),
  })
}

export const IMAGE_LIST = objectListOf(IMAGE)
export const NETWORK_LIST = objectListOf(NETWORK)
export const VOLUME_LIST = objectListOf(VOLUME)

/** The frame of every list. A host with an old or missing answer says why. */
export function objectListAnswer<Item>(
  { items, nextCursor, total }: Page<Answer<Item>>,
  answers: readonly HostObjects<unknown>[],
  hosts: readonly HostStatus[],
) {
  const latest = Math.max(...answers.map(({ observedAt }) => observedAt ?? 0))
  const content = {
    items: items.map((item) => item.content),
    nextCursor,
    total,
    observedAt: latest > 0 ? timeOf(latest) : null,
    hosts: answers.map(({ hostId, observedAt, fault }) => ({
      id: hostId,
      state: hosts.find(({ id }) => id === hostId)?.state ?? null,
      observedAt: timeOf(observedAt),
      fault: faultOf(fault),
    })),
  }
  return { content, redactions: redactionsOf(items) }
}
