import type { Request, RequestHandler, Response } from 'express'
import type { Authenticator } from '../../auth/authenticator.js'
import { readBearer } from '../../auth/bearer.js'
import type { Caller } from '../../auth/caller.js'
import { ANONYMOUS } from '../../auth/token.js'
import { ApiError } from '../../model/error.js'
import { fieldValues } from './request-shape.js'

interface Identity {
  /** Null where the request carries no token, or one that is not believed. */
  readonly caller: Caller | null
  readonly fault: ApiError | null
}

const NOBODY: Identity = { caller: null, fault: new ApiError('unauthenticated', 'no token') }
const OPEN: Identity = { caller: ANONYMOUS, fault: null }

/** Finds out who asks, and leaves the verdict to `requireCaller`: the limits between the two count strangers too. */
export function identify(authenticator: Authenticator | null): RequestHandler {
  return function identifyCaller(req, res, next) {
    res.locals['identity'] = authenticator === null ? OPEN : identityOf(req, authenticator)
    next()
  }
}

export function requireCaller(): RequestHandler {
  return function refuseStrangers(_req, res, next) {
    const { fault } = identity(res)
    if (fault !== null) throw fault
    next()
  }
}

/** The caller behind `requireCaller`. */
export function callerOf(res: Response): Caller {
  const { caller } = identity(res)
  if (caller === null) throw new ApiError('unauthenticated', 'no caller')
  return caller
}

/** The caller where there is one: before `requireCaller`, and in the log. */
export function knownCaller(res: Response): Caller | null {
  return (res.locals['identity'] as Identity | undefined)?.caller ?? null
}

function identity(res: Response): Identity {
  return (res.locals['identity'] as Identity | undefined) ?? NOBODY
}

function identityOf(req: Request, authenticator: Authenticator): Identity {
  const credentials = readBearer(fieldValues(req, 'authorization'))
  if (credentials.kind === 'none') return NOBODY
  try {
    if (credentials.kind === 'malformed') throw new ApiError('invalid-token', 'malformed Authorization field')
    return { caller: authenticator.authenticate(credentials.token), fault: null }
  } catch (error) {
    if (error instanceof ApiError) return { caller: null, fault: error }
    throw error
  }
}
