import { z } from 'zod'
import { CONTAINER_STATES, HEALTH_STATES } from '../../model/container.js'
import { parseDuration } from '../../model/duration.js'
import { PROBLEMS } from '../../model/problem.js'
import type { ContainerFilter } from './containers/container-filter.js'
import {
  CONTAINER_ID,
  instant,
  labelSelector,
  many,
  moment,
  once,
  pageFields,
  pageSize,
  splitPage,
  text,
  whichHost,
} from './query-parts.js'

const filterFields = {
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
const STATS_SORT_KEYS = ['name', 'host', 'cpu', 'memory'] as const

export type ContainerSortKey = (typeof CONTAINER_SORT_KEYS)[number]
export type StatsSortKey = (typeof STATS_SORT_KEYS)[number]

/** Splits what was parsed into the filter and the page that the model understands. */
function asListQuery<T extends ContainerFilter & { sort: string; limit: number; cursor?: string | undefined }>(
  query: T,
  context: z.RefinementCtx,
) {
  const { filter, page } = splitPage(query, context)
  return { filter: filter satisfies ContainerFilter as ContainerFilter, page }
}

export const NO_QUERY = z.strictObject({})

export const ONE_QUERY = z.strictObject({ host: whichHost })
export type OneQuery = z.output<typeof ONE_QUERY>
export const CONTAINERS_QUERY = z
  .strictObject({ ...filterFields, ...pageFields(CONTAINER_SORT_KEYS) })
  .transform(asListQuery)
export const STATS_QUERY = z.strictObject({ ...filterFields, ...pageFields(STATS_SORT_KEYS) }).transform(asListQuery)
export type ListQuery = z.output<typeof CONTAINERS_QUERY>

/** A page of audit records, which are read by people. */
const AUDIT_PAGE_SIZE = 100

const sequenceNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'is not a nextCursor of this list')
  .transform(Number)
  .optional()

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
