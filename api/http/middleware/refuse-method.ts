import type { RequestHandler } from 'express'
import { ApiError } from '../../model/error.js'

/** Ends a path: methods that its routes take never get here. */
export function refuseMethod(...allowedMethods: readonly string[]): RequestHandler {
  return function refuseOtherMethods(req) {
    throw new ApiError('method-not-allowed', `${req.method} refused`, { allowedMethods })
  }
}
