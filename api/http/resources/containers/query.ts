import { z } from 'zod'
import { CONTAINER_STATES, HEALTH_STATES } from '../../../model/container.js'
import { CHANGE_KINDS } from '../../../model/file-change.js'
import { PROBLEMS } from '../../../model/problem.js'
import { labelSelector, many, pageFields, splitPage, text, whichHost } from '../query-parts.js'
import type { ContainerFilter } from './container-filter.js'

/** Filters of a list of containers, or of their statistics. */
export const filterFields = {
  state: many(z.enum(CONTAINER_STATES)),
  health: many(z.enum(HEALTH_STATES)),
  problem: many(z.enum(PROBLEMS)),
  label: many(labelSelector),
  name: many(text),
  image: many(text),
  project: many(text),
  host: many(text),
}

const CONTAINER_SORT_KEYS = [
  'name',
  'host',
  'image',
  'project',
  'state',
  'createdAt',
  'startedAt',
  'restartCount',
] as const
const CHANGE_SORT_KEYS = ['path', 'kind'] as const

export type ContainerSortKey = (typeof CONTAINER_SORT_KEYS)[number]
export type ChangeSortKey = (typeof CHANGE_SORT_KEYS)[number]

/** Splits a parsed query into the filter and the page. */
export function asListQuery<T extends ContainerFilter & { sort: string; limit: number; cursor?: string | undefined }>(
  query: T,
  context: z.RefinementCtx,
) {
  const { filter, page } = splitPage(query, context)
  return { filter: filter satisfies ContainerFilter as ContainerFilter, page }
}

export const CONTAINERS_QUERY = z
  .strictObject({ ...filterFields, ...pageFields(CONTAINER_SORT_KEYS) })
  .transform(asListQuery)
export type ListQuery = z.output<typeof CONTAINERS_QUERY>

export const CHANGES_QUERY = z
  .strictObject({
    path: many(text),
    kind: many(z.enum(CHANGE_KINDS)),
    host: whichHost,
    ...pageFields(CHANGE_SORT_KEYS),
  })
  .transform(({ host, ...query }, context) => ({ host, ...splitPage(query, context) }))
export type ChangesQuery = z.output<typeof CHANGES_QUERY>
