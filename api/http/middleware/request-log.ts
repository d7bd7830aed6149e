import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Request, RequestHandler, Response } from 'express'
import { pinoHttp } from 'pino-http'
import type { Log } from '../../log.js'
import { scrubText } from '../../model/redaction.js'
import { knownCaller } from './authenticate.js'

/** Characters of a path that a log line carries: a real one has a third of it. */
const MAX_LOGGED_PATH = 256

/** Gives each request an id and one line in the log: who, what, how it ended. Never a header, a query or a body. */
export function requestLog(log: Log): RequestHandler {
  return pinoHttp<Request, Response>({
    logger: log,
    wrapSerializers: false,
    genReqId: giveRequestId,
    // Of the request, the lines carry its id alone; describeRequest tells the rest at the end.
    customAttributeKeys: { req: 'requestId' },
    serializers: { requestId: (req: Request) => req.id },
    customLogLevel: (_req, res) => (res.statusCode >= 500 ? 'error' : 'info'),
    customSuccessMessage: () => 'request',
    customErrorMessage: () => 'request',
    customSuccessObject: describeRequest,
    customErrorObject: (req, res, _error, value) => describeRequest(req, res, value),
  }) as unknown as RequestHandler
}

/** Ours alone: an id from outside could be made to look like another request's. */
function giveRequestId(_req: IncomingMessage, res: ServerResponse): string {
  const id = randomUUID()
  res.setHeader('X-Request-Id', id)
  return id
}

function describeRequest(req: Request, res: Response, value: { responseTime: number }) {
  const caller = knownCaller(res)
  return {
    method: req.method,
    path: loggedPath(req.originalUrl),
    status: res.statusCode,
    milliseconds: value.responseTime,
    address: req.ip,
    ...(caller === null ? {} : { subject: caller.subject, tokenId: caller.tokenId }),
    ...(res.writableFinished ? {} : { aborted: true }),
    ...(res.locals['failure'] === undefined ? {} : { err: res.locals['failure'] }),
  }
}

function loggedPath(url: string): string {
  const path = url.split('?', 1)[0]?.slice(0, MAX_LOGGED_PATH) ?? ''
  return /^[/a-z0-9-]*$/.test(path) ? path : scrubText(path).value
}
