import { IncomingMessage, type ServerOptions, ServerResponse } from 'node:http'
import express, { type ErrorRequestHandler, type Express, type RequestHandler, Router } from 'express'
import helmet from 'helmet'
import type { Audit, AuthEvent } from '../audit/event.js'
import type { Authenticator } from '../auth/authenticator.js'
import type { Caller } from '../auth/caller.js'
import type { SignIn } from '../auth/sign-in/sign-in.js'
import { StreamTickets } from '../auth/stream-tickets.js'
import type { View } from '../live/view.js'
import type { Log } from '../log.js'
import { ApiError } from '../model/error.js'
import type { Scope } from '../model/scope.js'
import type { Counters, Store } from '../store/store.js'
import { Channels } from './endpoints/channels.js'
import { feedEndpoint } from './endpoints/feed.js'
import type { Metrics, Records } from './endpoints/input.js'
import { largeResponseQuota, type OpenStreams } from './endpoints/open-streams.js'
import { problemOf } from './endpoints/problem.js'
import { readEndpoint } from './endpoints/read.js'
import { ResponseCache } from './endpoints/response-cache.js'
import type { Route } from './endpoints/route.js'
import { streamEndpoint } from './endpoints/stream.js'
import { allowAddresses, resolveAddress, type TrustProxy, trustProxies } from './middleware/address.js'
import { actorOf, identify, requireCaller } from './middleware/authenticate.js'
import { allowOrigins } from './middleware/cors.js'
import { type LimitSettings, limitRequests } from './middleware/limits.js'
import { requestLog } from './middleware/request-log.js'
import { refuseBody, refuseForeignHost, requireOneHost } from './middleware/request-shape.js'
import { type AuthContext, authEvent } from './resources/auth/auth-context.js'
import { ACTIONS, FEEDS, ROUTES, STREAMS, streamScope } from './routes.js'

export interface NetworkSettings {
  readonly trustProxy: TrustProxy
  /** Addresses and networks in CIDR notation; empty is everybody. */
  readonly allowlist: readonly string[]
  readonly corsOrigins: readonly string[]
}

export interface AppParts {
  readonly view: View
  /** Null where the service runs without authentication. */
  readonly authenticator: Authenticator | null
  /** Null where no users are configured. */
  readonly signIn: SignIn | null
  readonly store: Store
  readonly audit: Audit & Records
  readonly limits: LimitSettings
  readonly network: NetworkSettings
  readonly log: Log
  readonly streams: OpenStreams
  readonly metrics: Metrics
  readonly now: () => number
}

/** Every middleware in order, on one screen. */
export function createApp(appParts: AppParts): Express {
  const { view, authenticator, signIn, store, audit, limits, network, log, now } = appParts
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.set('query parser', false)
  app.set('case sensitive routing', true)
  app.set('strict routing', true)
  trustProxies(app, network.trustProxy)

  app.use(requestLog(log))
  app.use(resolveAddress(network.trustProxy))
  app.use(helmet(SECURITY_HEADERS))
  app.use(forbidStoring())
  app.use(requireOneHost())
  app.use(refuseBody((req) => req.method === 'POST' && POST_PATHS.has(req.path)))
  if (authenticator === null) app.use(refuseForeignHost())
  app.get(
    '/health/live',
    answerHealth(() => true),
  )
  app.get(
    '/health/ready',
    answerHealth(() => view.isReady),
  )
  app.all(['/health/live', '/health/ready'], refuseMethod('GET, HEAD'))

  const recordRefusal = refusalRecorder(audit, store.counters('refusals'), limits.windowMs)
  if (network.allowlist.length > 0)
    app.use(
      allowAddresses(network.allowlist, (req, res) => {
        const event = authEvent(actorOf(req, res), 'address-refused', 'deny', 'not on IP_ALLOWLIST')
        return recordRefusal(event, 1)
      }),
    )
  if (network.corsOrigins.length > 0) app.use(allowOrigins(network.corsOrigins))

  const tickets = new StreamTickets(store.tickets, now)
  const limitParts = {
    settings: limits,
    store,
    onReached: (req, res, name) => {
      const event = authEvent(actorOf(req, res), 'rate-limited', 'deny', `the ${name} limit`)
      if (event.subject !== null) audit.record(event)
      // Refused already; the trail itself complains where it cannot write.
      else recordRefusal(event, 1).catch(() => {})
    },
  } satisfies Parameters<typeof limitRequests>[1]
  const known = requireCaller((req, res, { message }) =>
    recordRefusal(authEvent(actorOf(req, res), 'token-refused', 'deny', message), limits.general),
  )
  app.use(identify({ authenticator, tickets, isStream: (path) => streamScope(path) !== null }))
  app.use(limitRequests('general', { ...limitParts, isFree }))
  const authContext = {
    signIn,
    authenticator,
    tickets,
    store,
    audit,
    recordRefusal: (event: AuthEvent) => recordRefusal(event, limits.general),
    streamScope,
  }
  app.use(AUTH_PREFIX, authRouter(authContext, known))
  app.use(known)
  const stats = limitRequests('stats', limitParts)
  const parts = {
    sources: { view, records: audit, metrics: appParts.metrics },
    cache: new ResponseCache(),
    audit,
    largeResponses: largeResponseQuota(),
    now,
  }
  const isStillValid = async (caller: Caller) => authenticator === null || (await authenticator.isGood(caller))
  const streamParts = { streams: appParts.streams, channels: new Channels(), isStillValid }
  const mount = (route: Pick<Route, 'path' | 'limit'>, handler: RequestHandler) => {
    if (route.limit === 'stats') app.get(route.path, stats)
    app.get(route.path, handler)
    app.all(route.path, refuseMethod('GET, HEAD'))
  }
  for (const route of ROUTES) mount(route, readEndpoint(route, parts))
  for (const stream of STREAMS) mount(stream, streamEndpoint(stream, { ...parts, ...streamParts }))
  for (const feed of FEEDS) mount(feed, feedEndpoint(feed, { ...parts, ...streamParts }))
  app.use(refusePath())
  app.use(answerProblem())
  return app
}

