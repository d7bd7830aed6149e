import type { Request, Response } from 'express'
import type { Audit } from '../../audit/event.js'
import type { Caller } from '../../auth/caller.js'
import type { Clock } from '../../clock.js'
import type { EngineCall } from '../../model/engine-call.js'
import { ApiError } from '../../model/error.js'
import type { Scope } from '../../model/scope.js'
import { clientAbortSignal } from '../hot-path.js'
import { callerOf } from '../middleware/require-caller.js'
import { isContainerId } from '../resources/query-parts.js'
import type { RenderedResponse } from './answer.js'
import type { AuditContext } from './audit-context.js'
import type { ReadRequest } from './input.js'
import { answeredRead, openedStream, refusedRead } from './read-record.js'
import type { Route } from './route.js'

export interface OpenReadParts {
  readonly audit: Audit
  readonly clock: Clock
}

/** One request to a route of the table, by a caller with the route's scope, and its single audit record. */
export interface OpenRead {
  readonly caller: Caller
  /** Throws invalid-container-id. */
  request(): ReadRequest
  /** Throws audit-unavailable, as the next two do. */
  recordAnswer(response: RenderedResponse, status: 200 | 304): void
  recordStream(container: string | null): void
  /** Records the refusal, and returns the error. */
  refused(error: unknown): unknown
}

/** Throws insufficient-scope, and records the refusal. */
export function openRead(route: Route, req: Request, res: Response, { audit, clock }: OpenReadParts): OpenRead {
  const caller = callerOf(res)
  const engine: EngineCall[] = []
  const context: AuditContext = { req, res, route, caller, engine }
  const read: OpenRead = {
    caller,
    request: () => requestOf(req, res, caller, engine, clock.now()),
    recordAnswer: (response, status) => audit.record(answeredRead(context, response, status)),
    recordStream: (container) => audit.record(openedStream(context, container)),
    refused: (error) => {
      const event = refusedRead(context, error instanceof ApiError ? error.code : 'internal')
      if (event !== null) audit.record(event)
      return error
    },
  }
  if (!caller.scopes.has(route.scope)) throw read.refused(insufficientScope(route.scope))
  return read
}

/** The key that quotas count by: all tokens of one subject share it. */
export function holderOf({ issuer, subject }: Caller): string {
  return `${issuer}\n${subject}`
}

function requestOf(req: Request, res: Response, caller: Caller, engine: EngineCall[], now: number): ReadRequest {
  const { subject, issuer, selectors, visibilityKey } = caller
  return {
    party: holderOf(caller),
    id: idOf(req),
    now,
    selectors,
    showHostPaths: caller.scopes.has('security:read'),
    format: formatOf(req),
    signal: clientAbortSignal(res),
    recordCall: (call) => engine.push(call),
    ownRecords: selectors.length === 0 ? null : { subject, issuer, filter: visibilityKey },
  }
}

function idOf(req: Request): string {
  const { id } = req.params
  if (id === undefined) return ''
  if (typeof id !== 'string' || !isContainerId(id))
    throw new ApiError('invalid-container-id', 'not 12 to 64 hex digits')
  return id
}

const FORMATS: readonly (readonly [type: string, format: ReadRequest['format']])[] = [
  ['application/json', 'json'],
  ['application/x-ndjson', 'ndjson'],
  ['text/plain', 'text'],
]

/** Negotiates by the Accept field (RFC 9110, section 12.5.1). A client that accepts none of our formats gets JSON. */
function formatOf(req: Request): ReadRequest['format'] {
  const { accept } = req.headers
  if (accept === undefined || accept === '*/*' || accept === 'application/json') return 'json'
  const best = req.accepts(FORMATS.map(([type]) => type))
  return FORMATS.find(([type]) => type === best)?.[1] ?? 'json'
}

function insufficientScope(scope: Scope): ApiError {
  return new ApiError('insufficient-scope', `lacks ${scope}`, {
    detail: `This route asks for the scope ${scope}.`,
    missingScope: scope,
  })
}
