import type { z } from 'zod'
import type { View } from '../../live/view.js'
import type { Container } from '../../model/container.js'
import { ApiError } from '../../model/error.js'
import type { Scope } from '../../model/scope.js'
import { parseQuery } from '../resources/query-parts.js'
import type { ReadRequest } from './input.js'

/** What every row of the table says of its route. Tables, tests and documents read it; the row's own method answers. */
export interface Route {
  readonly path: string
  readonly scope: Scope
  /** Every route below /api counts toward the general limit; some count toward the stats limit as well. */
  readonly limit: 'general' | 'stats' | 'none'
  /** What it may be asked. */
  readonly query: z.ZodType
}

/**
 * What an answer is made from. Out of `containers` and `stats`, whose versions the view counts, it is rendered once for all
 * callers who see the same; from all else it is rendered for each request.
 */
export type Source = 'containers' | 'stats' | 'memory' | 'engine'

/** The version that an answer is made of; null where each request has its own. */
export function versionOf(from: Source, view: View): number | null {
  if (from === 'stats') return view.statsVersion
  return from === 'containers' ? view.version : null
}

/** A path about one container, and the query that says which host is meant where several have the id. */
export type OnePath = `/api/containers/:id${string}`
export interface OneQuery {
  readonly host: string | null
}

/** Finds what a request is about. */
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
