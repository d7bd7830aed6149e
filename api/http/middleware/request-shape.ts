import type { RequestHandler } from 'express'
import { ApiError } from '../../model/error.js'

/** A read carries no body; one that does is a mistake, or a second request smuggled inside the first. */
export function refuseBody(): RequestHandler {
  return function refuseRequestBody(req, res, next) {
    const length = req.headers['content-length']
    if (req.headers['transfer-encoding'] === undefined && (length === undefined || /^0+$/.test(length))) {
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

/**
 * Without authentication, only pages that name this machine may read: a foreign page that has its own name resolve to the
 * loopback address (DNS rebinding) sends that name as Host.
 */
export function refuseForeignHost(): RequestHandler {
  return function refuseRebinding(req, _res, next) {
    const host = (req.headers.host ?? '').replace(/:\d*$/, '')
    if (host !== 'localhost' && host !== '[::1]' && !/^127(?:\.\d{1,3}){3}$/.test(host))
      throw new ApiError('invalid-request', 'foreign Host', {
        detail: 'Without authentication, only requests to localhost are answered.',
      })
    next()
  }
}
