import type { LabelSelector } from '../../model/label-selector.js'

/** What a handler knows of a request: parsed, checked, and stripped of all that is HTTP. */
export interface Input<Query> {
  readonly query: Query
  /** The `:id` of the path, well-formed; empty on routes that have none. */
  readonly id: string
  /** Which containers exist for this caller. */
  readonly selectors: readonly LabelSelector[]
  /** Whether paths on the host may be named to this caller. */
  readonly showHostPaths: boolean
}
