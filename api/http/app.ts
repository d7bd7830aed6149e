import express, { type Express, type Request, type Response } from 'express'
import type { AuthEvent } from '../audit/event.js'
import type { SignIn } from '../auth/sign-in/sign-in.js'
import { StreamTickets } from '../auth/stream-tickets.js'
import type { Config } from '../config/config.js'
import type { Log } from '../log.js'
import type { Store } from '../store/store.js'
import { AUTH_PREFIX, authRouter, hasActionLimit, takesBody } from './auth-router.js'
import { allowAddresses } from './middleware/allow-addresses.js'
import { allowOrigins } from './middleware/allow-origins.js'
import { answerProblem } from './middleware/answer-problem.js'
import { forbidStoring } from './middleware/forbid-storing.js'
import { health } from './middleware/health.js'
import { identify, knownCaller } from './middleware/identify.js'
import { type LimitSettings, limitRequests } from './middleware/limit-requests.js'
import { refusalRecorder } from './middleware/refusals.js'
import { refuseBody } from './middleware/refuse-body.js'
import { refuseForeignHost } from './middleware/refuse-foreign-host.js'
import { refuseMethod } from './middleware/refuse-method.js'
import { refusePath } from './middleware/refuse-path.js'
import { requestLog } from './middleware/request-log.js'
import { requireCaller } from './middleware/require-caller.js'
import { requireOneHost } from './middleware/require-one-host.js'
import { resolveAddress } from './middleware/resolve-address.js'
import { securityHeaders } from './middleware/security-headers.js'
import { trustProxies } from './middleware/trust-proxies.js'
import { hasOwnLimit, mountRoutes, type RouteParts } from './mount-routes.js'
import { streamScope } from './routes.js'

export interface AppParts extends RouteParts {
  /** Null if no users are configured. */
  readonly signIn: SignIn | null
  readonly store: Store
  readonly limits: LimitSettings
  readonly network: Config['network']
  readonly log: Log
}

/** Every middleware in order, on one screen. */
export function createApp(parts: AppParts): Express {
  const { view, authenticator, signIn, store, audit, limits, network, log, clock } = parts
  const now = () => clock.now()
  const tickets = new StreamTickets(store.tickets, now)
  const recordRefusal = refusalRecorder(audit, store.counters('refusals'), limits.windowMs)
  const limitParts = { settings: limits, store, audit, recordRefusal, now }
  const authContext = {
    signIn,
    authenticator,
    tickets,
    store,
    audit,
    recordRefusal: (event: AuthEvent) => recordRefusal(event, limits.general),
    streamScope,
  }
  const countsElsewhere = (req: Request, res: Response) =>
    hasActionLimit(req, signIn) || hasOwnLimit(req, knownCaller(res))
  const callersOnly = requireCaller(recordRefusal, limits.general)

  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.set('query parser', false)
  app.set('case sensitive routing', true)
  app.set('strict routing', true)
  app.set('trust proxy', trustProxies(network.trustProxy))

  app.use(requestLog(log))
  app.use(resolveAddress(network.trustProxy))
  app.use(securityHeaders())
  app.use(forbidStoring())
  app.use(requireOneHost())
  app.use(refuseBody(takesBody))
  if (authenticator === null) app.use(refuseForeignHost())
  app.get(
    '/health/live',
    health(() => true),
  )
  app.get(
    '/health/ready',
    health(() => view.isReady),
  )
  app.all(['/health/live', '/health/ready'], refuseMethod('GET', 'HEAD'))

  if (network.allowlist.length > 0) app.use(allowAddresses(network.allowlist, recordRefusal))
  if (network.corsOrigins.length > 0) app.use(allowOrigins(network.corsOrigins))
  app.use(identify({ authenticator, tickets, isStream: (path) => streamScope(path) !== null }))
  app.use(limitRequests('general', limitParts, { skip: countsElsewhere }))
  app.use(AUTH_PREFIX, authRouter(authContext, callersOnly, limitParts))
  app.use(callersOnly)
  mountRoutes(app, parts, {
    stats: limitRequests('stats', limitParts),
    metrics: limitRequests('metrics', limitParts),
  })
  app.use(refusePath())
  app.use(answerProblem())
  return app
}
