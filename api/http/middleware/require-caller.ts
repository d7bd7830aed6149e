import type { RequestHandler, Response } from 'express'
import { authEvent } from '../../audit/event.js'
import type { Caller } from '../../auth/caller.js'
import { ApiError } from '../../model/error.js'
import { actorOf, identityFault, knownCaller } from './identify.js'
import type { RecordRefusal } from './refusals.js'

/**
 * Lets only known callers pass. A refused token is recorded, at most `perAddress` a window; a request without one is not: it
 * says nothing but that someone has asked.
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

/** The caller behind `requireCaller`. */
export function callerOf(res: Response): Caller {
  const caller = knownCaller(res)
  if (caller === null) throw new ApiError('unauthenticated', 'no caller')
  return caller
}
