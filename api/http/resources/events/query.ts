import { z } from 'zod'
import { CONTAINER_ID, flag, many, moment, once, pageSize, text } from '../query-parts.js'

/** Events on one page, which people read. */
const PAGE_SIZE = 100

/** The id of an event, or of the beginning of the journal. */
const EVENT_ID = /^[\w.-]{1,64}$/

export function readEventId(text: string): string | null {
  return EVENT_ID.test(text) ? text : null
}

const eventFields = {
  action: many(text),
  container: many(z.string().regex(CONTAINER_ID, 'must be 12 to 64 lower-case hexadecimal digits')),
  name: many(text),
  project: many(text),
  host: many(text),
  since: once(moment),
  noise: flag(false),
}

export const EVENTS_QUERY = z.strictObject({
  ...eventFields,
  until: once(moment),
  limit: once(pageSize).transform((limit) => limit ?? PAGE_SIZE),
  cursor: once(z.string().regex(EVENT_ID, 'is not a nextCursor of this list').optional()),
})
export type EventsQuery = z.output<typeof EVENTS_QUERY>

export const EVENT_STREAM_QUERY = z
  .strictObject({
    ...eventFields,
    lastEventId: once(z.string().regex(EVENT_ID, 'is not an id of this stream').optional()),
    ticket: once(z.string().optional()),
  })
  .transform(({ ticket: _spent, ...query }) => query)
export type EventStreamQuery = z.output<typeof EVENT_STREAM_QUERY>
export type EventFilter = Pick<EventsQuery, keyof typeof eventFields>
