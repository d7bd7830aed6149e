import type { Request, RequestHandler, Response } from 'express'
import type { Audit, ReadEvent } from '../../audit/event.js'
import type { Caller } from '../../auth/caller.js'
import type { Clock } from '../../clock.js'
import type { Quota } from '../../concurrency/quota.js'
import type { EngineCall } from '../../model/engine-call.js'
import { ApiError, type ErrorCode } from '../../model/error.js'
import type { Scope } from '../../model/scope.js'
import { callerOf } from '../middleware/require-caller.js'
import { addressOf } from '../middleware/resolve-address.js'
import { isContainerId, parseQuery } from '../resources/query-parts.js'
import type { Route } from '../routes.js'
import { type Answer, type AnswerCache, answerOf } from './answer.js'
import type { Input, Sources } from './input.js'
import { statusOf } from './problem.js'

export interface EndpointParts {
  readonly sources: Sources
  readonly cache: AnswerCache
  readonly audit: Audit
  readonly largeResponses: Quota
  readonly clock: Clock
}

/** What an endpoint's checks need of a row of the table, whatever it answers with. */
type Row = Pick<Route, 'path' | 'scope' | 'query'>

/** Refusals of what was asked rather than of who asks: nothing was read, so the audit has nothing to tell. */
const NOTHING_READ: ReadonlySet<ErrorCode> = new Set(['invalid-request', 'invalid-container-id'])

/** Makes a route of the table into an Express handler: scope, id, query, handler, audit, answer. */
export function endpoint(route: Route, parts: EndpointParts): RequestHandler {
  const { sources, cache } = parts
  const quota = route.isHeavy ? parts.largeResponses : null
  return async function answerRoute(req, res) {
    const read = openRead(route, req, res, parts)
    const { caller } = read
    let answer: Answer
    try {
      const version = versionOf(route, sources)
      const key = `${caller.scopes.has('security:read')}\n${caller.visibilityKey}\n${req.url}`
      const kept = version === null ? null : cache.get(key, version)
      const input = kept === null ? read.input() : null
      if (quota !== null) whenClosed(res, quota.take(holderOf(caller)))
      answer = input === null ? (kept as Answer) : await makeAnswer(route, input, sources)
      if (version !== null && kept === null) cache.put(key, version, answer)
    } catch (error) {
      // Whoever has gone is answered nothing, and what ended with them is no fault.
      if (res.closed && !(error instanceof ApiError)) return
      throw read.failed(error)
    }
    // RFC 9110 section 13.1.2, by Express.
    res.setHeader('ETag', answer.etag)
    for (const name in answer.headers) res.setHeader(name, answer.headers[name] ?? '')
    if (route.isNegotiated) res.vary('Accept')
    const status = req.fresh ? 304 : 200
    // Before the first byte leaves: what cannot be recorded is not answered.
    read.answered(answer, status)
    send(res, answer, status)
  }
}

/** Whom a place is counted for: all tokens of one subject together. */
export function holderOf({ issuer, subject }: Caller): string {
  return `${issuer}\n${subject}`
}

/** A read by a caller who holds the route's scope, and what the audit is told of it. */
export interface OpenRead {
  readonly caller: Caller
  /** Parses what was asked. Throws invalid-request and invalid-container-id. */
  input(): Input<never>
  answered(answer: Answer, status: 200 | 304): void
  /** Gives the error back, recorded. */
  failed(error: unknown): unknown
}

/** Throws insufficient-scope, recorded. */
export function openRead(route: Row, req: Request, res: Response, { audit, clock }: EndpointParts): OpenRead {
  const caller = callerOf(res)
  const engine: EngineCall[] = []
  const told = { route, caller, engine }
  const read: OpenRead = {
    caller,
    input: () => inputOf(route, req, caller, engine, departureOf(res), clock.now()),
    answered: (answer, status) => audit.record(answeredRead(req, res, told, answer, status)),
    failed: (error) => {
      const code = error instanceof ApiError ? error.code : 'internal'
      if (!NOTHING_READ.has(code)) audit.record(refusedRead(req, res, told, code))
      return error
    },
  }
  if (!caller.scopes.has(route.scope)) throw read.failed(insufficientScope(route.scope))
  return read
}

interface Told {
  readonly route: Row
  readonly caller: Caller
  readonly engine: readonly EngineCall[]
}

async function makeAnswer(route: Route, input: Input<never>, sources: Sources): Promise<Answer> {
  return answerFrom(input, await route.handler(sources, input))
}

