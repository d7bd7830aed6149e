import type { RequestHandler } from 'express'
import type { Caller } from '../auth/caller.js'
import { answerOf } from './answer.js'
import { type EndpointParts, openRead } from './endpoint.js'
import type { OpenStreams } from './open-streams.js'
import type { Stream } from './routes.js'
import type { StreamQuery } from './schemas.js'
import { openEventStream, startEventStream } from './sse.js'

export interface StreamParts extends EndpointParts {
  readonly streams: OpenStreams
  /** Whether the caller may go on: a stream outlives the look that opened it. */
  readonly isGood: (caller: Caller) => Promise<boolean>
}

/**
 * Makes a stream of the table into an Express handler: the same checks and the same answer as a read, sent again at each interval
 * in which it has changed. Callers who see the same share what is made.
 */
export function streamEndpoint(stream: Stream, parts: StreamParts): RequestHandler {
  return async function openStream(req, res) {
    const read = openRead(stream, req, res, parts)
    const { caller } = read
    const input = read.input()
    const { interval, ...query } = input.query as StreamQuery
    let close = () => {}
    if (req.method === 'HEAD') {
      read.answered(NOTHING_YET, 200)
      startEventStream(res)
      res.end()
      return
    }
    const leave = parts.streams.open(`${caller.issuer}\n${caller.subject}`, () => close())
    // Given back as well where nothing is ever sent.
    res.once('close', leave)
    read.answered(NOTHING_YET, 200)

    const { view } = parts.sources
    const key = `${stream.path}\n${input.showHostPaths}\n${caller.visibilityKey}\n${JSON.stringify(query)}`
    const latest = () => {
      const version = stream.changesWith === 'stats' ? view.statsVersion : view.version
      const kept = parts.cache.get(key, version)
      if (kept !== null) return kept
      const made = answerOf(stream.handler(parts.sources, input))
      parts.cache.put(key, version, made)
      return made
    }
    const events = openEventStream(res, () => clearInterval(ticking))
    close = () => events.end()
    let sent = ''
    const tick = async () => {
      if (!(await parts.isGood(caller))) {
        events.send('end', '', EXPIRED)
        events.end()
        return
      }
      const { etag, body } = latest()
      if (etag !== sent && events.send(stream.event, etag.replaceAll('"', ''), body)) sent = etag
    }
    const ticking = setInterval(() => {
      // A fault of one tick ends the stream, and the client comes back.
      tick().catch(() => events.end())
    }, interval * 1000)
    await tick()
  }
}

/** What the audit is told when a stream opens: what follows is not known yet. */
const NOTHING_YET = { body: Buffer.alloc(0), etag: '', redactions: 0, container: null }
const EXPIRED = Buffer.from(JSON.stringify({ reason: 'the token has expired or was revoked' }))
