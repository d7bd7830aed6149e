import type { RequestHandler } from 'express'
import type { z } from 'zod'
import type { Container } from '../../model/container.js'
import { type Answer, type ContentOf, type RenderedResponse, render } from './answer.js'
import type { Channels, Frame, Topic } from './channels.js'
import type { Input, ReadRequest, Sources } from './input.js'
import type { EndpointParts } from './read.js'
import {
  findContainer,
  noContainer,
  type OnePath,
  type OneQuery,
  queryOf,
  type Resolve,
  type Route,
  type Source,
  versionOf,
} from './route.js'
import { type SseConnection, type SseParts, sseEndpoint } from './sse-connection.js'

/** A read that is answered again whenever it has changed, as server-sent events. A stream ticket opens it too. */
export interface StreamRoute extends Route {
  /** What each event carries: the answer of the read. */
  readonly answer: z.ZodType
  readonly from: Source
  /** What its events are called. */
  readonly event: string
  /** Parses what the URL asks. Throws invalid-request. */
  ask(url: string): StreamQuestion
}

interface StreamQuestion {
  readonly intervalMs: number
  /** Equal for equal parameters; the interval does not count. */
  readonly key: string
  /** What there is to see now. Throws where there is nothing any more. */
  look(sources: Sources, request: ReadRequest): Look
}

interface Look {
  /** Which containers are read at the stream's pace. */
  readonly watched: readonly Container[]
  render(): RenderedResponse
}

interface StreamOptions<Query, Subject, Schema extends z.ZodType> {
  readonly scope: Route['scope']
  readonly limit: Route['limit']
  readonly query: z.ZodType<Query>
  readonly answer: Schema
  readonly from: Source
  readonly event: string
  readonly watch: (sources: Sources, input: Input<Query, Subject>) => readonly Container[]
}

type Handler<Query, Subject, Schema extends z.ZodType> = (
  sources: Sources,
  input: Input<Query, Subject>,
) => Answer<ContentOf<Schema>>

/** Seconds between two events. */
interface Paced {
  readonly interval: number
}

export function stream<Query extends Paced, Schema extends z.ZodType>(
  path: string,
  options: StreamOptions<Query, null, Schema>,
  handler: Handler<Query, null, Schema>,
): StreamRoute {
  return streamRoute(path, options, noContainer, handler)
}

/** A stream about one container, which is found anew for each event. */
export function streamOne<Query extends Paced & OneQuery, Schema extends z.ZodType>(
  path: OnePath,
  options: StreamOptions<Query, Container, Schema>,
  handler: Handler<Query, Container, Schema>,
): StreamRoute {
  return streamRoute(path, options, findContainer, handler)
}

function streamRoute<Query extends Paced, Subject extends Container | null, Schema extends z.ZodType>(
  path: string,
  { watch, ...options }: StreamOptions<Query, Subject, Schema>,
  resolve: Resolve<Query, Subject>,
  handler: Handler<Query, Subject, Schema>,
): StreamRoute {
  return {
    path,
    ...options,
    ask(url) {
      const query = queryOf(options.query, url)
      const { interval, ...seen } = query
      return {
        intervalMs: interval * 1_000,
        key: JSON.stringify(seen),
        look(sources, request) {
          const container = resolve(sources.view, query, request)
          const input = { ...request, query, container }
          return {
            watched: watch(sources, input),
            render: () => render(handler(sources, input), container?.id ?? null),
          }
        },
      }
    },
  }
}

export interface StreamParts extends EndpointParts, SseParts {
  readonly channels: Channels
}

/**
 * Makes a stream of the table into an Express handler: the checks and the answer of a read, sent again at each interval in which it
 * has changed. Callers who see the same share what is made.
 */
export function streamEndpoint(route: StreamRoute, parts: StreamParts): RequestHandler {
  return sseEndpoint(route, parts, async (connection) => {
    const topic = topicOf(route, connection, parts)
    const { party } = connection.request()
    if (connection.isHead) return connection.open(topic.make(new Set([party])).container)
    connection.takePlace()
    let sent = ''
    const show = async (frame: Frame) => {
      if (!(await connection.checkCaller())) return
      if (frame.etag !== sent && connection.send(frame.bytes)) sent = frame.etag
    }
    const { first, leave } = parts.channels.join(topic, {
      party,
      // A fault of one tick ends the stream, and the client comes back.
      tick: (frame) => show(frame).catch((error) => connection.fail(error)),
      end: (error) => connection.fail(error),
    })
    connection.onClose(leave)
    connection.open(first.container)
    await show(first)
  })
}

function topicOf(route: StreamRoute, connection: SseConnection, { sources, cache, clock }: StreamParts): Topic {
  const { view } = sources
  const { intervalMs, key: asked, look } = route.ask(connection.url)
  const request = connection.request()
  const { visibilityKey } = connection.caller
  const key = `${route.path}\n${request.id}\n${request.showHostPaths}\n${visibilityKey}\n${asked}`
  const channelKey = `${key}\n${intervalMs}`
  const make = (parties: ReadonlySet<string>) => {
    const { watched, render } = look(sources, { ...request, now: clock.now() })
    view.watch({ key: channelKey, parties, containers: watched, intervalMs })
    const version = versionOf(route.from, view, clock.now())
    const cached = version === null ? null : cache.get(key, version)
    if (cached !== null) return cached
    const made = render()
    if (version !== null) cache.put(key, version, made)
    return made
  }
  return { key: channelKey, event: route.event, intervalMs, make }
}
