import type { Request, RequestHandler, Response } from 'express'
import { ipKeyGenerator, rateLimit } from 'express-rate-limit'
import { ApiError } from '../../model/error.js'
import { knownCaller } from './authenticate.js'

export interface LimitSettings {
  /** Milliseconds. */
  readonly windowMs: number
  /** Requests per window. */
  readonly general: number
  readonly stats: number
}

/** Counts requests per subject, per address where there is none; RateLimit fields as in the IETF's draft 8. */
export function limitRequests(name: 'general' | 'stats', settings: LimitSettings): RequestHandler {
  return rateLimit({
    windowMs: settings.windowMs,
    limit: settings[name],
    identifier: name,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: keyOf,
    handler: refuse,
    // Its checks only write to the console, and the configuration is checked before it gets here.
    validate: false,
  })
}

function keyOf(req: Request, res: Response): string {
  const caller = knownCaller(res)
  if (caller !== null && caller.expiresAt !== null) return `subject ${caller.subject}`
  // IPv6 by /56: a household is one caller, whichever of its addresses it uses.
  return `address ${ipKeyGenerator(req.ip ?? '')}`
}

function refuse(): never {
  throw new ApiError('rate-limited', 'over the limit')
}
