import { z } from 'zod'
import { parseDuration } from '../../../model/duration.js'
import { asListQuery, filterFields } from '../containers/query.js'
import { moment, once, pageFields, whichHost } from '../query-parts.js'

const SORT_KEYS = ['name', 'host', 'cpu', 'memory'] as const
export type StatsSortKey = (typeof SORT_KEYS)[number]

export const STATS_QUERY = z.strictObject({ ...filterFields, ...pageFields(SORT_KEYS) }).transform(asListQuery)

/** Shorter steps would hold at most one reading; longer steps would hide everything. */
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

/** Seconds between two events of a stream. Engines are not read faster, and a dashboard refreshes at least each minute. */
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

const { cursor: _cursor, ...unpaged } = pageFields(SORT_KEYS)

/** A stream has no pages, so no cursor. `ticket` is accepted here because the authentication middleware has read it before. */
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
