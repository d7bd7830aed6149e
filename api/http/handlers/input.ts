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
  /** Told of each call to an engine that the answer took. */
  readonly onCall: (call: EngineCall) => void
  /** Whose audit records this caller may read; null is everybody's. */
  readonly ownRecords: OwnRecords | null
}
