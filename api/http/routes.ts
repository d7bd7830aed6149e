import { parseLogCursor } from '../model/log-line.js'
import type { Scope } from '../model/scope.js'
import { type ActionRoute, action } from './endpoints/action.js'
import { type FeedRoute, feed, feedOne } from './endpoints/feed.js'
import { type ReadRoute, read, readOne } from './endpoints/read.js'
import { type StreamRoute, stream, streamOne } from './endpoints/stream.js'
import { RECORD_LIST } from './resources/audit/answer.js'
import { listRecords } from './resources/audit/handler.js'
import { AUDIT_QUERY } from './resources/audit/query.js'
import { GRANT, ME, NO_CONTENT, TICKET } from './resources/auth/answer.js'
import { LOGIN_BODY, LOGOUT_BODY, NO_BODY, REFRESH_BODY, TICKET_BODY } from './resources/auth/body.js'
import { issueTicket, login, logout, refresh, showMe } from './resources/auth/handler.js'
import { CONTAINER_LIST } from './resources/containers/answer.js'
import { CHANGE_LIST } from './resources/containers/changes-answer.js'
import { CONTAINER_DETAIL } from './resources/containers/detail-answer.js'
import { listChanges, listContainers, showContainer, showProcesses } from './resources/containers/handler.js'
import { CHANGES_QUERY, CONTAINERS_QUERY } from './resources/containers/query.js'
import { TOP } from './resources/containers/top-answer.js'
import { EVENT_FEED, EVENT_LIST } from './resources/events/answer.js'
import { followEvents } from './resources/events/feed-handler.js'
import { listEvents } from './resources/events/handler.js'
import { EVENT_STREAM_QUERY, EVENTS_QUERY, readEventId } from './resources/events/query.js'
import { LOG, LOG_FEED } from './resources/logs/answer.js'
import { followLog, showLog } from './resources/logs/handler.js'
import { LOG_STREAM_QUERY, LOGS_QUERY } from './resources/logs/query.js'
import { METRICS } from './resources/metrics/answer.js'
import { showMetrics } from './resources/metrics/handler.js'
import { IMAGE_LIST, NETWORK_LIST, VOLUME_LIST } from './resources/objects/answer.js'
import { listImages, listNetworks, listVolumes, showSystem } from './resources/objects/handler.js'
import { IMAGES_QUERY, NETWORKS_QUERY, SYSTEM_QUERY, VOLUMES_QUERY } from './resources/objects/query.js'
import { SYSTEM_LIST } from './resources/objects/system-answer.js'
import { HOST_LIST, SUMMARY } from './resources/overview/answer.js'
import { listHosts, showSummary } from './resources/overview/handler.js'
import { isContainerId, NO_QUERY, ONE_QUERY } from './resources/query-parts.js'
import { STATS, STATS_LIST } from './resources/stats/answer.js'
import { listStats, matchingContainers, oneContainer, showHistory, showStats } from './resources/stats/handler.js'
import { HISTORY } from './resources/stats/history-answer.js'
import { HISTORY_QUERY, ONE_STREAM_QUERY, STATS_QUERY, STATS_STREAM_QUERY } from './resources/stats/query.js'

