import type { RequestHandler, Response } from 'express'
import type { z } from 'zod'
import type { PartySemaphore } from '../../concurrency/party-semaphore.js'
import type { Quota } from '../../concurrency/quota.js'
import type { Container } from '../../model/container.js'
import { ApiError } from '../../model/error.js'
import { whenClosed } from '../hot-path.js'
import { type Answer, type ContentOf, type RenderedResponse, render } from './answer.js'
import type { Input, ReadRequest, Sources } from './input.js'
import { holderOf, type OpenRead, type OpenReadParts, openRead } from './open-read.js'
import type { PlainText } from './plain-text.js'
import type { ResponseCache } from './response-cache.js'
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

/** A read route of the table: one request, one answer. */
export interface ReadRoute extends Route {
  /** The schema of the answer: its type and its documentation. Production does not parse answers with it. */
  readonly answer: z.ZodType
  readonly from: Source
  /** Whether the answer may be megabytes. Such answers are bounded per subject. */
  readonly large: boolean
  /** Whether the caller may choose the format of the answer. */
  readonly negotiated: boolean
  /** Parses the query of the URL. Throws invalid-request. */
  ask(url: string): Question
}

/** Finds the container, on routes about one, and answers. */
type Question = (sources: Sources, request: ReadRequest) => Promise<RenderedResponse>

interface ReadOptions<Query, Schema extends z.ZodType> {
  readonly scope: Route['scope']
  readonly limit?: Route['limit']
  readonly query: z.ZodType<Query>
  readonly answer: Schema
  readonly from: Source
  readonly large?: boolean
  readonly negotiated?: boolean
}

type Handler<Query, Subject, Schema extends z.ZodType> = (
  sources: Sources,
  input: Input<Query, Subject>,
) => Promised<Answer<ContentOf<Schema> | PlainText>>

type Promised<T> = T | Promise<T>

export function read<Query, Schema extends z.ZodType>(
  path: string,
  options: ReadOptions<Query, Schema>,
  handler: Handler<Query, null, Schema>,
): ReadRoute {
  return readRoute(path, options, noContainer, handler)
}

/** A read about one container. It is found before the handler runs. */
export function readOne<Query extends OneQuery, Schema extends z.ZodType>(
  path: OnePath,
  options: ReadOptions<Query, Schema>,
  handler: Handler<Query, Container, Schema>,
): ReadRoute {
  return readRoute(path, options, findContainer, handler)
}

function readRoute<Query, Subject extends Container | null, Schema extends z.ZodType>(
  path: string,
  { limit = 'general', large = false, negotiated = false, ...options }: ReadOptions<Query, Schema>,
  resolve: Resolve<Query, Subject>,
  handler: Handler<Query, Subject, Schema>,
): ReadRoute {
  return {
    path,
    limit,
    large,
    negotiated,
    ...options,
    ask(url) {
      const query = queryOf(options.query, url)
      return async (sources, request) => {
        const container = resolve(sources.view, query, request)
        return render(await handler(sources, { ...request, query, container }), container?.id ?? null)
      }
    },
  }
}

export interface EndpointParts extends OpenReadParts {
  readonly sources: Sources
  readonly cache: ResponseCache
  readonly largeResponses: Quota
  readonly engineReads: PartySemaphore
}

/** Makes a read of the table into an Express handler: scope, query, id, container, handler, audit, answer. */
export function readEndpoint(route: ReadRoute, parts: EndpointParts): RequestHandler {
  const { sources, cache, clock } = parts
  return async function answerRead(req, res) {
    const opened = openRead(route, req, res, parts)
    const { caller } = opened
    let response: RenderedResponse
    try {
      const version = versionOf(route.from, sources.view, clock.now())
      if (version === null) response = await freshResponse(route, opened, req.url, res, parts)
      else {
        const key = `${caller.scopes.has('security:read')}\n${caller.visibilityKey}\n${req.url}`
        const cached = cache.get(key, version)
        response = cached ?? (await freshResponse(route, opened, req.url, res, parts))
        if (cached === null) cache.put(key, version, response)
      }
    } catch (error) {
      // The client has gone: there is nothing to answer, and work that ended with it is not a fault.
      if (res.closed && !(error instanceof ApiError)) return
      throw opened.refused(error)
    }
    // Express evaluates If-None-Match (RFC 9110 section 13.1.2).
    res.setHeader('ETag', response.etag)
    for (const name in response.headers) res.setHeader(name, response.headers[name] ?? '')
    if (route.negotiated) res.vary('Accept')
    const status = req.fresh ? 304 : 200
    // Recorded before the first byte leaves: a read that cannot be recorded is not answered.
    opened.recordAnswer(response, status)
    send(res, response, status)
  }
}

async function freshResponse(
  route: ReadRoute,
  opened: OpenRead,
  url: string,
  res: Response,
  { sources, largeResponses, engineReads }: EndpointParts,
): Promise<RenderedResponse> {
  const question = route.ask(url)
  const request = opened.request()
  if (route.large) whenClosed(res, largeResponses.acquire(holderOf(opened.caller)))
  if (route.from !== 'engine') return question(sources, request)
  const release = await engineReads.acquire(request.party, request.signal)
  try {
    return await question(sources, request)
  } finally {
    release()
  }
}

function send(res: Response, { body, type }: RenderedResponse, status: 200 | 304): void {
  if (status === 304) {
    res.statusCode = 304
    res.end()
    return
  }
  res.setHeader('Content-Type', type)
  res.setHeader('Content-Length', body.length)
  res.end(body)
}
