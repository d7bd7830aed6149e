import type { OwnRecords, RecentPage, RecentQuery } from '../../audit/recent.js'
import type { View } from '../../live/view.js'
import type { EngineCall } from '../../model/engine-call.js'
import type { LabelSelector } from '../../model/label-selector.js'

/** What handlers make answers from. */
export interface Sources {
  readonly view: View
  readonly records: Records
  readonly metrics: Metrics
}

/** The metrics for Prometheus; `isWhole` includes the totals over all containers and callers. */
export interface Metrics {
  text(isWhole: boolean): Promise<string>
}

/** The audit records in memory. */
export interface Records {
  /** Newest first; those of `own` alone if it is given. */
  recent(query: RecentQuery, own: OwnRecords | null): RecentPage
}

/** The parts of a request that an answer depends on, without anything of HTTP. */
export interface ReadRequest {
  /** Whom shares and quotas count by: all tokens of one subject are one party. */
  readonly party: string
  /** The well-formed `:id` of the path; empty on routes without one. */
  readonly id: string
  /** Milliseconds since 1970. */
  readonly now: number
  /** This caller sees only the containers that these select. */
  readonly selectors: readonly LabelSelector[]
  /** Whether this caller may see paths on the host. */
  readonly showHostPaths: boolean
  /** The negotiated format of the answer, on routes with a choice. */
  readonly format: 'json' | 'ndjson' | 'text'
  /** Returns the signal that fires when the client has gone. */
  readonly signal: () => AbortSignal
  /** Records an engine call that was made for the answer. */
  readonly recordCall: (call: EngineCall) => void
  /** The audit records that this caller may read; null means all. */
  readonly ownRecords: OwnRecords | null
}

/** The input of a handler: the request, its parsed query, and the container of a path with `:id`. */
export interface Input<Query, Subject = null> extends ReadRequest {
  readonly query: Query
  /** Null on routes that are not about one container. */
  readonly container: Subject
}

/** The input of a feed handler. */
export interface FeedInput<Query, Id, Subject = null> extends Input<Query, Subject> {
  /** The last event that the client got: the Last-Event-ID field (HTML standard, section 9.2.4), if it sent one. */
  readonly lastEventId: Id | undefined
}
