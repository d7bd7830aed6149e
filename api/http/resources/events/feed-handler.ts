import type { Events, View } from '../../../live/view.js'
import { matchesSelectors } from '../../../model/label-selector.js'
import type { FeedItem } from '../../endpoints/feed.js'
import type { FeedInput, Sources } from '../../endpoints/input.js'
import { hostsOf } from '../list.js'
import { type EVENT_FEED, eventAnswer } from './answer.js'
import { type EventTerms, matchingEvents } from './event-filter.js'
import type { EventFilter, EventStreamQuery } from './query.js'

type Item = FeedItem<typeof EVENT_FEED>
type FollowInput = FeedInput<EventStreamQuery, string>

/** Resumes after the last event that the client got. Without one it begins now, or at `since`. */
export async function* followEvents({ view }: Sources, input: FollowInput): AsyncGenerator<readonly Item[]> {
  const signal = input.signal()
  const { first, filter, isReplay, ...start } = startOf(view, input)
  yield first
  let { position } = start
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const passage = view.events.after(position)
    // A client that asks for the whole memory knows that older events are missing.
    const lost = isFirst && isReplay ? [] : passage.lostHosts.filter((id) => isAsked(id, filter))
    const shown = matchingEvents(passage.events, filter, input)
    yield [...gapItems(lost), ...shown.map(eventItem)]
    position = passage.next
    await view.events.wait(position, signal)
  }
}

interface Start {
  readonly position: number
  readonly first: readonly Item[]
  readonly filter: EventFilter
  /** Whether it begins with all remembered events. */
  readonly isReplay: boolean
}

function startOf(view: View, input: FollowInput): Start {
  const { query, lastEventId = query.lastEventId } = input
  const known = lastEventId === undefined ? null : positionOf(view.events, lastEventId, input)
  // A client that reconnects gets all events since then, even those older than `since`.
  if (known !== null) return { position: known, first: [], filter: { ...query, since: null }, isReplay: false }
  const isReplay = lastEventId === undefined && query.since !== null
  const position = isReplay ? 0 : view.events.end
  const lost = lastEventId === undefined ? [] : hostsOf(view, query.host).map(({ id }) => id)
  // A client that disconnects before the first event reconnects with this id.
  const standing: Item = { event: null, id: standingAt(view.events, position, input), data: null }
  return { position, first: [...gapItems(lost), standing], filter: query, isReplay }
}

/** Null for a hidden event too. Otherwise the client could tell a right guess at its id from a wrong one. */
function positionOf(events: Events, name: string, { selectors }: EventTerms): number | null {
  const event = events.after(0).events.find(({ id }) => id === name)
  if (event !== undefined && !matchesSelectors(event.labels, selectors)) return null
  return events.positionOf(name)
}

/** The id of the latest visible event up to the position. The id of a hidden one would reveal that it happened. */
function standingAt(events: Events, position: number, input: FollowInput): string {
  const shown = matchingEvents(events.after(0).events, { ...input.query, since: null }, input)
  return shown.findLast(({ seq }) => seq <= position)?.id ?? events.beginning
}

function isAsked(hostId: string, { host }: EventFilter): boolean {
  return host.length === 0 || host.includes(hostId)
}

function gapItems(hosts: readonly string[]): readonly Item[] {
  return hosts.length === 0 ? [] : [{ event: 'gap', id: null, data: { hosts } }]
}

function eventItem(event: Parameters<typeof eventAnswer>[0]): Item {
  return { event: 'container', id: event.id, data: eventAnswer(event).content }
}
