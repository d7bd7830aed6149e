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

/** Goes on from where the client stood; without a place to go on from, from now on, or from `since` on. */
export async function* followEvents({ view }: Sources, input: FollowInput): AsyncGenerator<readonly Item[]> {
  const signal = input.signal()
  const { first, filter, isReplay, ...start } = startOf(view, input)
  yield first
  let { position } = start
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const passage = view.events.after(position)
    // A client that asks for all that is remembered knows that it is not all there ever was.
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
  /** Whether it begins with all that is remembered. */
  readonly isReplay: boolean
}

function startOf(view: View, input: FollowInput): Start {
  const { query, lastEventId = query.lastEventId } = input
  const known = lastEventId === undefined ? null : positionOf(view.events, lastEventId, input)
  // A client that comes back is given all that came meanwhile, however long ago.
  if (known !== null) return { position: known, first: [], filter: { ...query, since: null }, isReplay: false }
  const isReplay = lastEventId === undefined && query.since !== null
  const position = isReplay ? 0 : view.events.end
  const lost = lastEventId === undefined ? [] : hostsOf(view, query.host).map(({ id }) => id)
  // A client that breaks off before the first event comes back with this name.
  const standing: Item = { event: null, id: standingAt(view.events, position, input), data: null }
  return { position, first: [...gapItems(lost), standing], filter: query, isReplay }
}

/** Null also where the event is hidden from the client, which could tell a right guess at its name from a wrong one. */
function positionOf(events: Events, name: string, { selectors }: EventTerms): number | null {
  const event = events.after(0).events.find(({ id }) => id === name)
  if (event !== undefined && !matchesSelectors(event.labels, selectors)) return null
  return events.positionOf(name)
}

/** The latest event up to the position that the client may see: another's name would reveal that it happened. */
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
