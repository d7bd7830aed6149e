import { randomUUID } from 'node:crypto'
import { createServer, type Server, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Express } from 'express'
import type { Clock } from '../clock.js'
import type { Log } from '../log.js'
import { ApiError, type ErrorCode } from '../model/error.js'
import { problemOf } from './endpoints/problem.js'
import { messageClasses } from './hot-path.js'

/** Bytes of all header fields together: a token takes 1 KiB, and proxies add some. More gets a 431. */
const MAX_HEADER_BYTES = 16 * 1024

/** Header fields of one request. */
const MAX_HEADERS = 100

/** Milliseconds for the header fields to arrive. A slow client holds a connection for this long at most. */
const HEADERS_TIMEOUT_MS = 10_000

/** Milliseconds for the whole request to arrive. Reads have no body, so this adds little to the headers. */
const REQUEST_TIMEOUT_MS = 15_000

/** How often Node checks the two deadlines above. */
const TIMEOUT_CHECK_MS = 2_000

/** The deadlines that a test may shorten. */
export interface ServerTimes {
  readonly headersMs: number
  readonly checkMs: number
}

const TIMES: ServerTimes = { headersMs: HEADERS_TIMEOUT_MS, checkMs: TIMEOUT_CHECK_MS }

/** Longer than a proxy keeps idle connections open (Traefik 90 s, nginx 60 s): the proxy closes first, and no request is lost. */
const KEEP_ALIVE_MS = 95_000

/** A client that reads nothing of its answer for this long counts as gone. */
const IDLE_SOCKET_MS = 30_000

/** Connections at once. A proxy and its dashboards need dozens; a flood is refused before it costs memory. */
const MAX_CONNECTIONS = 2_048

/** How long open requests may take to end once the service stops. */
const DRAIN_MS = 3_000

/** The HTTP server with every bound set: Node's defaults leave half of them open. */
export function createHttpServer(app: Express, log: Log, { headersMs, checkMs } = TIMES): Server {
  const server = createServer(
    {
      ...messageClasses(app),
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: headersMs,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: checkMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Checked by a middleware instead, so that the refusal has a body and a log line.
      requireHostHeader: false,
      insecureHTTPParser: false,
    },
    app,
  )
  server.maxHeadersCount = MAX_HEADERS
  server.maxConnections = MAX_CONNECTIONS
  server.setTimeout(IDLE_SOCKET_MS)
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => answerUnreadable(error, socket, log))
  return server
}

/** Resolves with the bound port. Rejects if the address cannot be bound. */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: host.replace(/^\[|\]$/g, ''), port }, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

/** Refuses new connections, lets open requests end, and closes what is left after DRAIN_MS. */
export function closeServer(server: Server, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancelCut = clock.after(DRAIN_MS, () => server.closeAllConnections())
    server.close(() => {
      cancelCut()
      resolve()
    })
    server.closeIdleConnections()
  })
}

/** Answers when the parser fails before any middleware runs. The answer and the log line have their usual shape. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket, log: Log): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const requestId = randomUUID()
  const { code, status, detail } = UNREADABLE[error.code ?? ''] ?? MALFORMED
  const problem = problemOf(new ApiError(code, 'unreadable request', { detail }), requestId)
  const body = JSON.stringify({ ...problem.body, status })
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'Connection: close',
      'Content-Type: application/problem+json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Cache-Control: no-store',
      'X-Content-Type-Options: nosniff',
      `X-Request-Id: ${requestId}`,
      '',
      body,
    ].join('\r\n'),
  )
  log.info({ requestId, status, parser: error.code, address: socket.remoteAddress }, 'unreadable request')
}

interface Unreadable {
  readonly code: ErrorCode
  readonly status: number
  readonly detail: string
}

const MALFORMED: Unreadable = { code: 'invalid-request', status: 400, detail: 'The request is not valid HTTP.' }

/** Problems by the parser's codes. HTTP has a specific status for each, instead of the code's own 400 or 413. */
const UNREADABLE: Readonly<Record<string, Unreadable>> = {
  HPE_HEADER_OVERFLOW: {
    code: 'payload-too-large',
    status: 431,
    detail: `All header fields together may take ${MAX_HEADER_BYTES} bytes.`,
  },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'invalid-request', status: 408, detail: 'The request did not arrive in time.' },
}
