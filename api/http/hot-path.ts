import { IncomingMessage, type ServerOptions, ServerResponse } from 'node:http'
import express, { type Express, type Response } from 'express'
import type { ReadEvent } from '../audit/event.js'
import type { Log } from '../log.js'
import type { AuditContext, Outcome } from './endpoints/audit-context.js'
import { addressOf } from './middleware/resolve-address.js'

/*
 * Code that is fast at the price of readability is in this file, each piece with what it saves: processor time of one
 * `GET /api/containers` of 100 containers, out of memory, through the whole chain (Node 20, eight connections). With
 * all of it a request takes about 125 us. How it was found: docs/decisions/0009-native-express-prototypes.md.
 */

/**
 * Request and response classes that carry Express's methods. The server makes its objects from them.
 *
 * Express replaces the prototype of each request and each response. V8 then discards what it has learnt of their shapes. If they
 * have that prototype already, the call changes nothing. Without this, a request takes 275 us.
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

/**
 * A logger for pino-http, which makes a child logger per request to bind the request to. Each child has its own prototype, and
 * costs more than the one line written at the end. Nothing logs in between, so `child` returns the logger itself. Without this,
 * a request takes 265 us.
 */
export function childless(log: Log): Log {
  const own = log.child({})
  return Object.defineProperty(own, 'child', { value: () => own })
}

/**
 * The audit event of a read, member by member, because every request makes one: 0.03 us. With spreads of the two contexts it
 * takes 0.4 us (Node 20, x64).
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
 * Returns the signal that fires when the client has gone. It is made when a handler first asks for it, which few do: it costs
 * 3 us and a listener, while a request that does not ask pays 0.02 us (Node 20, x64).
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

/** Calls `run` when the connection closes, or at once if it closed during authentication, because no event follows then. */
export function whenClosed(res: Response, run: () => void): void {
  if (res.closed) run()
  else res.once('close', run)
}
