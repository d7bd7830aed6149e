import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Express } from 'express'
import { type Clock, every } from '../clock.js'
import type { Log } from '../log.js'
import { CONNECTION_BOUNDS, type ConnectionBounds, type ConnectionNetwork, Connections } from './connections.js'
import { messageClasses } from './hot-path.js'
import { OutputWatch } from './output-watch.js'
import { answerUnreadable, MAX_HEADER_BYTES, MAX_HEADER_FIELDS, refuseFields } from './unreadable-request.js'

/** Milliseconds for the header fields to arrive. A slow client holds a connection for this long at most. */
const HEADERS_TIMEOUT_MS = 10_000

/** Milliseconds for the whole request to arrive. Reads have no body, so this adds little to the headers. */
const REQUEST_TIMEOUT_MS = 15_000

/** How often Node checks the two deadlines above. */
const TIMEOUT_CHECK_MS = 2_000

/** A client that reads nothing of its answer for this long is dropped. */
const UNREAD_MS = 30_000

/** How often it is looked whether output moves, within the time above. A client is dropped up to one such step early. */
const UNREAD_CHECKS = 6

/** The deadlines that a test may shorten. */
export interface ServerTimes {
  readonly headersMs: number
  readonly checkMs: number
  readonly unreadMs: number
}

const TIMES: ServerTimes = { headersMs: HEADERS_TIMEOUT_MS, checkMs: TIMEOUT_CHECK_MS, unreadMs: UNREAD_MS }

/** Longer than a proxy keeps idle connections open (Traefik 90 s, nginx 60 s): the proxy closes first, and no request is lost. */
const KEEP_ALIVE_MS = 95_000

/** Requests on one connection: hours of a dashboard. Then a new one begins, so that none lasts for ever. */
export const MAX_REQUESTS_PER_CONNECTION = 10_000

/** Milliseconds that requests under way have once the service stops. */
const DRAIN_MS = 3_000

/** Milliseconds for the answers to what still waits after that. With the drain time it stays below what a stop may take. */
const LAST_ANSWER_MS = 500

export interface ServerParts {
  readonly app: Express
  readonly network: ConnectionNetwork
  readonly clock: Clock
  readonly log: Log
}

/** The HTTP server with every bound set: Node's defaults leave half of them open. */
export function createHttpServer(
  { app, network, clock, log }: ServerParts,
  { headersMs, checkMs, unreadMs }: ServerTimes = TIMES,
  bounds: ConnectionBounds = CONNECTION_BOUNDS,
): Server {
  const connections = new Connections(network, bounds)
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
    (req, res) => {
      connections.run(res, () => answer(req, res), closeAtStop)
    },
  )
  const answer = (req: IncomingMessage, res: ServerResponse) => {
    // The answer says so: a kept connection would not see the end of the stop.
    if (!server.listening) res.shouldKeepAlive = false
    // Before anything reads a field: one that stands behind the bound must not be missed in silence.
    if (req.rawHeaders.length > 2 * MAX_HEADER_FIELDS) refuseFields(res, log)
    else app(req, res)
  }
  const closeAtStop = (socket: Socket) => {
    if (!server.listening) socket.destroySoon()
  }
  // Node would cut what is above the bound; MAX_HEADER_BYTES bounds it.
  server.maxHeadersCount = 0
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION
  server.on('connection', (socket) => connections.admit(socket))
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => answerUnreadable(error, socket, log))
  dropNonReaders(server, connections, clock, unreadMs)
  return server
}

function dropNonReaders(server: Server, connections: Connections, clock: Clock, unreadMs: number): void {
  const stepMs = unreadMs / UNREAD_CHECKS
  const watch = new OutputWatch(unreadMs - stepMs)
  server.once('listening', () => {
    const stop = every(clock, stepMs, () => watch.check(connections.sockets, clock.now()))
    server.once('close', () => stop())
  })
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

/**
 * Refuses new connections and lets requests under way end. After DRAIN_MS `abort` ends what they wait for, so that they are
 * answered; after LAST_ANSWER_MS more what is left is closed.
 */
export function closeServer(server: Server, clock: Clock, abort: () => void): Promise<void> {
  return new Promise((resolve) => {
    let cancel = clock.after(DRAIN_MS, () => {
      abort()
      cancel = clock.after(LAST_ANSWER_MS, () => server.closeAllConnections())
    })
    // Idle connections close at once.
    server.close(() => {
      cancel()
      resolve()
    })
  })
}
