import type { Request, RequestHandler, Response } from 'express'
import type { Actor } from '../../audit/event.js'
import type { Authenticator } from '../../auth/authenticator.js'
import { readBearer } from '../../auth/bearer.js'
import type { Caller } from '../../auth/caller.js'
import type { StreamTickets } from '../../auth/stream-tickets.js'
import { ANONYMOUS } from '../../auth/token.js'
import { ApiError } from '../../model/error.js'
import { addressOf } from './address.js'
import { fieldValues } from './request-shape.js'

interface Identity {
  /** Null where the request carries no token, or one that is refused. */
  readonly caller: Caller | null
  readonly fault: ApiError | null
}

const NOBODY: Identity = { caller: null, fault: new ApiError('unauthenticated', 'no token') }
const OPEN: Identity = { caller: ANONYMOUS, fault: null }

export interface IdentifyParts {
  /** Null where the service runs without authentication. */
  readonly authenticator: Authenticator | null
  readonly tickets: StreamTickets
  /** Whether a path is a stream's: tickets are for those alone. */
  readonly isStream: (path: string) => boolean
}

/** Finds out who asks, and leaves the verdict to `requireCaller`: the limits between the two count strangers too. */
export function identify({ authenticator, tickets, isStream }: IdentifyParts): RequestHandler {
  if (authenticator === null)
    return function identifyNobody(_req, res, next) {
      res.locals['identity'] = OPEN
      next()
    }
  return function identifyCaller(req, res, next) {
    const credentials = readBearer(fieldValues(req, 'authorization'))
    let caller: Caller | Promise<Caller> | null = null
    try {
      if (credentials.kind === 'malformed') throw new ApiError('invalid-token', 'malformed Authorization field')
      if (credentials.kind === 'token') caller = authenticator.authenticate(credentials.token)
      else caller = redeemTicket(req, authenticator, tickets, isStream)
    } catch (error) {
      refuse(res, error)
    }
    if (caller instanceof Promise)
      caller.then(
        (verified) => {
          res.locals['identity'] = { caller: verified, fault: null }
          next()
        },
        (error: unknown) => {
          try {
            refuse(res, error)
            next()
          } catch (unexpected) {
            next(unexpected)
          }
        },
      )
    else {
      if (caller !== null) res.locals['identity'] = { caller, fault: null }
      next()
    }
  }
}

/** A ticket stands in the query, since EventSource can put it nowhere else. */
function redeemTicket(
  req: Request,
  authenticator: Authenticator,
  tickets: StreamTickets,
  isStream: (path: string) => boolean,
): Promise<Caller> | null {
  const at = req.url.indexOf('?')
  if (at === -1 || !isStream(req.path) || (req.method !== 'GET' && req.method !== 'HEAD')) return null
  const [ticket, ...more] = new URLSearchParams(req.url.slice(at)).getAll('ticket')
  if (ticket === undefined) return null
  if (more.length > 0) throw new ApiError('invalid-token', 'ticket refused: several')
  return tickets.redeem(ticket, req.path).then(async (caller) => {
    if (await authenticator.isStillValid(caller)) return caller
    throw new ApiError('invalid-token', 'ticket refused: its token has expired or was revoked')
  })
}

/** Strangers go no further. `onRefused` is told of tokens that were refused, not of requests without any. */
export function requireCaller(
  onRefused: (req: Request, res: Response, fault: ApiError) => Promise<void>,
): RequestHandler {
  return function refuseStrangers(req, res, next) {
    const fault = identityFault(res)
    if (fault === null) next()
    else if (fault.code !== 'invalid-token') throw fault
    else onRefused(req, res, fault).then(() => next(fault), next)
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
  return identity(res).caller
}

/** Why there is no caller; null where there is one. */
export function identityFault(res: Response): ApiError | null {
  return identity(res).fault
}

/** Who an audit record names. */
export function actorOf(req: Request, res: Response): Actor {
  const caller = knownCaller(res)
  return {
    requestId: String(req.id),
    address: addressOf(res),
    subject: caller?.subject ?? null,
    issuer: caller?.issuer ?? null,
    tokenId: caller?.tokenId ?? null,
    sessionId: caller?.sessionId ?? null,
  }
}

function refuse(res: Response, error: unknown): void {
  if (!(error instanceof ApiError)) throw error
  res.locals['identity'] = { caller: null, fault: error }
}

function identity(res: Response): Identity {
  return (res.locals['identity'] as Identity | undefined) ?? NOBODY
}
