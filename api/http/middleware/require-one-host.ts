import type { RequestHandler } from 'express'
import { ApiError } from '../../model/error.js'
import { fieldValues } from './field-values.js'

/** RFC 9112 section 3.2: exactly one Host. Of two, the proxy might use one and this server the other. */
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
