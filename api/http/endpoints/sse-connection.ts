import type { Request, RequestHandler, Response } from 'express'
import type { Caller } from '../../auth/caller.js'
import { ApiError } from '../../model/error.js'
import type { ReadRequest } from './input.js'
import { holderOf, type OpenRead, type OpenReadParts, openRead } from './open-read.js'
import type { OpenStreams } from './open-streams.js'
import type { Route } from './route.js'
import { type EventStream, endEvent, openEventStream, startEventStream } from './sse.js'

/**
 * Milliseconds that a stream lives at most. A client that vanishes without closing its connection takes all that is sent for as
 * long as the kernel has room for it, so nothing else shows that it has gone.
 */
const MAX_STREAM_MS = 15 * 60_000

/** Up to so many milliseconds more, by chance: streams that opened together do not all come back at once. */
const MAX_STREAM_SPREAD_MS = 3 * 60_000

export interface SseParts extends OpenReadParts {
  readonly streams: OpenStreams
  /** Whether the caller's token still holds: a stream outlives the check that opened it. */
  readonly isStillValid: (caller: Caller) => Promise<boolean>
}

/**
 * What a stream and a feed have in common: the checks of a read, a place among the open streams, one record when it opens, and an
 * end that says why. `run` sends what there is to send.
 */
export function sseEndpoint(
  route: Route,
  parts: SseParts,
  run: (connection: SseConnection) => Promise<void>,
): RequestHandler {
  return async function openStream(req, res) {
    // A client that has gone meanwhile takes no place: no event would give it back.
    if (res.closed) return
    const connection = new SseConnection(openRead(route, req, res, parts), req, res, parts)
    try {
      await run(connection)
    } catch (error) {
      connection.fail(error)
    }
  }
}

/** One client of a stream, from its request to its end. */
export class SseConnection {
  readonly url: string
  /** The Last-Event-ID field. */
  readonly lastEventId: string | string[] | undefined
  readonly caller: Caller
  readonly isHead: boolean
  /** Fires when the stream ends, on whichever side. */
  readonly signal: AbortSignal
  readonly #read: OpenRead
  readonly #res: Response
  readonly #parts: SseParts
  readonly #ended = new AbortController()
  #isRecorded = false
  /** Why the stream ended from our side. */
  #endReason: ApiError | null = null
  #events: EventStream | null = null

  constructor(read: OpenRead, req: Request, res: Response, parts: SseParts) {
    this.url = req.url
    this.lastEventId = req.headers['last-event-id']
    this.caller = read.caller
    this.isHead = req.method === 'HEAD'
    this.signal = this.#ended.signal
    this.#read = read
    this.#res = res
    this.#parts = parts
    this.onClose(() => this.stop())
  }

  /** Throws invalid-container-id. */
  request(): ReadRequest {
    return { ...this.#read.request(), signal: () => this.signal }
  }

  onClose(run: () => void): void {
    this.#res.once('close', run)
  }

  /** Holds a place among the open streams until the connection closes. Throws too-many-streams. */
  takePlace(): void {
    const { streams, clock } = this.#parts
    this.onClose(streams.open(holderOf(this.caller), clock.now(), (reason) => this.end(reason)))
  }

  /**
   * Records the read and sends the head; to HEAD nothing follows. Throws audit-unavailable, and why the stream has ended where
   * that came first.
   */
  open(container: string | null): void {
    if (this.#endReason !== null) throw this.#endReason
    this.#isRecorded = true
    this.#read.recordStream(container)
    if (!this.isHead) {
      const { clock } = this.#parts
      this.#events = openEventStream(this.#res, clock)
      const lifeMs = MAX_STREAM_MS + clock.random() * MAX_STREAM_SPREAD_MS
      this.onClose(clock.after(lifeMs, () => this.end(LIFE_OVER)))
      return
    }
    startEventStream(this.#res)
    this.#res.end()
  }

  /** False where the client is slow and has not taken the last event yet. */
  send(event: Buffer): boolean {
    return this.#events?.send(event) ?? false
  }

  /** Resolves when the client has room for the next event, or has gone. */
  async write(event: Buffer): Promise<void> {
    await this.#events?.write(event)
  }

  /** Ends the stream where the caller's token has expired or was revoked. Says whether it goes on. */
  async checkCaller(): Promise<boolean> {
    const isValid = await this.#parts.isStillValid(this.caller)
    if (!isValid) this.end(EXPIRED)
    return isValid
  }

  /** Ends the stream. The last event says why, if there is a reason. */
  end(reason?: ApiError): void {
    this.#endReason ??= reason ?? null
    this.stop(reason)
    this.#events?.end(reason && endEvent(reason))
  }

  /** Ends what is read for the stream. */
  stop(reason?: ApiError): void {
    this.#ended.abort(reason)
  }

  /** Before the stream is open a fault is the answer, and thrown; after that it is the last event. */
  fail(error: unknown): void {
    // The client has gone, and what ends with it is no fault.
    if (this.#res.closed) return
    // A record that the trail cannot write is lost once: its refusal makes no second one.
    if (this.#events === null) throw this.#isRecorded ? error : this.#read.refused(this.#endReason ?? error)
    this.stop()
    this.#events.end(endEvent(error))
  }
}

const EXPIRED = new ApiError('invalid-token', 'the token has expired or was revoked')

const LIFE_OVER = new ApiError('stream-expired', 'the stream has been open for as long as one may be')
