import { IncomingMessage, type ServerOptions, ServerResponse } from 'node:http'
import express, { type Express, type Response } from 'express'
import type { ReadEvent } from '../audit/event.js'
import type { Log } from '../log.js'
import type { AuditContext, Outcome } from './endpoints/audit-context.js'
import { addressOf } from './middleware/resolve-address.js'

/*
 * What speed demands at the price of readability stands in this file, each with what it saves: processor time of one
 * `GET /api/containers` of 100 containers, out of memory, through the whole chain (Node 20, eight connections). With
 * all of it a request takes about 125 us. How it was found: docs/decisions/0009-native-express-prototypes.md.
 */

/**
 * Request and response classes that carry Express's methods, for the server to make its objects of.
 *
 * Express gives each request and each response another prototype. V8 then throws away what it has learnt of their shapes. Where
 * they have that prototype already, the call changes nothing. Without this, a request takes 275 us.
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
 * A logger for pino-http, which makes a child of it with each request, to hang the request on. Each child has its own prototype,
 * and costs more than the one line that is written at the end. Nothing logs in between, so the child is the logger itself.
 * Without this, a request takes 265 us.
 */
export function childless(log: Log): Log {
  const own = log.child({})
  return Object.defineProperty(own, 'child', { value: () => own })
}

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
