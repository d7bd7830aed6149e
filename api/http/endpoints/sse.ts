import type { Response } from 'express'
import type { Clock } from '../../clock.js'
import { ApiError } from '../../model/error.js'

/** Proxies cut a connection that is silent for a minute or less; a comment now and then holds it open. */
const HEARTBEAT_MS = 15_000

/** Milliseconds after which an EventSource comes back when the line breaks. */
const RETRY_MS = 3_000

/** Milliseconds that a reader has for the last of a stream. */
const LINGER_MS = 3_000

export interface EventStream {
  /** False where the reader is slow and has not taken the last event yet: the next one may then be newer than this one. */
  send(event: Buffer): boolean
  /** Sends an event that nothing newer can stand in for. Resolves when the reader has room for the next, or has gone. */
  write(event: Buffer): Promise<void>
  /** Sends a last event, however slow the reader is. */
  end(last?: Buffer): void
}

/** Opens a stream of server-sent events (HTML standard, section 9.2). */
export function openEventStream(res: Response, clock: Clock): EventStream {
  startEventStream(res)
  res.write(`retry: ${RETRY_MS}\n\n`)
  let cancelHeartbeat = () => {}
  const putOffHeartbeat = () => {
    cancelHeartbeat()
    cancelHeartbeat = clock.after(HEARTBEAT_MS, () => {
      if (!res.writableNeedDrain) res.write(': heartbeat\n\n')
      putOffHeartbeat()
    })
  }
  putOffHeartbeat()
  res.once('close', () => cancelHeartbeat())
  return {
    send(event) {
      if (res.writableNeedDrain || res.writableEnded || res.destroyed) return false
      putOffHeartbeat()
      res.write(event)
      return true
    },
    async write(event) {
      if (res.writableEnded || res.destroyed) return
      putOffHeartbeat()
      if (!res.write(event)) await drained(res)
    },
    end(last) {
      if (res.writableEnded || res.destroyed) return
      cancelHeartbeat()
      if (last !== undefined) res.write(last)
      res.end()
      // A client that does not read the end either would hold its place for as long as the connection lives.
      const cancelCut = clock.after(LINGER_MS, () => res.destroy())
      res.once('close', () => cancelCut())
    },
  }
}

export function startEventStream(res: Response): void {
  res.setHeader('Content-Type', 'text/event-stream; charset=utf-8')
  // Without this field nginx buffers the response.
  res.setHeader('X-Accel-Buffering', 'no')
}

function drained(res: Response): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      res.off('drain', done)
      res.off('close', done)
      resolve()
    }
    res.once('drain', done)
    res.once('close', done)
  })
}

/** HTML standard, section 9.2.6. The data is one line, as JSON always is; an event without data sets the client's last event id and nothing else. */
export function eventOf(event: string | null, id: string | null, data: Buffer | null): Buffer {
  const head = `${event === null ? '' : `event: ${event}\n`}${id === null ? '' : `id: ${id}\n`}`
  return data === null
    ? Buffer.from(`${head}\n`)
    : Buffer.concat([Buffer.from(`${head}data: `), data, Buffer.from('\n\n')])
}

/** The last event of a stream: which fault ended it, in the words of docs/errors.md. */
export function endEvent(error: unknown): Buffer {
  const code = error instanceof ApiError ? error.code : 'internal'
  return eventOf('end', null, Buffer.from(JSON.stringify({ code })))
}
