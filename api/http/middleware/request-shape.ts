import type { Request, RequestHandler } from 'express'
import { ApiError } from '../../model/error.js'
import { isLoopback } from '../../model/loopback.js'

/** A read carries no body; one that does is a mistake, or a second request smuggled inside the first. */
export function refuseBody(takesBody: (req: Request) => boolean): RequestHandler {
  return function refuseRequestBody(req, res, next) {
    const length = req.headers['content-length']
    if (req.headers['transfer-encoding'] === undefined && (length === undefined || /^0+$/.test(length))) {
      next()
      return
    }
    if (takesBody(req)) {
      next()
      return
    }
    // Whatever follows on this connection may be the unread body.
    res.setHeader('Connection', 'close')
    if (req.method === 'GET' || req.method === 'HEAD')
      throw new ApiError('invalid-request', 'a body on a read', { detail: 'A GET or HEAD request takes no body here.' })
    next()
  }
}

/** RFC 9112 section 3.2: exactly one Host. Of two, proxy and server may each believe another. */
export function requireOneHost(): RequestHandler {
  return function refuseOtherHosts(req, res, next) {
    if (fieldValues(req, 'host').length === 1) {
      next()
      return
    }
    res.setHeader('Connection', 'close')
    throw new ApiError('invalid-request', 'no Host, or several', {
      detail: 'A request carries exactly one Host field.',
    })
  }
}

/** All fields of a name, as they came: `req.headers` keeps only the first of two. */
export function fieldValues(req: Request, name: string): string[] {
  const values: string[] = []
  for (let i = 0; i < req.rawHeaders.length; i += 2)
    if (req.rawHeaders[i]?.toLowerCase() === name) values.push(req.rawHeaders[i + 1] ?? '')
  return values
}

/**
 * Without authentication, only pages that name this machine may read: a foreign page that has its own name resolve to the
 * loopback address (DNS rebinding) sends that name as Host.
 */
export function refuseForeignHost(): RequestHandler {
  return function refuseRebinding(req, _res, next) {
    const host = (req.headers.host ?? '').replace(/:\d*$/, '')
    if (!isLoopback(host))
      throw new ApiError('invalid-request', 'foreign Host', {
        detail: 'Without authentication, only requests to localhost are answered.',
      })
    next()
  }
}
