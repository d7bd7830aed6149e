import type { Request, RequestHandler, Response } from 'express'
import type { Actor } from '../../audit/event.js'
import type { Authenticator } from '../../auth/authenticator.js'
import { readBearer } from '../../auth/bearer.js'
import type { Caller } from '../../auth/caller.js'
import type { StreamTickets } from '../../auth/stream-tickets.js'
import { ANONYMOUS } from '../../auth/token.js'
import { ApiError } from '../../model/error.js'
import { fieldValues } from './field-values.js'
import { addressOf } from './resolve-address.js'

/** Either a caller, or the reason why there is none. */
type Identity = { readonly caller: Caller; readonly fault: null } | { readonly caller: null; readonly fault: ApiError }

const NO_TOKEN: Identity = { caller: null, fault: new ApiError('unauthenticated', 'no token') }
const ANONYMOUS_IDENTITY: Identity = { caller: ANONYMOUS, fault: null }

export interface IdentifyParts {
  /** Null if the service runs without authentication. */
  readonly authenticator: Pick<Authenticator, 'authenticate' | 'isStillValid'> | null
  readonly tickets: Pick<StreamTickets, 'redeem'>
  /** Whether a path is a stream's. A ticket opens nothing else. */
  readonly isStream: (path: string) => boolean
}

/** Identifies the caller. `requireCaller` does the refusing, so that the limits between the two count every client. */
export function identify({ authenticator, tickets, isStream }: IdentifyParts): RequestHandler {
  if (authenticator === null)
    return function identifyAsAnonymous(_req, res, next) {
      res.locals['identity'] = ANONYMOUS_IDENTITY
      next()
    }

  /** Synchronous if the token is cached, which is nearly always the case. */
  const authenticate = (req: Request): Caller | Promise<Caller> | null => {
    const credentials = readBearer(fieldValues(req, 'authorization'))
    if (credentials.kind === 'malformed') throw new ApiError('invalid-token', 'malformed Authorization field')
    if (credentials.kind === 'token') return authenticator.authenticate(credentials.token)
    const ticket = isStream(req.path) ? ticketOf(req) : null
    return ticket === null ? null : redeem(ticket, req.path)
  }

  const redeem = async (ticket: string, path: string): Promise<Caller> => {
    const caller = await tickets.redeem(ticket, path)
    if (await authenticator.isStillValid(caller)) return caller
    throw new ApiError('invalid-token', 'ticket refused: its token has expired or was revoked')
  }

  return function identifyCaller(req, res, next) {
    const succeed = (caller: Caller | null) => {
      if (caller !== null) res.locals['identity'] = { caller, fault: null } satisfies Identity
      next()
    }
    const fail = (error: unknown) => {
      if (error instanceof ApiError) res.locals['identity'] = { caller: null, fault: error } satisfies Identity
      next(error instanceof ApiError ? undefined : error)
    }
    let caller: Caller | Promise<Caller> | null
    try {
      caller = authenticate(req)
    } catch (error) {
      fail(error)
      return
    }
    if (caller instanceof Promise) caller.then(succeed, fail)
    else succeed(caller)
  }
}

/** Reads the ticket from the query, because EventSource can put it nowhere else. Null if there is none. */
function ticketOf({ url, method }: Request): string | null {
  const at = url.indexOf('?')
  if (at === -1 || (method !== 'GET' && method !== 'HEAD')) return null
  const [ticket, ...more] = new URLSearchParams(url.slice(at)).getAll('ticket')
  if (more.length > 0) throw new ApiError('invalid-token', 'ticket refused: several')
  return ticket ?? null
}

/** The caller, or null. For use before `requireCaller`, and in the log. */
export function knownCaller(res: Response): Caller | null {
  return identityOf(res).caller
}

/** Why there is no caller; null if there is one. */
export function identityFault(res: Response): ApiError | null {
  return identityOf(res).fault
}

/** The actor of an audit record. */
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

function identityOf(res: Response): Identity {
  return (res.locals['identity'] as Identity | undefined) ?? NO_TOKEN
}
