import type { Events } from '../../../live/view.js'
import { composeOf } from '../../../model/container.js'
import type { RecordedEvent } from '../../../model/container-event.js'
import { ApiError } from '../../../model/error.js'
import { matchesSelectors } from '../../../model/label-selector.js'
import type { FeedInput, FeedItem, Input, Sources } from '../../endpoints/input.js'
import { hostsOf } from '../containers/handler.js'
import { presentEvent, presentList } from '../present.js'
import type { EventFilter, EventStreamQuery, EventsQuery } from './query.js'

/** Newest first. A page ends at an event, not at a position: those that come meanwhile shift nothing. */
export function listEvents({ view }: Sources, input: Input<EventsQuery>) {
  const { query, now } = input
  const { cursor, limit, until } = query
  const untilMs = until?.(now) ?? Number.POSITIVE_INFINITY
  const { events } = view.events.after(0)
  const fitting = visible(events, input)
    .filter(({ at }) => at <= untilMs)
    .reverse()
  const cursorAt = events.find(({ id, labels }) => id === cursor && matchesSelectors(labels, input.selectors))
  const before = cursor === undefined ? Number.POSITIVE_INFINITY : cursorAt?.seq
  if (before === undefined) {
    const faults = [{ path: 'cursor', message: 'is not remembered any more: begin again without it' }]
    throw new ApiError('invalid-request', 'a cursor that is gone', { faults })
  }
  const start = fitting.findIndex(({ seq }) => seq < before)
  if (start === -1)
    return presentList({ items: [], nextCursor: null, total: fitting.length }, hostsOf(view, query.host))
  const items = fitting.slice(start, start + limit)
  const nextCursor = start + limit < fitting.length ? (items.at(-1)?.id ?? null) : null
  return presentList({ items: items.map(presentEvent), nextCursor, total: fitting.length }, hostsOf(view, query.host))
}

/** Goes on from where the reader stood; without a place to go on from, from now on, or from `since` on. */
export async function* followEvents(
  { view }: Sources,
  input: FeedInput<string, EventStreamQuery>,
): AsyncGenerator<readonly FeedItem[]> {
  const { query, lastEventId, signal, onOpen } = input
  const { events } = view
  const name = lastEventId ?? query.lastEventId
  const known = name === undefined ? null : placeOf(events, name, input)
  // Who comes back is told of all that came meanwhile, however long ago.
  const asked = known === null ? input : { ...input, query: { ...query, since: null } }
  onOpen(null)
  if (name !== undefined && known === null) yield [gapItem(hostsOf(view, query.host).map(({ id }) => id))]
  const isReplay = name === undefined && query.since !== null
  let position = known ?? (isReplay ? 0 : events.end)
  // Who breaks off before the first event comes back with this name.
  if (known === null) yield [{ event: null, id: standingAt(events, position, input), data: null }]
  for (let isStart = isReplay; !signal.aborted; isStart = false) {
    const passage = events.after(position)
    const shown = visible(passage.events, asked)
    // Who asks for all that is remembered knows that it is not all there ever was.
    const lost = isStart ? [] : passage.lostHosts.filter((id) => query.host.length === 0 || query.host.includes(id))
    yield [
      ...(lost.length > 0 ? [gapItem(lost)] : []),
      ...shown.map((event) => ({ event: 'container', id: event.id, data: presentEvent(event) })),
    ]
    position = passage.next
    await events.wait(position, signal)
  }
}

/** Null also where the event is hidden from the reader, who could tell a right guess at its name from a wrong one. */
function placeOf(events: Events, name: string, { selectors }: Input<EventFilter>): number | null {
  const event = events.after(0).events.find(({ id }) => id === name)
  if (event !== undefined && !matchesSelectors(event.labels, selectors)) return null
  return events.positionOf(name)
}

function gapItem(hosts: readonly string[]): FeedItem {
  return { event: 'gap', id: null, data: { hosts } }
}

/** The latest event up to the position that the reader may see: naming another would tell of it. */
function standingAt(events: Events, position: number, input: Input<EventFilter>): string {
  const shown = visible(events.after(0).events, { ...input, query: { ...input.query, since: null } })
  return shown.findLast(({ seq }) => seq <= position)?.id ?? events.beginning
}

function visible(events: readonly RecordedEvent[], { query, now, selectors }: Input<EventFilter>): RecordedEvent[] {
  const { action, container, name, project, host, since, noise } = query
  const sinceMs = since?.(now) ?? 0
  const parts = name.map((part) => part.toLowerCase())
  return events.filter(
    (event) =>
      matchesSelectors(event.labels, selectors) &&
      (noise || !event.isNoise) &&
      (action.length === 0 || action.includes(event.action)) &&
      (host.length === 0 || host.includes(event.hostId)) &&
      (container.length === 0 || container.some((digits) => event.containerId.startsWith(digits))) &&
      (project.length === 0 || project.includes(composeOf(event.labels).project ?? '')) &&
      (parts.length === 0 || holdsOneOf(event.name?.toLowerCase() ?? '', parts)) &&
      event.at >= sinceMs,
  )
}

function holdsOneOf(text: string, parts: readonly string[]): boolean {
  return parts.some((part) => text.includes(part))
}
