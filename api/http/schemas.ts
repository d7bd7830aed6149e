import { z } from 'zod'
import { CONTAINER_STATES, HEALTH_STATES } from '../model/container.js'
import type { ContainerFilter } from '../model/container-filter.js'
import { parseDuration } from '../model/duration.js'
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

export const CONTAINER_ID = /^[a-f0-9]{12,64}$/

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
    limit: once(pageSize).transform((limit) => limit ?? MAX_PAGE_SIZE),
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

/** Says which host is meant where containers of several have one id. */
const whichHost = once(text.optional()).transform((host) => host ?? null)
export const ONE_QUERY = z.strictObject({ host: whichHost })
export type OneQuery = z.output<typeof ONE_QUERY>
export const CONTAINERS_QUERY = z
  .strictObject({ ...filterFields, ...pageFields(CONTAINER_SORT_KEYS) })
  .transform(asListQuery)
export const STATS_QUERY = z.strictObject({ ...filterFields, ...pageFields(STATS_SORT_KEYS) }).transform(asListQuery)
export type ListQuery = z.output<typeof CONTAINERS_QUERY>

/** A page of audit records, which are read by people. */
const AUDIT_PAGE_SIZE = 100

const instant = z
  .string()
  .optional()
  .transform((text, context) => {
    if (text === undefined) return undefined
    if (RFC_3339.test(text) && !Number.isNaN(Date.parse(text))) return Date.parse(text)
    context.addIssue({ code: 'custom', message: 'must be a time of RFC 3339, such as 2026-01-31T12:00:00Z' })
    return z.NEVER
  })
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

const sequenceNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'is not a nextCursor of this list')
  .transform(Number)
  .optional()

/** A moment, or how long ago it is. */
const moment = z
  .string()
  .optional()
  .transform((text, context) => {
    if (text === undefined) return null
    const at = RFC_3339.test(text) ? Date.parse(text) : Number.NaN
    if (!Number.isNaN(at)) return () => at
    const ago = parseDuration(text)
    if (ago !== null) return (now: number) => now - ago
    const message = 'must be a time of RFC 3339, such as 2026-01-31T12:00:00Z, or a duration before now, such as 15m'
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })

/** Between steps that hold one reading at most and steps that hide everything. */
const MIN_STEP_MS = 1_000
const MAX_STEP_MS = 3_600_000

const step = z
  .string()
  .optional()
  .transform((text, context) => {
    if (text === undefined) return null
    const milliseconds = parseDuration(text)
    if (milliseconds !== null && milliseconds >= MIN_STEP_MS && milliseconds <= MAX_STEP_MS) return milliseconds
    context.addIssue({ code: 'custom', message: 'must be a duration from 1s to 1h, such as 30s' })
    return z.NEVER
  })

export const HISTORY_QUERY = z.strictObject({ host: whichHost, since: once(moment), step: once(step) })
export type HistoryQuery = z.output<typeof HISTORY_QUERY>

export const AUDIT_QUERY = z.strictObject({
  since: once(instant),
  until: once(instant),
  kind: once(z.enum(['read', 'auth', 'service']).optional()),
  action: once(text.optional()),
  decision: once(z.enum(['allow', 'deny']).optional()),
  subject: once(text.optional()),
  route: once(text.optional()),
  container: once(z.string().regex(CONTAINER_ID, 'must be 12 to 64 lower-case hexadecimal digits').optional()),
  requestId: once(text.optional()),
  limit: once(pageSize).transform((limit) => limit ?? AUDIT_PAGE_SIZE),
  cursor: once(sequenceNumber),
})
export type AuditQuery = z.output<typeof AUDIT_QUERY>

/** Seconds between two events of a stream: the engines are read no faster, and nobody looks less often than each minute. */
const MIN_STREAM_SECONDS = 1
const MAX_STREAM_SECONDS = 60
const STREAM_SECONDS = 5

const streamInterval = z
  .string()
  .optional()
  .transform((text, context) => {
    const seconds = text === undefined ? STREAM_SECONDS : /^\d{1,2}$/.test(text) ? Number(text) : 0
    if (seconds >= MIN_STREAM_SECONDS && seconds <= MAX_STREAM_SECONDS) return seconds
    const message = `must be a whole number of seconds from ${MIN_STREAM_SECONDS} to ${MAX_STREAM_SECONDS}`
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })

const { cursor: _cursor, ...unpaged } = pageFields(STATS_SORT_KEYS)

/** A stream is no page: it has no cursor. `ticket` is read before, where the caller is found out. */
export const STATS_STREAM_QUERY = z
  .strictObject({
    ...filterFields,
    ...unpaged,
    interval: once(streamInterval),
    ticket: once(z.string().optional()),
  })
  .transform(({ interval, ticket: _spent, ...list }, context) => ({ ...asListQuery(list, context), interval }))

export const ONE_STREAM_QUERY = z
  .strictObject({ host: whichHost, interval: once(streamInterval), ticket: once(z.string().optional()) })
  .transform(({ host, interval }) => ({ host, interval }))

/** Characters of a user name that is typed; the ones that exist are shorter. */
const MAX_USERNAME_LENGTH = 256

/** Characters of a password that is typed; the password's own bound is in bytes, where it is checked. */
const MAX_PASSWORD_LENGTH = 1_024

/** Characters of a refresh token and of a stream's path. */
const MAX_FIELD_LENGTH = 256

function field(max: number) {
  return z.string('must be a string').min(1, 'must not be empty').max(max, `takes at most ${max} characters`)
}

export const NO_BODY = z.strictObject({})
export const LOGIN_BODY = z.strictObject({ username: field(MAX_USERNAME_LENGTH), password: field(MAX_PASSWORD_LENGTH) })
export const REFRESH_BODY = z.strictObject({ refreshToken: field(MAX_FIELD_LENGTH) })
export const LOGOUT_BODY = z.strictObject({ refreshToken: field(MAX_FIELD_LENGTH).optional() })
export const TICKET_BODY = z.strictObject({ path: field(MAX_FIELD_LENGTH) })
export type LoginBody = z.output<typeof LOGIN_BODY>
export type RefreshBody = z.output<typeof REFRESH_BODY>
export type LogoutBody = z.output<typeof LOGOUT_BODY>
export type TicketBody = z.output<typeof TICKET_BODY>

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

/** What a caller is told of a value that was refused: which, and what is accepted, never the value itself. */
export function faultsOf(issue: z.core.$ZodIssue): RequestFault[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: key.slice(0, MAX_ECHOED_NAME),
      message: 'is not known to this route',
    }))
  return [{ path: String(issue.path[0] ?? ''), message: issue.message }]
}
