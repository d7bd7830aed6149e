import type { Request, RequestHandler } from 'express'
import { ApiError } from '../../model/error.js'

/** Refuses a read with a body: it is a mistake, or a second request smuggled inside the first. */
export function refuseBody(takesBody: (req: Request) => boolean): RequestHandler {
  return function refuseRequestBody(req, res, next) {
    const length = req.headers['content-length']
    const isEmpty = req.headers['transfer-encoding'] === undefined && (length === undefined || /^0+$/.test(length))
    if (isEmpty || takesBody(req)) {
      next()
      return
    }
    // The bytes that follow on this connection may be the unread body.
    res.setHeader('Connection', 'close')
    if (req.method === 'GET' || req.method === 'HEAD')
      throw new ApiError('invalid-request', 'a body on a read', { detail: 'A GET or HEAD request takes no body here.' })
    next()
  }
}
