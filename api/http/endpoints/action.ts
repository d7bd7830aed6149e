import type { ErrorRequestHandler, RequestHandler } from 'express'
import type { z } from 'zod'
import { ApiError } from '../../model/error.js'
import { actorOf, identityFault, knownCaller } from '../middleware/identify.js'
import { readBody } from '../middleware/read-body.js'
import { addressKeyOf } from '../middleware/resolve-address.js'
import type { ActionInput, AuthContext } from '../resources/auth/auth-context.js'
import type { ContentOf } from './answer.js'

/** A route about the caller, not about containers. Its answer is for one caller alone, so it is not cached. */
export interface ActionRoute {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** `public` takes any client, `sign-in` does so only where users are configured, `caller` asks for a token. */
  readonly access: 'public' | 'sign-in' | 'caller'
  /** Each counts toward one. `sign-in` and `session` count those who begin or end a session, apart from what else they ask. */
  readonly limit: 'general' | keyof ActionLimits
  readonly body: z.ZodType
  /** The schema of its answer; a null answer is a 204. */
  readonly answer: z.ZodType
  /** The Express handlers in their order. */
  handlers(context: AuthContext, limits: ActionLimits): (RequestHandler | ErrorRequestHandler)[]
}

export interface ActionLimits {
  readonly 'sign-in': RequestHandler
  /** Counts by the session of the body's refresh token, so it runs after the body. */
  readonly session: RequestHandler
}

interface ActionOptions<Body, Schema extends z.ZodType> {
  readonly access: ActionRoute['access']
  readonly limit?: ActionRoute['limit']
  readonly body: z.ZodType<Body>
  readonly answer: Schema
}

type Handler<Body, Schema extends z.ZodType> = (
  context: AuthContext,
  input: ActionInput<Body>,
) => Promise<ContentOf<Schema>>

export function action<Body, Schema extends z.ZodType>(
  method: ActionRoute['method'],
  path: string,
  { limit = 'general', ...options }: ActionOptions<Body, Schema>,
  handler: Handler<Body, Schema>,
): ActionRoute {
  const bodyReaders = method === 'POST' ? readBody(options.body) : []
  return {
    method,
    path,
    limit,
    ...options,
    handlers: (context, limits) => [
      ...(limit === 'sign-in' ? [limits['sign-in']] : []),
      refuseQuery,
      ...bodyReaders,
      ...(limit === 'session' ? [countRefused(limits.session), limits.session] : []),
      actionHandler(method, handler, context),
    ],
  }
}

/** Counts a request whose body is refused as well, before its refusal is answered. */
function countRefused(limit: RequestHandler): ErrorRequestHandler {
  return function countRefusedBody(error: unknown, req, res, next) {
    limit(req, res, (limited?: unknown) => next(limited ?? error))
  }
}

/** RFC 9700 section 4.3.2 keeps secrets out of URLs, so an action takes no query at all. */
const refuseQuery: RequestHandler = (req, _res, next) => {
  if (req.url.includes('?'))
    throw new ApiError('invalid-request', 'an action with a query', { detail: 'This route takes no parameters.' })
  next()
}

function actionHandler<Body, Schema extends z.ZodType>(
  method: ActionRoute['method'],
  handler: Handler<Body, Schema>,
  context: AuthContext,
): RequestHandler {
  return async function performAction(req, res) {
    // Opening, refreshing or ending a session must not go unrecorded.
    if (method === 'POST') context.audit.demand()
    const content = await handler(context, {
      body: res.locals['body'],
      caller: knownCaller(res),
      fault: identityFault(res),
      actor: actorOf(req, res),
      addressKey: addressKeyOf(res),
    })
    if (content === null) res.status(204).end()
    else res.status(200).json(content)
  }
}
