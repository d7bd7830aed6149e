import type { RecordedEvent } from '../../../model/container-event.js'
import { ApiError } from '../../../model/error.js'
import { matchesSelectors } from '../../../model/label-selector.js'
import type { Input, Sources } from '../../endpoints/input.js'
import { hostsOf, listAnswer } from '../list.js'
import type { Page } from '../page.js'
import { eventAnswer } from './answer.js'
import { matchingEvents } from './event-filter.js'
import type { EventsQuery } from './query.js'

/** Newest first. */
export function listEvents({ view }: Sources, input: Input<EventsQuery>) {
  const { query, now } = input
  const { events } = view.events.after(0)
  const untilMs = query.until?.(now) ?? Number.POSITIVE_INFINITY
  const fitting = matchingEvents(events, query, input).filter(({ at }) => at <= untilMs)
  const { items, ...page } = pageOf(fitting.reverse(), cursorSeq(events, input), query.limit)
  return listAnswer({ items: items.map(eventAnswer), ...page }, hostsOf(view, query.host))
}

/** A page ends at an event, not at an offset, so that new events do not shift the next page. */
function pageOf(events: readonly RecordedEvent[], beforeSeq: number, limit: number): Page<RecordedEvent> {
  const start = events.findIndex(({ seq }) => seq < beforeSeq)
  const items = start === -1 ? [] : events.slice(start, start + limit)
  const hasMore = start !== -1 && start + limit < events.length
  return { items, nextCursor: hasMore ? (items.at(-1)?.id ?? null) : null, total: events.length }
}

/** The seq of the event that the cursor names; infinite without a cursor. Throws invalid-request if it is forgotten or hidden. */
function cursorSeq(events: readonly RecordedEvent[], { query: { cursor }, selectors }: Input<EventsQuery>): number {
  if (cursor === undefined) return Number.POSITIVE_INFINITY
  const event = events.find(({ id, labels }) => id === cursor && matchesSelectors(labels, selectors))
  if (event !== undefined) return event.seq
  const faults = [{ path: 'cursor', message: 'is not remembered any more: begin again without it' }]
  throw new ApiError('invalid-request', 'a cursor that is gone', { faults })
}
