import type { RequestHandler } from 'express'
import { ApiError } from '../../model/error.js'

/** The last handler of the chain: requests to known routes never reach it. */
export function refusePath(): RequestHandler {
  return function refuseUnknownPath() {
    throw new ApiError('not-found', 'no such route')
  }
}
