import type { Request, RequestHandler, Response } from 'express'
import type { View } from '../live/view.js'
import { ApiError } from '../model/error.js'
import { type Answer, type AnswerCache, answerOf } from './answer.js'
import { callerOf } from './middleware/authenticate.js'
import type { Route } from './routes.js'
import { isContainerId, parseQuery } from './schemas.js'

/** Makes a route of the table into an Express handler: scope, id, query, handler, answer. */
export function endpoint(route: Route, view: View, cache: AnswerCache): RequestHandler {
  return async function answerRoute(req, res) {
    const caller = callerOf(res)
    if (!caller.scopes.has(route.scope)) throw insufficientScope(route.scope)
    const showHostPaths = caller.scopes.has('security:read')
    const version = route.changesWith === 'stats' ? view.statsVersion : view.version
    const key = `${showHostPaths}\n${caller.visibilityKey}\n${req.url}`
    const kept = route.changesWith === null ? null : cache.get(key, version)
    if (kept !== null) {
      send(req, res, kept)
      return
    }
    const input = { query: readQuery(route, req.url), id: readId(req), selectors: caller.selectors, showHostPaths }
    const answer = answerOf(await route.handler(view, input))
    if (route.changesWith !== null) cache.put(key, version, answer)
    send(req, res, answer)
  }
}

function readId(req: Request): string {
  const { id } = req.params
  if (id === undefined) return ''
  if (typeof id !== 'string' || !isContainerId(id))
    throw new ApiError('invalid-container-id', 'not 12 to 64 hex digits')
  return id
}

function readQuery(route: Route, url: string): never {
  const at = url.indexOf('?')
  const parsed = parseQuery(route.query, at === -1 ? '' : url.slice(at))
  if (parsed.faults !== undefined) throw new ApiError('invalid-request', 'query refused', { faults: parsed.faults })
  return parsed.value
}

function send(req: Request, res: Response, { body, etag }: Answer): void {
  res.setHeader('ETag', etag)
  if (req.fresh) {
    res.statusCode = 304
    res.end()
    return
  }
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.setHeader('Content-Length', body.length)
  res.end(body)
}

function insufficientScope(scope: string): ApiError {
  return new ApiError('insufficient-scope', `lacks ${scope}`, {
    detail: `This route asks for the scope ${scope}.`,
    // RFC 6750 section 3.
    headers: { 'WWW-Authenticate': `Bearer realm="porthole", error="insufficient_scope", scope="${scope}"` },
  })
}
