import type { Express, Request, RequestHandler } from 'express'
import type { Audit } from '../audit/event.js'
import type { Authenticator } from '../auth/authenticator.js'
import type { Caller } from '../auth/caller.js'
import type { Clock } from '../clock.js'
import type { View } from '../live/view.js'
import { Channels } from './endpoints/channels.js'
import { engineReadShares } from './endpoints/engine-reads.js'
import { feedEndpoint } from './endpoints/feed.js'
import type { Metrics, Records } from './endpoints/input.js'
import { largeResponseQuota, type OpenStreams } from './endpoints/open-streams.js'
import { readEndpoint } from './endpoints/read.js'
import { ResponseCache } from './endpoints/response-cache.js'
import type { Route } from './endpoints/route.js'
import { streamEndpoint } from './endpoints/stream.js'
import { refuseMethod } from './middleware/refuse-method.js'
import { FEEDS, ROUTES, STREAMS } from './routes.js'

export interface RouteParts {
  readonly view: View
  readonly audit: Audit & Records
  readonly metrics: Metrics
  readonly streams: OpenStreams
  /** Null if the service runs without authentication. */
  readonly authenticator: Authenticator | null
  readonly clock: Clock
}

/** The limits that some routes count toward, by their name. */
export type RouteLimits = Readonly<Record<Exclude<Route['limit'], 'general'>, RequestHandler>>

/** Mounts all routes of the tables, each after the limit of its own that it has. */
export function mountRoutes(app: Express, parts: RouteParts, limits: RouteLimits): void {
  const { view, audit, metrics, streams, authenticator, clock } = parts
  const readParts = {
    sources: { view, records: audit, metrics },
    cache: new ResponseCache(),
    audit,
    largeResponses: largeResponseQuota(),
    engineReads: engineReadShares(clock),
    clock,
  }
  const isStillValid = async (caller: Caller) => authenticator === null || (await authenticator.isStillValid(caller))
  const streamParts = { ...readParts, streams, channels: new Channels(clock), isStillValid }
  const mount = ({ path, limit }: Pick<Route, 'path' | 'limit'>, handler: RequestHandler) => {
    if (limit !== 'general') app.get(path, limits[limit])
    app.get(path, handler)
    app.all(path, refuseMethod('GET', 'HEAD'))
  }
  for (const route of ROUTES) mount(route, readEndpoint(route, readParts))
  for (const stream of STREAMS) mount(stream, streamEndpoint(stream, streamParts))
  for (const feed of FEEDS) mount(feed, feedEndpoint(feed, streamParts))
}

/**
 * Whether a request counts toward a limit instead of the general one. Only for a caller with the scope: to all others the path is
 * one like any other, because each refusal is recorded.
 */
export function hasOwnLimit({ path }: Request, caller: Caller | null): boolean {
  return ROUTES.some((route) => route.limit === 'metrics' && route.path === path && caller?.scopes.has(route.scope))
}
