import type { z } from 'zod'
import type { View } from '../live/view.js'
import type { Scope } from '../model/scope.js'
import { listContainers, showContainer } from './handlers/containers.js'
import type { Input } from './handlers/input.js'
import { listHosts, showSummary } from './handlers/overview.js'
import { listStats, showStats } from './handlers/stats.js'
import { CONTAINERS_QUERY, NO_QUERY, STATS_QUERY } from './schemas.js'

export interface Route<Query = never> {
  readonly path: string
  readonly scope: Scope
  /** Every route counts toward the general limit; these count toward the stats limit as well. */
  readonly limit: 'general' | 'stats'
  readonly query: z.ZodType<Query>
  /** What the answer changes with, where it comes out of memory: it is made once for all callers who see the same. */
  readonly changesWith: 'containers' | 'stats' | null
  readonly handler: (view: View, input: Input<Query>) => unknown
}

/** Every route below /api, on one screen. */
export const ROUTES: readonly Route[] = [
  route('/api/containers', 'containers:read', 'general', CONTAINERS_QUERY, 'containers', listContainers),
  route('/api/containers/:id', 'containers:read', 'general', NO_QUERY, null, showContainer),
  route('/api/containers/:id/stats', 'stats:read', 'stats', NO_QUERY, 'stats', showStats),
  route('/api/stats', 'stats:read', 'stats', STATS_QUERY, 'stats', listStats),
  route('/api/summary', 'containers:read', 'general', NO_QUERY, 'stats', showSummary),
  route('/api/hosts', 'system:read', 'general', NO_QUERY, 'containers', listHosts),
]

function route<Query>(
  path: string,
  scope: Scope,
  limit: Route['limit'],
  query: z.ZodType<Query>,
  changesWith: Route['changesWith'],
  handler: Route<Query>['handler'],
): Route {
  // A table of routes forgets each one's query type; the endpoint gives a handler only what its own schema made.
  return { path, scope, limit, query, changesWith, handler } as unknown as Route
}