/** `content` of a route with an id has that of the one container, in full. */
export function answerFrom(input: Input<never>, content: unknown): Answer {
  return answerOf(content, input.id === '' ? null : (content as { id?: string }).id)
}

function inputOf(
  route: Row,
  req: Request,
  caller: Caller,
  engine: EngineCall[],
  departure: () => AbortSignal,
  now: number,
): Input<never> {
  const { subject, issuer, selectors, visibilityKey } = caller
  return {
    query: readQuery(route, req.url),
    id: readId(req),
    now,
    selectors,
    showHostPaths: caller.scopes.has('security:read'),
    format: formatOf(req),
    get signal() {
      return departure()
    },
    onCall: (call) => engine.push(call),
    ownRecords: selectors.length === 0 ? null : { subject, issuer, filter: visibilityKey },
  }
}

/** Made for those few who want to know: it costs more than the whole rest of an answer out of memory. */
function departureOf(res: Response): () => AbortSignal {
  let controller: AbortController | null = null
  return () => {
    if (controller !== null) return controller.signal
    const made = new AbortController()
    controller = made
    whenClosed(res, () => made.abort())
    return made.signal
  }
}

/** Also where the caller has gone already, while it was found out who that is: no event tells of it any more. */
function whenClosed(res: Response, run: () => void): void {
  if (res.closed) run()
  else res.once('close', run)
}

const FORMATS: readonly (readonly [type: string, format: Input<never>['format']])[] = [
  ['application/json', 'json'],
  ['application/x-ndjson', 'ndjson'],
  ['text/plain', 'text'],
]

/** By the Accept field (RFC 9110, section 12.5.1). Who takes none of ours, as a browser asks for HTML, gets JSON like anybody. */
function formatOf(req: Request): Input<never>['format'] {
  const { accept } = req.headers
  if (accept === undefined || accept === '*/*' || accept === 'application/json') return 'json'
  const best = req.accepts(FORMATS.map(([type]) => type))
  return FORMATS.find(([type]) => type === best)?.[1] ?? 'json'
}

/** Null where an answer is made anew each time. */
export function versionOf(route: Pick<Route, 'changesWith'>, { view }: Sources): number | null {
  if (route.changesWith === null) return null
  return route.changesWith === 'stats' ? view.statsVersion : view.version
}

function readId(req: Request): string {
  const { id } = req.params
  if (id === undefined) return ''
  if (typeof id !== 'string' || !isContainerId(id))
    throw new ApiError('invalid-container-id', 'not 12 to 64 hex digits')
  return id
}

function readQuery(route: Row, url: string): never {
  const at = url.indexOf('?')
  const parsed = parseQuery(route.query, at === -1 ? '' : url.slice(at))
  if (parsed.faults !== undefined) throw new ApiError('invalid-request', 'query refused', { faults: parsed.faults })
  return parsed.value
}

function answeredRead(req: Request, res: Response, told: Told, answer: Answer, status: 200 | 304): ReadEvent {
  const bytes = status === 304 || req.method === 'HEAD' ? 0 : answer.body.length
  const { container, redactions } = answer
  return readOf(req, res, told, { decision: 'allow', code: null, status, container, bytes, redactions })
}

function refusedRead(req: Request, res: Response, told: Told, code: ErrorCode): ReadEvent {
  const { id } = req.params
  const decision = code === 'insufficient-scope' ? 'deny' : 'allow'
  // As it was typed, which is 12 to 64 digits and nothing else.
  const container = typeof id === 'string' && isContainerId(id) ? id : null
  return readOf(req, res, told, { decision, code, status: statusOf(code), container, bytes: 0, redactions: 0 })
}

type Outcome = Pick<ReadEvent, 'decision' | 'code' | 'status' | 'container' | 'bytes' | 'redactions'>

/** Member by member: this runs with every request, and a spread costs ten times as much. */
function readOf(req: Request, res: Response, { route, caller, engine }: Told, outcome: Outcome): ReadEvent {
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

function send(res: Response, { body, type }: Answer, status: 200 | 304): void {
  if (status === 304) {
    res.statusCode = 304
    res.end()
    return
  }
  res.setHeader('Content-Type', type)
  res.setHeader('Content-Length', body.length)
  res.end(body)
}

function insufficientScope(scope: Scope): ApiError {
  return new ApiError('insufficient-scope', `lacks ${scope}`, {
    detail: `This route asks for the scope ${scope}.`,
    missingScope: scope,
  })
}
