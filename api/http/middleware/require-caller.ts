import type { RequestHandler, Response } from 'express'
import { authEvent } from '../../audit/event.js'
import type { Caller } from '../../auth/caller.js'
import { ApiError } from '../../model/error.js'
import { actorOf, identityFault, knownCaller } from './identify.js'
import type { RecordRefusal } from './refusals.js'

/**
 * Lets only verified callers pass. A refused token is recorded, at most `perAddress` times per window. A request without a token
 * is not, because such a record would say nothing.
 */
export function requireCaller(recordRefusal: RecordRefusal, perAddress: number): RequestHandler {
  return function refuseUnknownCallers(req, res, next) {
    const fault = identityFault(res)
    if (fault === null) {
      next()
      return
    }
    if (fault.code !== 'invalid-token') throw fault
    const event = authEvent(actorOf(req, res), 'token-refused', 'deny', fault.message)
    recordRefusal(event, perAddress).then(() => next(fault), next)
  }
}

/** The caller, for handlers after `requireCaller`. */
export function callerOf(res: Response): Caller {
  const caller = knownCaller(res)
  if (caller === null) throw new ApiError('unauthenticated', 'no caller')
  return caller
}