/** Prometheus asks each 15 s or so, for ever. A caller who may not read it is counted: each refusal is a record. */
function isFree(path: string, scopes: ReadonlySet<Scope>): boolean {
  return ROUTES.some((route) => route.limit === 'none' && route.path === path && scopes.has(route.scope))
}

const AUTH_PREFIX = '/api/auth'

/** What concerns the caller, apart from the reads: each of those would otherwise be compared with all of these paths first. */
function authRouter(context: AuthContext, known: RequestHandler): Router {
  const router = Router({ caseSensitive: true, strict: true })
  for (const action of ACTIONS) {
    if (action.who === 'user' && context.signIn === null) continue
    const path = action.path.slice(AUTH_PREFIX.length)
    if (action.who === 'caller') router.all(path, known)
    router[action.method === 'GET' ? 'get' : 'post'](path, action.handlers(context))
    router.all(path, refuseMethod(action.method === 'GET' ? 'GET, HEAD' : action.method))
  }
  return router
}

const POST_PATHS: ReadonlySet<string> = new Set(
  ACTIONS.filter(({ method }) => method === 'POST').map(({ path }) => path),
)

/**
 * Request and response classes that carry what Express adds, for the server to make its objects of. Express gives each request
 * and response another prototype; where they have it already that is no change, and where not, V8 throws away what it has learnt
 * of their shape, which costs more than all else here (docs/decisions/0009-native-express-prototypes.md).
 */
export function messageClasses(app: Express): Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'> {
  class AppRequest extends IncomingMessage {}
  class AppResponse extends ServerResponse {}
  app.request = adopt(AppRequest.prototype, express.request, app.request)
  app.response = adopt(AppResponse.prototype, express.response, app.response)
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse } as ReturnType<typeof messageClasses>
}

function adopt<T extends object>(prototype: object, ...sources: readonly T[]): T {
  for (const source of sources) Object.defineProperties(prototype, Object.getOwnPropertyDescriptors(source))
  return prototype as T
}

/** Refusals of strangers that are recorded in one window, of all addresses together. */
const MAX_RECORDED_REFUSALS = 1_000

/**
 * Records what strangers are refused, so often for each address and not beyond a bound for all: whoever has a thousand addresses
 * must not be able to fill the disk that the trail is on. The log has a line for each request in any case.
 */
function refusalRecorder(audit: Audit, counters: Counters, windowMs: number) {
  return async function recordRefusal(event: AuthEvent, perAddress: number): Promise<void> {
    const own = await counters.add(`${event.action} ${event.address}`, windowMs)
    if (own.hits > perAddress) return
    const all = await counters.add('all', windowMs)
    if (all.hits < MAX_RECORDED_REFUSALS) audit.record(event)
    else if (all.hits === MAX_RECORDED_REFUSALS)
      audit.record({ ...event, reason: 'the last refusal of this window that is recorded: there are too many' })
  }
}

/** An API has no pages: nothing of it may run, be framed or be embedded. The headers that only steer documents are left out. */
const SECURITY_HEADERS = {
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  xFrameOptions: { action: 'deny' },
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
} as const

function forbidStoring(): RequestHandler {
  return function setCacheControl(_req, res, next) {
    res.setHeader('Cache-Control', 'no-store')
    next()
  }
}

function answerHealth(isWell: () => boolean): RequestHandler {
  return function answerHealthCheck(req, res) {
    if (req.url.includes('?'))
      throw new ApiError('invalid-request', 'health with a query', { detail: 'A health check takes no parameters.' })
    const well = isWell()
    res.status(well ? 200 : 503).json({ status: well ? 'ok' : 'unavailable' })
  }
}

/** RFC 9110 section 15.5.6: a 405 names what is allowed. */
function refuseMethod(allowed: string): RequestHandler {
  return function refuseOtherMethods(req) {
    throw new ApiError('method-not-allowed', `${req.method} refused`, { headers: { Allow: allowed } })
  }
}

function refusePath(): RequestHandler {
  return function refuseUnknownPath() {
    throw new ApiError('not-found', 'no such route')
  }
}

/** The one place where a failure becomes an answer. */
function answerProblem(): ErrorRequestHandler {
  return function answerWithProblem(error, req, res, next) {
    res.locals['failure'] = error
    if (res.headersSent) {
      next(error)
      return
    }
    const { status, headers, body } = problemOf(isUndecodablePath(error) ? UNDECODABLE_PATH : error, String(req.id))
    res.removeHeader('ETag')
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
    res.status(status).type('application/problem+json').send(JSON.stringify(body))
  }
}

const UNDECODABLE_PATH = new ApiError('invalid-request', 'the path cannot be decoded', {
  detail: 'The path holds an escape sequence that cannot be decoded.',
})

/** Express refuses a stray `%` in a path before any route sees it, with an error that only its status tells apart. */
function isUndecodablePath(error: unknown): boolean {
  return error instanceof URIError || (error as { status?: unknown } | null)?.status === 400
}
