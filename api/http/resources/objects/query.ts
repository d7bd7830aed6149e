import { z } from 'zod'
import { flag, labelSelector, many, pageFields, splitPage, text } from '../query-parts.js'

const IMAGE_SORT_KEYS = ['name', 'host', 'createdAt', 'size'] as const
const NETWORK_SORT_KEYS = ['name', 'host', 'driver', 'createdAt'] as const
const VOLUME_SORT_KEYS = ['name', 'host', 'driver', 'createdAt', 'size'] as const

export type ImageSortKey = (typeof IMAGE_SORT_KEYS)[number]
export type NetworkSortKey = (typeof NETWORK_SORT_KEYS)[number]
export type VolumeSortKey = (typeof VOLUME_SORT_KEYS)[number]

/** Whether a container uses the object; if not given, both are listed. */
const inUse = flag(null)

const objectFields = { name: many(text), label: many(labelSelector), host: many(text), inUse }

export const IMAGES_QUERY = z.strictObject({ ...objectFields, ...pageFields(IMAGE_SORT_KEYS) }).transform(splitPage)
export const NETWORKS_QUERY = z.strictObject({ ...objectFields, ...pageFields(NETWORK_SORT_KEYS) }).transform(splitPage)
export const VOLUMES_QUERY = z.strictObject({ ...objectFields, ...pageFields(VOLUME_SORT_KEYS) }).transform(splitPage)
export type ObjectsQuery = z.output<typeof IMAGES_QUERY>
export type ObjectFilter = ObjectsQuery['filter']

export const SYSTEM_QUERY = z.strictObject({ host: many(text), disk: flag(true) })
export type SystemQuery = z.output<typeof SYSTEM_QUERY>
