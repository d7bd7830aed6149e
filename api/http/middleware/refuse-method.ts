import type { RequestHandler } from 'express'
import { ApiError } from '../../model/error.js'

/** The last handler of a path: methods that its routes accept never reach it. */
export function refuseMethod(...allowedMethods: readonly string[]): RequestHandler {
  return function refuseOtherMethods(req) {
    throw new ApiError('method-not-allowed', `${req.method} refused`, { allowedMethods })
  }
}
