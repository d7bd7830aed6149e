import { composeOf } from '../../../model/container.js'
import type { RecordedEvent } from '../../../model/container-event.js'
import { type LabelSelector, matchesSelectors } from '../../../model/label-selector.js'
import { containsAny } from '../contains-any.js'
import type { EventFilter } from './query.js'

/** The caller who asks for events, and the time. */
export interface EventTerms {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly selectors: readonly LabelSelector[]
}

/** The events that the caller may see and that match the query, in their order. */
export function matchingEvents(
  events: readonly RecordedEvent[],
  { action, container, name, project, host, since, noise }: EventFilter,
  { now, selectors }: EventTerms,
): RecordedEvent[] {
  const sinceMs = since?.(now) ?? 0
  return events.filter(
    (event) =>
      matchesSelectors(event.labels, selectors) &&
      (noise || !event.isNoise) &&
      (action.length === 0 || action.includes(event.action)) &&
      (host.length === 0 || host.includes(event.hostId)) &&
      (container.length === 0 || container.some((digits) => event.containerId.startsWith(digits))) &&
      (project.length === 0 || project.includes(composeOf(event.labels).project ?? '')) &&
      containsAny(event.name ?? '', name) &&
      event.at >= sinceMs,
  )
}
