import type { RequestHandler } from 'express'
import type { Caller } from '../../auth/caller.js'
import { yieldToEventLoop } from '../../concurrency/event-loop-yield.js'
import { ApiError } from '../../model/error.js'
import type { Feed } from '../routes.js'
import { endEvent } from './channels.js'
import type { FeedItem } from './input.js'
import { holderOf, openRead } from './read.js'
import { type EventStream, eventOf, openEventStream, startEventStream } from './sse.js'
import { EXPIRED, nothingYet, type StreamParts } from './stream.js'

/** How often it is looked up whether the caller may go on. */
const GOOD_CHECK_MS = 5_000

/**
 * Makes a feed of the table into an Express handler: the checks of a read, then each item as a server-sent event, in its order and
 * none left out. A slow reader slows down the source, so nothing queues up here. The head of the answer is sent with the first
 * items, or none, which the source gives once it knows that there is something to follow.
 */
export function feedEndpoint(feed: Feed, parts: StreamParts): RequestHandler {
  return async function openFeed(req, res) {
    // Who has gone meanwhile takes no place: nothing would give it back.
    if (res.closed) return
    const read = openRead(feed, req, res, parts)
    const { caller } = read
    const input = read.input()
    const gone = new AbortController()
    const leave = () => gone.abort()
    res.once('close', leave)
    let events: EventStream | null = null
    let container: string | null = null
    const items = feed.handler(parts.sources, {
      ...input,
      lastEventId: lastEventId(feed, req.headers['last-event-id']),
      signal: gone.signal,
      onOpen: (id) => {
        container = id
      },
    })
    const iterator = items[Symbol.asyncIterator]()
    let release = () => {}
    let watch: NodeJS.Timeout | undefined
    const end = (last?: Buffer) => {
      leave()
      events?.end(last)
    }
    try {
      release = parts.streams.open(holderOf(caller), () => end())
      let turn = await iterator.next()
      read.answered(nothingYet(container), 200)
      if (req.method === 'HEAD') {
        startEventStream(res)
        res.end()
        return
      }
      events = openEventStream(res)
      watch = watchCaller(caller, parts, end)
      for (; turn.done !== true; turn = await iterator.next()) {
        if (turn.value.length > 0) await events.write(Buffer.concat(turn.value.map(frameOf)))
        // A source that never runs dry leaves room for everybody else.
        await yieldToEventLoop()
      }
      end()
    } catch (error) {
      // The reader has gone, and what ends with it is no fault.
      if (gone.signal.aborted && res.closed) return
      if (events === null) throw read.failed(error)
      end(endEvent(error))
    } finally {
      clearInterval(watch)
      leave()
      release()
      // Ends with its signal; whatever it still has to say is nobody's.
      Promise.resolve(iterator.return?.(undefined)).catch(() => {})
    }
  }
}

function watchCaller(caller: Caller, { isStillValid }: StreamParts, end: (last: Buffer) => void): NodeJS.Timeout {
  const look = async () => {
    try {
      if (!(await isStillValid(caller))) end(endEvent(EXPIRED))
    } catch (error) {
      end(endEvent(error))
    }
  }
  return setInterval(look, GOOD_CHECK_MS)
}

function frameOf({ event, id, data }: FeedItem): Buffer {
  return eventOf(event, id, event === null ? null : Buffer.from(JSON.stringify(data)))
}

/** As the feed itself reads it. Undefined where there is none. */
function lastEventId(feed: Feed, given: string | string[] | undefined): never | undefined {
  if (given === undefined || given === '') return undefined
  const id = typeof given === 'string' ? feed.readId(given) : null
  if (id !== null) return id
  throw new ApiError('invalid-request', 'Last-Event-ID refused', {
    faults: [{ path: 'Last-Event-ID', message: 'is not an id of this stream' }],
  })
}
