import { z } from 'zod'
import { CONTAINER_STATES, HEALTH_STATES } from '../model/container.js'
import type { ContainerFilter } from '../model/container-filter.js'
import type { RequestFault } from '../model/error.js'
import { parseLabelSelector } from '../model/label-selector.js'
import { readCursor } from '../model/page.js'

/** Values of one repeatable parameter: more alternatives than anybody types, few enough to compare with each container. */
const MAX_VALUES = 32

/** Characters of one value: the longest that Docker gives a name or an image reference to. */
const MAX_VALUE_LENGTH = 512

/** Items of one page. A list of a hundred hosts still is a few megabytes at most. */
const MAX_PAGE_SIZE = 1_000

/** Characters of a cursor, which holds a sort value, a name and an id in base64: a path or an image can make it long. */
const MAX_CURSOR_LENGTH = 4_096

/** Characters of a parameter's name that an error repeats. */
const MAX_ECHOED_NAME = 64

const text = z
  .string()
  .min(1, 'must not be empty')
  .max(MAX_VALUE_LENGTH, `takes at most ${MAX_VALUE_LENGTH} characters`)

/** A parameter that may be given several times. */
function many<T extends z.ZodType>(value: T) {
  return z.array(value).max(MAX_VALUES, `takes at most ${MAX_VALUES} values`).default([])
}

/** A parameter that may be given once: of two, neither is the one that was meant. */
function once<T extends z.ZodType<unknown, string | undefined>>(value: T) {
  return z
    .array(z.string())
    .max(1, 'is given more than once')
    .optional()
    .transform((values) => values?.[0])
    .pipe(value)
}

const labelSelector = text.transform((given, context) => {
  const selector = parseLabelSelector(given)
  if (selector !== null) return selector
  context.addIssue({ code: 'custom', message: 'must read key or key=value' })
  return z.NEVER
})

const pageSize = z
  .string()
  .regex(/^\d{1,9}$/, `must be a whole number from 1 to ${MAX_PAGE_SIZE}`)
  .transform(Number)
  .pipe(
    z
      .number()
      .min(1, `must be a whole number from 1 to ${MAX_PAGE_SIZE}`)
      .max(MAX_PAGE_SIZE, `must be a whole number from 1 to ${MAX_PAGE_SIZE}`),
  )
  .optional()
  .transform((limit) => limit ?? MAX_PAGE_SIZE)

const filterFields = {
  state: many(z.enum(CONTAINER_STATES)),
  health: many(z.enum(HEALTH_STATES)),
  label: many(labelSelector),
  name: many(text),
  image: many(text),
  project: many(text),
  host: many(text),
}

function pageFields<const Keys extends readonly [string, ...string[]]>(keys: Keys) {
  const directions = [...keys, ...keys.map((key) => `-${key}`)]
  return {
    sort: once(
      z
        .enum(directions)
        .optional()
        .transform((sort) => sort ?? keys[0]),
    ),
    limit: once(pageSize),
    cursor: once(z.string().max(MAX_CURSOR_LENGTH, `takes at most ${MAX_CURSOR_LENGTH} characters`).optional()),
  }
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
const STATS_SORT_KEYS = ['name', 'host', 'cpu', 'memory'] as const

export type ContainerSortKey = (typeof CONTAINER_SORT_KEYS)[number]
export type StatsSortKey = (typeof STATS_SORT_KEYS)[number]

/** Splits what was parsed into the filter and the page that the model understands; refuses a cursor of another order. */
function asListQuery<T extends ContainerFilter & { sort: string; limit: number; cursor?: string | undefined }>(
  { sort, limit, cursor: given, ...filter }: T,
  context: z.RefinementCtx,
) {
  const cursor = given === undefined ? null : readCursor(given, sort)
  if (given !== undefined && cursor === null)
    context.addIssue({ code: 'custom', path: ['cursor'], message: 'is not a nextCursor of this list and sort' })
  return { filter: filter satisfies ContainerFilter as ContainerFilter, page: { sort, limit, cursor } }
}

export const NO_QUERY = z.strictObject({})
export const CONTAINERS_QUERY = z
  .strictObject({ ...filterFields, ...pageFields(CONTAINER_SORT_KEYS) })
  .transform(asListQuery)
export const STATS_QUERY = z.strictObject({ ...filterFields, ...pageFields(STATS_SORT_KEYS) }).transform(asListQuery)
export type ListQuery = z.output<typeof CONTAINERS_QUERY>

const CONTAINER_ID = /^[a-f0-9]{12,64}$/

export function isContainerId(given: string): boolean {
  return CONTAINER_ID.test(given)
}

type Parsed<T> = { readonly value: T; readonly faults?: never } | { readonly faults: readonly RequestFault[] }

/** Parses the query of a URL (`?` and after, or empty). Every parameter reaches the schema as the list of its values. */
export function parseQuery<T>(schema: z.ZodType<T>, search: string): Parsed<T> {
  const raw: Record<string, string[]> = Object.create(null)
  for (const [name, value] of new URLSearchParams(search)) {
    raw[name] ??= []
    raw[name].push(value)
  }
  const parsed = schema.safeParse(raw)
  return parsed.success ? { value: parsed.data } : { faults: parsed.error.issues.flatMap(faultsOf) }
}

function faultsOf(issue: z.core.$ZodIssue): RequestFault[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: key.slice(0, MAX_ECHOED_NAME),
      message: 'is not a parameter of this route',
    }))
  return [{ path: String(issue.path[0] ?? ''), message: issue.message }]
}
