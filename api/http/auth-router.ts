import { type Request, type RequestHandler, type Response, Router } from 'express'
import type { SignIn } from '../auth/sign-in/sign-in.js'
import type { ActionLimits } from './endpoints/action.js'
import { byAddress, byCaller, type LimitKey, type LimitParts, limitRequests } from './middleware/limit-requests.js'
import { refuseMethod } from './middleware/refuse-method.js'
import type { AuthContext } from './resources/auth/auth-context.js'
import type { LogoutBody } from './resources/auth/body.js'
import { ACTIONS } from './routes.js'

export const AUTH_PREFIX = '/api/auth'

/** The routes below /api/auth. They have a router of their own, so that a read is not compared with all their paths first. */
export function authRouter(context: AuthContext, callersOnly: RequestHandler, limitParts: LimitParts): Router {
  const router = Router({ caseSensitive: true, strict: true })
  const limits = actionLimits(context.signIn, limitParts)
  for (const action of ACTIONS) {
    if (action.access === 'sign-in' && context.signIn === null) continue
    const path = action.path.slice(AUTH_PREFIX.length)
    if (action.access === 'caller') router.all(path, callersOnly)
    router[action.method === 'GET' ? 'get' : 'post'](path, action.handlers(context, limits))
    router.all(path, action.method === 'GET' ? refuseMethod('GET', 'HEAD') : refuseMethod(action.method))
  }
  return router
}

/**
 * Limits of the actions that begin and end a session. They count apart from the general limit, which a stranger uses up for
 * everybody behind the same address: nobody is kept from refreshing by what others do there.
 */
function actionLimits(signIn: SignIn | null, parts: LimitParts): ActionLimits {
  return {
    'sign-in': limitRequests('sign-in', parts, { keyOf: byAddress }),
    session: limitRequests('session', parts, { keyOf: (res) => bySession(signIn, res) }),
  }
}

/** The session of a refresh token that is ours. A made-up one counts for whom sends it. */
function bySession(signIn: SignIn | null, res: Response): LimitKey {
  const { refreshToken = '' } = (res.locals['body'] ?? {}) as LogoutBody
  const session = signIn?.sessionOf(refreshToken) ?? null
  return session === null ? byCaller(res) : `session ${session}`
}

/** Whether a request counts toward one of those limits instead of the general one. */
export function hasActionLimit({ method, path }: Request, signIn: SignIn | null): boolean {
  if (method !== 'POST') return false
  const action = ACTIONS.find((one) => one.method === 'POST' && one.path === path)
  return action !== undefined && action.limit !== 'general' && (action.access !== 'sign-in' || signIn !== null)
}

/** Whether a request may carry a body: an action may, a read may not. */
export function takesBody({ method, path }: Request): boolean {
  return method === 'POST' && POST_PATHS.has(path)
}

const POST_PATHS: ReadonlySet<string> = new Set(
  ACTIONS.filter(({ method }) => method === 'POST').map(({ path }) => path),
)
