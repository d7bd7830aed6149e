import type { OwnRecords, RecentPage, RecentQuery } from '../../audit/recent.js'
import type { View } from '../../live/view.js'
import type { EngineCall } from '../../model/engine-call.js'
import type { LabelSelector } from '../../model/label-selector.js'

/** What answers are made of. */
export interface Sources {
  readonly view: View
  readonly records: Records
  readonly metrics: Metrics
}

/** What Prometheus reads; `isWhole`: with what counts over all containers and callers. */
export interface Metrics {
  text(isWhole: boolean): Promise<string>
}

/** What the audit trail remembers. */
export interface Records {
  /** Newest first; of `own` alone where it is given. */
  recent(query: RecentQuery, own: OwnRecords | null): RecentPage
}

/** A request as an answer depends on it, stripped of all that is HTTP. */
export interface ReadRequest {
  /** The `:id` of the path, well-formed; empty on routes that have none. */
  readonly id: string
  /** Milliseconds since 1970. */
  readonly now: number
  /** Which containers exist for this caller. */
  readonly selectors: readonly LabelSelector[]
  /** Whether paths on the host may be named to this caller. */
  readonly showHostPaths: boolean
  /** What the answer is to be written as, on routes that leave a choice. */
  readonly format: 'json' | 'ndjson' | 'text'
  /** Gives the signal that fires when the client has gone. */
  readonly signal: () => AbortSignal
  /** Notes a call to an engine that the answer took. */
  readonly recordCall: (call: EngineCall) => void
  /** Whose audit records this caller may read; null is all records. */
  readonly ownRecords: OwnRecords | null
}

/** What a handler is given: the request, what it asks, and the container of a path with `:id`. */
export interface Input<Query, Subject = null> extends ReadRequest {
  readonly query: Query
  /** Null on routes that are not about one container. */
  readonly container: Subject
}

/** What the handler of a feed is given. */
export interface FeedInput<Query, Id, Subject = null> extends Input<Query, Subject> {
  /** Where the client stood: the Last-Event-ID field (HTML standard, section 9.2.4); undefined where there is none. */
  readonly lastEventId: Id | undefined
}