/** Routes with one answer. `One`: about the container that `:id` names, which is found before the handler runs. */
// biome-ignore format: a table, a row a line
export const ROUTES: readonly ReadRoute[] = [
  read('/api/containers', { scope: 'containers:read', query: CONTAINERS_QUERY, answer: CONTAINER_LIST, from: 'containers' }, listContainers),
  readOne('/api/containers/:id', { scope: 'containers:read', query: ONE_QUERY, answer: CONTAINER_DETAIL, from: 'engine' }, showContainer),
  readOne('/api/containers/:id/stats', { scope: 'stats:read', limit: 'stats', query: ONE_QUERY, answer: STATS, from: 'stats' }, showStats),
  readOne('/api/containers/:id/stats/history', { scope: 'stats:read', limit: 'stats', query: HISTORY_QUERY, answer: HISTORY, from: 'memory' }, showHistory),
  read('/api/stats', { scope: 'stats:read', limit: 'stats', query: STATS_QUERY, answer: STATS_LIST, from: 'stats' }, listStats),
  readOne('/api/containers/:id/logs', { scope: 'logs:read', query: LOGS_QUERY, answer: LOG, from: 'engine', large: true, negotiated: true }, showLog),
  readOne('/api/containers/:id/top', { scope: 'containers:read', query: ONE_QUERY, answer: TOP, from: 'engine' }, showProcesses),
  readOne('/api/containers/:id/changes', { scope: 'security:read', query: CHANGES_QUERY, answer: CHANGE_LIST, from: 'engine', large: true }, listChanges),
  read('/api/events', { scope: 'events:read', query: EVENTS_QUERY, answer: EVENT_LIST, from: 'memory' }, listEvents),
  read('/api/images', { scope: 'system:read', query: IMAGES_QUERY, answer: IMAGE_LIST, from: 'objects' }, listImages),
  read('/api/networks', { scope: 'system:read', query: NETWORKS_QUERY, answer: NETWORK_LIST, from: 'objects' }, listNetworks),
  read('/api/volumes', { scope: 'system:read', query: VOLUMES_QUERY, answer: VOLUME_LIST, from: 'objects' }, listVolumes),
  read('/api/system', { scope: 'system:read', query: SYSTEM_QUERY, answer: SYSTEM_LIST, from: 'objects' }, showSystem),
  read('/api/summary', { scope: 'containers:read', query: NO_QUERY, answer: SUMMARY, from: 'stats' }, showSummary),
  read('/api/hosts', { scope: 'system:read', query: NO_QUERY, answer: HOST_LIST, from: 'containers' }, listHosts),
  read('/api/audit', { scope: 'audit:read', query: AUDIT_QUERY, answer: RECORD_LIST, from: 'memory' }, listRecords),
  read('/metrics', { scope: 'metrics:read', limit: 'metrics', query: NO_QUERY, answer: METRICS, from: 'metrics' }, showMetrics),
]

/** Streams: the answer of a read, sent again when it has changed. */
// biome-ignore format: a table, a row a line
export const STREAMS: readonly StreamRoute[] = [
  stream('/api/stats/stream', { scope: 'stats:read', limit: 'stats', query: STATS_STREAM_QUERY, answer: STATS_LIST, from: 'stats', event: 'stats', watch: matchingContainers }, listStats),
  streamOne('/api/containers/:id/stats/stream', { scope: 'stats:read', limit: 'stats', query: ONE_STREAM_QUERY, answer: STATS, from: 'stats', event: 'stats', watch: oneContainer }, showStats),
]

/** Feeds: every item in its order, without omission. */
// biome-ignore format: a table, a row a line
export const FEEDS: readonly FeedRoute[] = [
  feedOne('/api/containers/:id/logs/stream', { scope: 'logs:read', query: LOG_STREAM_QUERY, events: LOG_FEED, readId: parseLogCursor }, followLog),
  feed('/api/events/stream', { scope: 'events:read', query: EVENT_STREAM_QUERY, events: EVENT_FEED, readId: readEventId }, followEvents),
]

/** Actions: about the caller, not about containers. */
export const ACTIONS: readonly ActionRoute[] = [
  action('POST', '/api/auth/login', { access: 'sign-in', limit: 'sign-in', body: LOGIN_BODY, answer: GRANT }, login),
  action(
    'POST',
    '/api/auth/refresh',
    { access: 'sign-in', limit: 'session', body: REFRESH_BODY, answer: GRANT },
    refresh,
  ),
  action(
    'POST',
    '/api/auth/logout',
    { access: 'public', limit: 'session', body: LOGOUT_BODY, answer: NO_CONTENT },
    logout,
  ),
  action('GET', '/api/auth/me', { access: 'caller', body: NO_BODY, answer: ME }, showMe),
  action('POST', '/api/auth/stream-ticket', { access: 'caller', body: TICKET_BODY, answer: TICKET }, issueTicket),
]

const STREAM_ROUTES = [...STREAMS, ...FEEDS].map(({ path, scope }) => ({ parts: path.split('/'), scope }))

/** The scope that a stream's path requires; null if there is no such stream. */
export function streamScope(path: string): Scope | null {
  const given = path.split('/')
  return STREAM_ROUTES.find(({ parts }) => fits(parts, given))?.scope ?? null
}

function fits(parts: readonly string[], given: readonly string[]): boolean {
  return (
    parts.length === given.length &&
    parts.every((part, at) => (part === ':id' ? isContainerId(given[at] ?? '') : part === given[at]))
  )
}
