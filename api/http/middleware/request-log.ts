import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Request, RequestHandler, Response } from 'express'
import { pinoHttp } from 'pino-http'
import type { Log } from '../../log.js'
import { scrubText } from '../../redaction/scrub.js'
import { addressOf } from './address.js'
import { knownCaller } from './authenticate.js'

/** Characters of a path that a log line carries: a real one has a third of it. */
const MAX_LOGGED_PATH = 256

/** Gives each request an id and one line in the log: who, what, how it ended. Never a header, a query or a body. */
export function requestLog(log: Log): RequestHandler {
  return pinoHttp<Request, Response>({
    logger: childless(log),
    wrapSerializers: false,
    genReqId: giveRequestId,
    customLogLevel: levelOf,
    customSuccessMessage: () => 'request',
    customErrorMessage: () => 'request',
    customSuccessObject: describeRequest,
    customErrorObject: (req, res, _error, value) => describeRequest(req, res, value),
  }) as unknown as RequestHandler
}

/**
 * pino-http asks for a child of the logger with each request, to hang the request on it. Nothing here logs in between, and the
 * one line at the end names what it tells, so the child would be a third of what a request costs, for nothing.
 */
function childless(log: Log): Log {
  const own = log.child({})
  own.child = (() => own) as unknown as Log['child']
  return own
}

/** Ours alone: an id from outside could be made to look like another request's. */
function giveRequestId(_req: IncomingMessage, res: ServerResponse): string {
  const id = randomUUID()
  res.setHeader('X-Request-Id', id)
  return id
}

/** A probe that finds us not ready is told so; that is no fault of the request. */
function levelOf(req: IncomingMessage, res: ServerResponse): 'debug' | 'info' | 'error' {
  if (req.url?.startsWith('/health/')) return res.statusCode === 200 ? 'debug' : 'info'
  return res.statusCode >= 500 ? 'error' : 'info'
}

function describeRequest(req: Request, res: Response, value: { responseTime: number }) {
  const caller = knownCaller(res)
  return {
    requestId: req.id,
    method: req.method,
    path: loggedPath(req.originalUrl),
    status: res.statusCode,
    milliseconds: value.responseTime,
    address: addressOf(res),
    ...(caller === null ? {} : { subject: caller.subject, tokenId: caller.tokenId }),
    ...(res.writableFinished ? {} : { aborted: true }),
    ...(res.locals['failure'] === undefined ? {} : { err: res.locals['failure'] }),
  }
}

function loggedPath(url: string): string {
  const path = url.split('?', 1)[0]?.slice(0, MAX_LOGGED_PATH) ?? ''
  return /^[/a-z0-9-]*$/.test(path) ? path : scrubText(path).value
}
