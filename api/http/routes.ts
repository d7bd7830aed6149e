import type { z } from 'zod'
import type { Container } from '../model/container.js'
import { readLogPosition } from '../model/log-line.js'
import type { Scope } from '../model/scope.js'
import type { FeedInput, FeedItem, Input, Sources } from './endpoints/input.js'
import { listRecords } from './resources/audit/handler.js'
import { AUDIT_QUERY } from './resources/audit/query.js'
import { LOGIN_BODY, LOGOUT_BODY, NO_BODY, REFRESH_BODY, TICKET_BODY } from './resources/auth/body.js'
import {
  type ActionInput,
  type AuthDesk,
  drawTicket,
  login,
  logout,
  refresh,
  showMe,
} from './resources/auth/handler.js'
import { listChanges, listContainers, showContainer, showProcesses } from './resources/containers/handler.js'
import { CHANGES_QUERY, CONTAINERS_QUERY } from './resources/containers/query.js'
import { followEvents, listEvents } from './resources/events/handler.js'
import { EVENT_STREAM_QUERY, EVENTS_QUERY, readEventId } from './resources/events/query.js'
import { followLog, showLog } from './resources/logs/handler.js'
import { LOG_STREAM_QUERY, LOGS_QUERY } from './resources/logs/query.js'
import { showMetrics } from './resources/metrics/handler.js'
import { listImages, listNetworks, listVolumes, showSystem } from './resources/objects/handler.js'
import { IMAGES_QUERY, NETWORKS_QUERY, SYSTEM_QUERY, VOLUMES_QUERY } from './resources/objects/query.js'
import { listHosts, showSummary } from './resources/overview/handler.js'
import { CONTAINER_ID, NO_QUERY, ONE_QUERY } from './resources/query-parts.js'
import { listStats, matchingContainers, oneContainer, showHistory, showStats } from './resources/stats/handler.js'
import { HISTORY_QUERY, ONE_STREAM_QUERY, STATS_QUERY, STATS_STREAM_QUERY } from './resources/stats/query.js'

export interface Route<Query = never> {
  readonly path: string
  readonly scope: Scope
  /** Every route below /api counts toward the general limit; some count toward the stats limit as well. */
  readonly limit: 'general' | 'stats' | 'none'
  readonly query: z.ZodType<Query>
  /** Whether the caller may choose how the answer is written. */
  readonly isNegotiated: boolean
  /** Whether the answer may be megabytes, which are bounded for each subject. */
  readonly isHeavy: boolean
  /** What the answer changes with, where it comes out of memory: it is made once for all callers who see the same. */
  readonly changesWith: 'containers' | 'stats' | null
  readonly handler: (sources: Sources, input: Input<Query>) => unknown
}

/** A route that concerns the caller, not the containers. Its answer is nobody else's, so none is kept. */
export interface Action<Body = never> {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Who may act: anybody, only where users are configured; anybody; or whoever has a token. */
  readonly who: 'user' | 'anybody' | 'caller'
  readonly body: z.ZodType<Body>
  readonly handler: (desk: AuthDesk, input: ActionInput<Body>) => Promise<unknown>
}

export const ACTIONS: readonly Action[] = [
  action('POST', '/api/auth/login', 'user', LOGIN_BODY, login),
  action('POST', '/api/auth/refresh', 'user', REFRESH_BODY, refresh),
  action('POST', '/api/auth/logout', 'anybody', LOGOUT_BODY, logout),
  action('GET', '/api/auth/me', 'caller', NO_BODY, showMe),
  action('POST', '/api/auth/stream-ticket', 'caller', TICKET_BODY, drawTicket),
]

