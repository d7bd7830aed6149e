import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Request, RequestHandler, Response } from 'express'
import { pinoHttp } from 'pino-http'
import type { Log } from '../../log.js'
import { ApiError } from '../../model/error.js'
import { scrubText } from '../../redaction/scrub.js'
import { childless } from '../hot-path.js'
import { failureOf } from './answer-problem.js'
import { knownCaller } from './identify.js'
import { addressOf } from './resolve-address.js'

/** Characters of a path in a log line. Our routes take a third of that. */
const MAX_LOGGED_PATH = 256

/** Gives each request an id and one log line: who, what, and how it ended. Never a header, a query or a body. */
export function requestLog(logger: Log): RequestHandler {
  const log = pinoHttp<Request, Response>({
    logger: childless(logger),
    wrapSerializers: false,
    genReqId: giveRequestId,
    customLogLevel: levelOf,
    customSuccessMessage: () => 'request',
    customErrorMessage: () => 'request',
    customSuccessObject: describeRequest,
    customErrorObject: (req, res, _error, value) => describeRequest(req, res, value),
  })
  return function logRequest(req, res, next) {
    log(req, res, next)
  }
}

/** Always generated here: a client could send an id that looks like another request's. */
function giveRequestId(_req: IncomingMessage, res: ServerResponse): string {
  const id = randomUUID()
  res.setHeader('X-Request-Id', id)
  return id
}

/** A readiness probe may get a 503, and so may what a stop leaves no time for. Neither is a failure of the request. */
function levelOf(req: IncomingMessage, res: Response): 'debug' | 'info' | 'error' {
  if (req.url?.startsWith('/health/')) return res.statusCode === 200 ? 'debug' : 'info'
  const failure = failureOf(res)
  if (failure instanceof ApiError && failure.code === 'service-stopping') return 'info'
  return res.statusCode >= 500 ? 'error' : 'info'
}

function describeRequest(req: Request, res: Response, value: { responseTime: number }) {
  const caller = knownCaller(res)
  const failure = failureOf(res)
  return {
    requestId: req.id,
    method: req.method,
    path: loggedPath(req.originalUrl),
    status: res.statusCode,
    milliseconds: value.responseTime,
    address: addressOf(res),
    ...(caller === null ? {} : { subject: caller.subject, tokenId: caller.tokenId }),
    ...(res.writableFinished ? {} : { aborted: true }),
    ...(failure === undefined ? {} : { err: failure }),
  }
}

function loggedPath(url: string): string {
  const path = url.split('?', 1)[0]?.slice(0, MAX_LOGGED_PATH) ?? ''
  return /^[/a-z0-9-]*$/.test(path) ? path : scrubText(path).value
}
