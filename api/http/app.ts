import { IncomingMessage, type ServerOptions, ServerResponse } from 'node:http'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import helmet from 'helmet'
import type { Authenticator } from '../auth/authenticator.js'
import type { View } from '../live/view.js'
import type { Log } from '../log.js'
import { ApiError } from '../model/error.js'
import { AnswerCache } from './answer.js'
import { endpoint } from './endpoint.js'
import { identify, requireCaller } from './middleware/authenticate.js'
import { type LimitSettings, limitRequests } from './middleware/limits.js'
import { requestLog } from './middleware/request-log.js'
import { refuseBody, refuseForeignHost, requireOneHost } from './middleware/request-shape.js'
import { problemOf } from './problem.js'
import { ROUTES } from './routes.js'

export interface AppParts {
  readonly view: View
  /** Null where the service runs without authentication. */
  readonly authenticator: Authenticator | null
  readonly limits: LimitSettings
  readonly log: Log
}

/** Every middleware in order, on one screen. */
export function createApp({ view, authenticator, limits, log }: AppParts): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.set('query parser', false)
  app.set('case sensitive routing', true)
  app.set('strict routing', true)

  app.use(requestLog(log))
  app.use(helmet(SECURITY_HEADERS))
  app.use(forbidStoring())
  app.use(requireOneHost())
  app.use(refuseBody())
  if (authenticator === null) app.use(refuseForeignHost())

  const general = limitRequests('general', limits)
  const stats = limitRequests('stats', limits)
  const cache = new AnswerCache()
  app.get(
    '/health/live',
    answerHealth(() => true),
  )
  app.get(
    '/health/ready',
    answerHealth(() => view.isReady),
  )
  app.all(['/health/live', '/health/ready'], refuseMethod())
  app.use(identify(authenticator))
  app.use(general)
  app.use(requireCaller())
  for (const route of ROUTES) {
    if (route.limit === 'stats') app.get(route.path, stats)
    app.get(route.path, endpoint(route, view, cache))
    app.all(route.path, refuseMethod())
  }
  app.use(refusePath())
  app.use(answerProblem())
  return app
}

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

function refuseMethod(): RequestHandler {
  return function refuseOtherMethods(req) {
    throw new ApiError('method-not-allowed', `${req.method} refused`)
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
