import type { RequestHandler } from 'express'
import { ApiError } from '../../model/error.js'

/** Ends the chain: paths that are routes never get here. */
export function refusePath(): RequestHandler {
  return function refuseUnknownPath() {
    throw new ApiError('not-found', 'no such route')
  }
}