/** Every read, on one screen. */
export const ROUTES: readonly Route[] = [
  route('/api/containers', 'containers:read', 'general', CONTAINERS_QUERY, 'containers', listContainers),
  route('/api/containers/:id', 'containers:read', 'general', ONE_QUERY, null, showContainer),
  route('/api/containers/:id/stats', 'stats:read', 'stats', ONE_QUERY, 'stats', showStats),
  route('/api/containers/:id/stats/history', 'stats:read', 'stats', HISTORY_QUERY, null, showHistory),
  route('/api/stats', 'stats:read', 'stats', STATS_QUERY, 'stats', listStats),
  route('/api/containers/:id/logs', 'logs:read', 'general', LOGS_QUERY, null, showLog, {
    isNegotiated: true,
    isHeavy: true,
  }),
  route('/api/containers/:id/top', 'containers:read', 'general', ONE_QUERY, null, showProcesses),
  route('/api/containers/:id/changes', 'security:read', 'general', CHANGES_QUERY, null, listChanges, { isHeavy: true }),
  route('/api/events', 'events:read', 'general', EVENTS_QUERY, null, listEvents),
  route('/api/images', 'system:read', 'general', IMAGES_QUERY, null, listImages),
  route('/api/networks', 'system:read', 'general', NETWORKS_QUERY, null, listNetworks),
  route('/api/volumes', 'system:read', 'general', VOLUMES_QUERY, null, listVolumes),
  route('/api/system', 'system:read', 'general', SYSTEM_QUERY, null, showSystem),
  route('/api/summary', 'containers:read', 'general', NO_QUERY, 'stats', showSummary),
  route('/api/hosts', 'system:read', 'general', NO_QUERY, 'containers', listHosts),
  route('/api/audit', 'audit:read', 'general', AUDIT_QUERY, null, listRecords),
  route('/metrics', 'metrics:read', 'none', NO_QUERY, null, showMetrics),
]

/** A read that is answered again whenever it has changed, as server-sent events. A stream ticket opens it too. */
export interface Stream<Query = never> extends Route<Query> {
  /** What its events are called. */
  readonly event: string
  /** Which containers are read at the stream's pace as long as somebody reads it. */
  readonly watches: (sources: Sources, input: Input<Query>) => readonly Container[]
}

export const STREAMS: readonly Stream[] = [
  stream('/api/stats/stream', STATS_STREAM_QUERY, listStats, matchingContainers),
  stream('/api/containers/:id/stats/stream', ONE_STREAM_QUERY, showStats, oneContainer),
]

/** A read that goes on: every item in its order, none left out, and from where the reader stood. A stream ticket opens it too. */
export interface Feed<Id = never, Query = never> extends Pick<Route<Query>, 'path' | 'scope' | 'limit' | 'query'> {
  readonly handler: (sources: Sources, input: FeedInput<Id, Query>) => AsyncIterable<readonly FeedItem[]>
  /** Reads the Last-Event-ID field; null where it is none of this feed's. */
  readonly readId: (text: string) => Id | null
}

export const FEEDS: readonly Feed[] = [
  feed('/api/containers/:id/logs/stream', 'logs:read', LOG_STREAM_QUERY, followLog, readLogPosition),
  feed('/api/events/stream', 'events:read', EVENT_STREAM_QUERY, followEvents, readEventId),
]

const STREAM_PATHS = [...STREAMS, ...FEEDS].map(({ path, scope }) => ({
  pattern: new RegExp(`^${path.replace(':id', CONTAINER_ID.source.slice(1, -1))}$`),
  scope,
}))

/** The scope that a stream's path asks for; null where there is no such stream. */
export function streamScope(path: string): Scope | null {
  return STREAM_PATHS.find(({ pattern }) => pattern.test(path))?.scope ?? null
}

function stream<Query>(
  path: string,
  query: z.ZodType<Query>,
  handler: Route<Query>['handler'],
  watches: Stream<Query>['watches'],
): Stream {
  return {
    ...route(path, 'stats:read', 'stats', query, 'stats', handler),
    event: 'stats',
    watches,
  } as unknown as Stream
}

function route<Query>(
  path: string,
  scope: Scope,
  limit: Route['limit'],
  query: z.ZodType<Query>,
  changesWith: Route['changesWith'],
  handler: Route<Query>['handler'],
  { isNegotiated = false, isHeavy = false } = {},
): Route {
  // A table of routes forgets each one's query type; the endpoint gives a handler only what its own schema made.
  return { path, scope, limit, query, changesWith, handler, isNegotiated, isHeavy } as unknown as Route
}

function feed<Id, Query>(
  path: string,
  scope: Scope,
  query: z.ZodType<Query>,
  handler: Feed<Id, Query>['handler'],
  readId: Feed<Id, Query>['readId'],
): Feed {
  return { path, scope, limit: 'general', query, handler, readId } as unknown as Feed
}

function action<Body>(
  method: Action['method'],
  path: string,
  who: Action['who'],
  body: z.ZodType<Body>,
  handler: Action<Body>['handler'],
): Action {
  return { method, path, who, body, handler } as unknown as Action
}
