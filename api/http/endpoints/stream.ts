import type { RequestHandler } from 'express'
import type { Caller } from '../../auth/caller.js'
import { ApiError } from '../../model/error.js'
import type { Stream } from '../routes.js'
import type { Answer } from './answer.js'
import { type Channels, endEvent, type Frame } from './channels.js'
import type { OpenStreams } from './open-streams.js'
import { answerFrom, type EndpointParts, holderOf, openRead, versionOf } from './read.js'
import { openEventStream, startEventStream } from './sse.js'

export interface StreamParts extends EndpointParts {
  readonly streams: OpenStreams
  readonly channels: Channels
  /** Whether the caller may go on: a stream outlives the look that opened it. */
  readonly isStillValid: (caller: Caller) => Promise<boolean>
}

/**
 * Makes a stream of the table into an Express handler: the same checks and the same answer as a read, sent again at each interval
 * in which it has changed. Callers who see the same share what is made.
 */
export function streamEndpoint(stream: Stream, parts: StreamParts): RequestHandler {
  return async function openStream(req, res) {
    // Who has gone meanwhile takes no place: nothing would give it back.
    if (res.closed) return
    const read = openRead(stream, req, res, parts)
    const { caller } = read
    const input = read.input()
    const { interval, ...query } = input.query as { readonly interval: number }
    const intervalMs = interval * 1_000
    const view = `${stream.path}\n${input.id}\n${input.showHostPaths}\n${caller.visibilityKey}\n${JSON.stringify(query)}`
    const make = () => {
      const { sources, cache, clock } = parts
      const asked = { ...input, now: clock.now() }
      sources.view.watch(stream.watches(sources, asked), intervalMs)
      const version = versionOf(stream, sources)
      const kept = version === null ? null : cache.get(view, version)
      if (kept !== null) return kept
      const made = answerFrom(input, stream.handler(sources, asked))
      if (version !== null) cache.put(view, version, made)
      return made
    }
    if (req.method === 'HEAD') {
      const { container } = attempt(read.failed, make)
      read.answered(nothingYet(container), 200)
      startEventStream(res)
      res.end()
      return
    }

    let close = () => {}
    const leaveStreams = attempt(read.failed, () => parts.streams.open(holderOf(caller), () => close()))
    // Given back as well where nothing is ever sent.
    res.once('close', leaveStreams)
    let sent = ''
    const tick = async (frame: Frame) => {
      if (!(await parts.isStillValid(caller))) events.end(endEvent(EXPIRED))
      else if (frame.etag !== sent && events.send(frame.bytes)) sent = frame.etag
    }
    const topic = { key: `${view}\n${interval}`, event: stream.event, intervalMs, make }
    const { first, leave } = attempt(read.failed, () =>
      parts.channels.join(topic, {
        // A fault of one tick ends the stream, and the client comes back.
        tick: (frame) => tick(frame).catch((error) => events.end(endEvent(error))),
        end: (error) => events.end(endEvent(error)),
      }),
    )
    res.once('close', leave)
    read.answered(nothingYet(first.container), 200)
    const events = openEventStream(res)
    close = () => events.end()
    await tick(first)
  }
}

function attempt<T>(failed: (error: unknown) => unknown, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw failed(error)
  }
}

/** What the audit is told when a stream opens: what follows is not known yet. */
export function nothingYet(container: string | null): Answer {
  return { body: Buffer.alloc(0), etag: '', type: '', redactions: 0, container, headers: {} }
}

export const EXPIRED = new ApiError('invalid-token', 'the token has expired or was revoked')
