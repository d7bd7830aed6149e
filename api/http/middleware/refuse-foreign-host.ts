import type { RequestHandler } from 'express'
import { ApiError } from '../../model/error.js'
import { isLoopback } from '../../model/loopback.js'

/**
 * Without authentication, the Host field must name this machine. A foreign page can make its own name resolve to the loopback
 * address (DNS rebinding), but then it sends that name.
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
