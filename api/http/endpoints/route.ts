import type { z } from 'zod'
import type { View } from '../../live/view.js'
import type { Container } from '../../model/container.js'
import { ApiError } from '../../model/error.js'
import type { Scope } from '../../model/scope.js'
import { parseQuery } from '../resources/query-parts.js'
import type { ReadRequest } from './input.js'

/** What every row of the table says about its route. Tests and documents read it too. */
export interface Route {
  readonly path: string
  readonly scope: Scope
  /** Every route below /api counts toward the general limit, and some toward the stats limit besides. The metrics have their own. */
  readonly limit: 'general' | 'stats' | 'metrics'
  /** The schema of its query. */
  readonly query: z.ZodType
}

/**
 * What an answer is made from. The view counts versions of `containers` and `stats`, and `metrics` have one a second, so an answer
 * from them is rendered once for all callers who see the same. An answer from anything else is rendered per request. `engine` makes
 * each caller wait for a call of its own; `objects` are fetched once at a time for all callers together.
 */
export type Source = 'containers' | 'stats' | 'metrics' | 'memory' | 'objects' | 'engine'

/** Milliseconds for which the metrics are as they were rendered: no Prometheus asks more often. */
const METRICS_STEP_MS = 1_000

/** The version that an answer is made from; null if each request is rendered anew. `now`: milliseconds since 1970. */
export function versionOf(from: Source, view: View, now: number): number | null {
  if (from === 'stats') return view.statsVersion
  if (from === 'metrics') return Math.floor(now / METRICS_STEP_MS)
  return from === 'containers' ? view.version : null
}

/** A path about one container. Its query can name the host, because several hosts may have the id. */
export type OnePath = `/api/containers/:id${string}`
export interface OneQuery {
  readonly host: string | null
}

/** Finds the subject of a request. */
export type Resolve<Query, Subject extends Container | null> = (
  view: View,
  query: Query,
  request: ReadRequest,
) => Subject

export const noContainer = () => null

/** Throws what View.find throws. */
export function findContainer(view: View, { host }: OneQuery, { id, selectors }: ReadRequest): Container {
  return view.find(id, host, selectors)
}

/** Parses the query of a URL. Throws invalid-request, naming each parameter that is wrong. */
export function queryOf<Query>(schema: z.ZodType<Query>, url: string): Query {
  const at = url.indexOf('?')
  const parsed = parseQuery(schema, at === -1 ? '' : url.slice(at))
  if (parsed.faults !== undefined) throw new ApiError('invalid-request', 'query refused', { faults: parsed.faults })
  return parsed.value
}
