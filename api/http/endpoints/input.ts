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

/** What Prometheus reads; `isWhole`: whether what counts over all containers and callers is told. */
export interface Metrics {
  text(isWhole: boolean): Promise<string>
}

/** What the audit trail remembers. */
export interface Records {
  /** Newest first; of `own` alone where it is given. */
  recent(query: RecentQuery, own: OwnRecords | null): RecentPage
}

/** What a handler knows of a request: parsed, checked, and stripped of all that is HTTP. */
export interface Input<Query> {
  readonly query: Query
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
  /** Fires when the one who asks has gone. */
  readonly signal: AbortSignal
  /** Told of each call to an engine that the answer took. */
  readonly onCall: (call: EngineCall) => void
  /** Whose audit records this caller may read; null is everybody's. */
  readonly ownRecords: OwnRecords | null
}

/** What a feed knows of the request that opened it. */
export interface FeedInput<Id, Query> extends Input<Query> {
  /** Where the reader stood: the Last-Event-ID field (HTML standard, section 9.2.4); undefined where there is none. */
  readonly lastEventId: Id | undefined
  /** To be called before the first item, with the one container that the feed is about, or null. */
  readonly onOpen: (container: string | null) => void
}

/** One server-sent event; `event` null is none: it tells the reader where it stands and nothing else. */
export interface FeedItem {
  readonly event: string | null
  readonly id: string | null
  readonly data: unknown
}
