import { type Request, type RequestHandler, Router } from 'express'
import { refuseMethod } from './middleware/refuse-method.js'
import type { AuthContext } from './resources/auth/auth-context.js'
import { ACTIONS } from './routes.js'

export const AUTH_PREFIX = '/api/auth'

/** The routes below /api/auth. They have a router of their own, so that a read is not compared with all their paths first. */
export function authRouter(context: AuthContext, callersOnly: RequestHandler): Router {
  const router = Router({ caseSensitive: true, strict: true })
  for (const action of ACTIONS) {
    if (action.access === 'sign-in' && context.signIn === null) continue
    const path = action.path.slice(AUTH_PREFIX.length)
    if (action.access === 'caller') router.all(path, callersOnly)
    router[action.method === 'GET' ? 'get' : 'post'](path, action.handlers(context))
    router.all(path, action.method === 'GET' ? refuseMethod('GET', 'HEAD') : refuseMethod(action.method))
  }
  return router
}

/** Whether a request may carry a body: an action may, a read may not. */
export function takesBody({ method, path }: Request): boolean {
  return method === 'POST' && POST_PATHS.has(path)
}

const POST_PATHS: ReadonlySet<string> = new Set(
  ACTIONS.filter(({ method }) => method === 'POST').map(({ path }) => path),
)
