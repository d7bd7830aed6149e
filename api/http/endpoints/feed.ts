import type { RequestHandler } from 'express'
import type { z } from 'zod'
import { every } from '../../clock.js'
import { yieldToEventLoop } from '../../concurrency/event-loop-yield.js'
import type { Container } from '../../model/container.js'
import { ApiError } from '../../model/error.js'
import type { ContentOf } from './answer.js'
import type { FeedInput, ReadRequest, Sources } from './input.js'
import { findContainer, noContainer, type OnePath, type OneQuery, queryOf, type Resolve, type Route } from './route.js'
import { eventOf } from './sse.js'
import { type SseConnection, type SseParts, sseEndpoint } from './sse-connection.js'

/**
 * A read that goes on: every item in its order, none left out, and from where the client stood. A stream ticket opens it too.
 */
export interface FeedRoute extends Route {
  /** What each event carries, by its name. */
  readonly events: Events
  /** Parses what the URL asks. Throws invalid-request. */
  ask(url: string): FeedQuestion
}

type Events = Readonly<Record<string, z.ZodType>>

/** Parses the Last-Event-ID field, which is read after the path. Throws invalid-request. */
type FeedQuestion = (lastEventId: string | string[] | undefined) => Follow

/** Finds the container where the feed is about one. Throws what View.find throws. */
type Follow = (
  sources: Sources,
  request: ReadRequest,
) => { readonly container: string | null; readonly items: AsyncIterable<readonly SentItem[]> }

interface SentItem {
  readonly event: string | null
  readonly id: string | null
  readonly data: unknown
}

/** One server-sent event; one without a name says where the client stands and nothing else. */
export type FeedItem<Named extends Events> =
  | { readonly [Name in keyof Named & string]: Item<Name, ContentOf<Named[Name]>> }[keyof Named & string]
  | Item<null, null>

interface Item<Name, Data> {
  readonly event: Name
  readonly id: string | null
  readonly data: Data
}

interface FeedOptions<Query, Id, Named extends Events> {
  readonly scope: Route['scope']
  readonly query: z.ZodType<Query>
  readonly events: Named
  /** Reads the Last-Event-ID field; null where it is not an id of this feed. */
  readonly readId: (text: string) => Id | null
}

type Handler<Query, Id, Subject, Named extends Events> = (
  sources: Sources,
  input: FeedInput<Query, Id, Subject>,
) => AsyncIterable<readonly FeedItem<Named>[]>

export function feed<Query, Id, Named extends Events>(
  path: string,
  options: FeedOptions<Query, Id, Named>,
  handler: Handler<Query, Id, null, Named>,
): FeedRoute {
  return feedRoute(path, options, noContainer, handler)
}

/** A feed about one container. */
export function feedOne<Query extends OneQuery, Id, Named extends Events>(
  path: OnePath,
  options: FeedOptions<Query, Id, Named>,
  handler: Handler<Query, Id, Container, Named>,
): FeedRoute {
  return feedRoute(path, options, findContainer, handler)
}

function feedRoute<Query, Id, Subject extends Container | null, Named extends Events>(
  path: string,
  { readId, ...options }: FeedOptions<Query, Id, Named>,
  resolve: Resolve<Query, Subject>,
  handler: Handler<Query, Id, Subject, Named>,
): FeedRoute {
  return {
    path,
    limit: 'general',
    ...options,
    ask(url) {
      const query = queryOf(options.query, url)
      return (field) => {
        const lastEventId = idIn(field, readId)
        return (sources, request) => {
          const container = resolve(sources.view, query, request)
          const items = handler(sources, { ...request, query, container, lastEventId })
          return { container: container?.id ?? null, items }
        }
      }
    },
  }
}

/** Undefined where the field is missing or empty. */
function idIn<Id>(field: string | string[] | undefined, readId: (text: string) => Id | null): Id | undefined {
  if (field === undefined || field === '') return undefined
  const id = typeof field === 'string' ? readId(field) : null
  if (id !== null) return id
  throw new ApiError('invalid-request', 'Last-Event-ID refused', {
    faults: [{ path: 'Last-Event-ID', message: 'is not an id of this stream' }],
  })
}

export interface FeedParts extends SseParts {
  readonly sources: Sources
}

/** How often the caller's token is checked. */
const CALLER_CHECK_MS = 5_000

/**
 * Makes a feed of the table into an Express handler: the checks of a read, then each item as a server-sent event. A slow client
 * slows down the source, so nothing queues up here. The head of the answer is sent with the first items, or none, which the source
 * gives once it knows that there is something to follow.
 */
export function feedEndpoint(route: FeedRoute, parts: FeedParts): RequestHandler {
  return sseEndpoint(route, parts, async (connection) => {
    const question = route.ask(connection.url)
    const request = connection.request()
    const follow = question(connection.lastEventId)
    connection.takePlace()
    const { container, items } = follow(parts.sources, request)
    const iterator = items[Symbol.asyncIterator]()
    let stopChecking = () => {}
    try {
      let turn = await iterator.next()
      connection.open(container)
      stopChecking = every(parts.clock, CALLER_CHECK_MS, () => checkCaller(connection))
      for (; turn.done !== true && !connection.isHead; turn = await iterator.next()) {
        if (turn.value.length > 0) await connection.write(Buffer.concat(turn.value.map(frameOf)))
        // A source that never runs dry leaves room for all other requests.
        await yieldToEventLoop()
      }
      connection.end()
    } finally {
      stopChecking()
      connection.stop()
      // Ends with its signal; whatever it still gives has no reader.
      Promise.resolve(iterator.return?.(undefined)).catch(() => {})
    }
  })
}

function checkCaller(connection: SseConnection): void {
  connection.checkCaller().catch((error) => connection.fail(error))
}

function frameOf({ event, id, data }: SentItem): Buffer {
  return eventOf(event, id, event === null ? null : Buffer.from(JSON.stringify(data)))
}
