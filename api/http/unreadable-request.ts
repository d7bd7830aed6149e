import { randomUUID } from 'node:crypto'
import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Log } from '../log.js'
import { ApiError, type ErrorCode } from '../model/error.js'
import { problemOf } from './endpoints/problem.js'

/** Bytes of all header fields together: a token takes 1 KiB, and proxies add some. More gets a 431. */
export const MAX_HEADER_BYTES = 16 * 1024

/** Header fields of one request: a browser sends 20, and proxies add some. More gets a 431. */
export const MAX_HEADER_FIELDS = 100

/** Milliseconds that a client has to take the answer to what could not be read. It may go on sending meanwhile. */
const LINGER_MS = 2_000

interface Unreadable {
  readonly code: ErrorCode
  readonly status: number
  readonly detail: string
}

const MALFORMED: Unreadable = { code: 'invalid-request', status: 400, detail: 'The request is not valid HTTP.' }

const TOO_MANY_FIELDS: Unreadable = {
  code: 'payload-too-large',
  status: 431,
  detail: `A request may have ${MAX_HEADER_FIELDS} header fields.`,
}

/** Problems by the parser's codes. HTTP has a specific status for each, instead of the code's own 400 or 413. */
const UNREADABLE: Readonly<Record<string, Unreadable>> = {
  HPE_HEADER_OVERFLOW: {
    code: 'payload-too-large',
    status: 431,
    detail: `All header fields together may take ${MAX_HEADER_BYTES} bytes.`,
  },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'invalid-request', status: 408, detail: 'The request did not arrive in time.' },
}

/** Answers when the parser fails before any middleware runs. The answer and the log line have their usual shape. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket, log: Log): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, fields, body } = answerTo(UNREADABLE[error.code ?? ''] ?? MALFORMED, error.code, socket, log)
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`)
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', body].join('\r\n'))
  // A client that closes its side never would hold the connection, which no request occupies any more.
  const cut = setTimeout(() => socket.destroy(), LINGER_MS).unref()
  socket.once('close', () => clearTimeout(cut))
}

/** Answers a request with more than MAX_HEADER_FIELDS, like one that the parser refuses. */
export function refuseFields(res: ServerResponse, log: Log): void {
  const { status, fields, body } = answerTo(TOO_MANY_FIELDS, 'TOO_MANY_FIELDS', res.req.socket, log)
  res.writeHead(status, fields).end(body)
}

function answerTo({ code, status, detail }: Unreadable, parser: string | undefined, socket: Socket, log: Log) {
  const requestId = randomUUID()
  const problem = problemOf(new ApiError(code, 'unreadable request', { detail }), requestId)
  const body = JSON.stringify({ ...problem.body, status })
  log.info({ requestId, status, parser, address: socket.remoteAddress }, 'unreadable request')
  const fields = {
    Connection: 'close',
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Request-Id': requestId,
  }
  return { status, fields, body }
}
