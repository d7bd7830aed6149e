import type { Request, RequestHandler, Response } from 'express'
import { type Store as LimitStore, rateLimit } from 'express-rate-limit'
import { type Audit, authEvent } from '../../audit/event.js'
import type { Config } from '../../config/config.js'
import { ApiError } from '../../model/error.js'
import type { Scope } from '../../model/scope.js'
import type { Store } from '../../store/store.js'
import { actorOf, knownCaller } from './identify.js'
import type { RecordRefusal } from './refusals.js'
import { addressKeyOf } from './resolve-address.js'

type LimitName = 'general' | 'stats' | 'metrics'

export interface LimitParts {
  readonly settings: Pick<Config['limits'], LimitName | 'windowMs'>
  readonly store: Pick<Store, 'counters'>
  readonly audit: Audit
  readonly recordRefusal: RecordRefusal
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Paths that count elsewhere for a caller with these scopes. */
  readonly hasOwnLimit?: (path: string, scopes: ReadonlySet<Scope>) => boolean
}

/**
 * Counts requests by subject, or by address if there is no caller. RateLimit fields follow draft 8 of the IETF. The first request
 * over the limit is recorded; later ones in the same window are not.
 */
export function limitRequests(name: LimitName, parts: LimitParts): RequestHandler {
  const { settings, store, audit, recordRefusal, now, hasOwnLimit = () => false } = parts
  const recordReached = (req: Request, res: Response) => {
    const event = authEvent(actorOf(req, res), 'rate-limited', 'deny', `the ${name} limit`)
    if (event.subject !== null) audit.record(event)
    // The request is refused in any case, and the trail reports its own write failures.
    else recordRefusal(event, 1).catch(() => {})
  }
  return rateLimit({
    windowMs: settings.windowMs,
    limit: settings[name],
    identifier: name,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: keyOf,
    // A client without a valid token counts on every path.
    skip: (req, res) => {
      const caller = knownCaller(res)
      return caller !== null && hasOwnLimit(req.path, caller.scopes)
    },
    store: storeOf(name, settings.windowMs, store),
    handler: (req, res) => {
      const { used, resetTime } = (req as Request & { rateLimit: { used: number; resetTime: Date } }).rateLimit
      if (used === settings[name] + 1) recordReached(req, res)
      const retryAfterSeconds = Math.max(0, Math.ceil((resetTime.getTime() - now()) / 1_000))
      throw new ApiError('rate-limited', `over the ${name} limit`, { retryAfterSeconds })
    },
    // Its own checks write to the console, and our configuration is already checked.
    validate: false,
  })
}

const SUBJECT = 'subject '

/** The counters that all instances share, in the interface of express-rate-limit. */
function storeOf(name: LimitName, windowMs: number, store: Pick<Store, 'counters'>): LimitStore {
  const subjects = store.counters(`${name} subjects`)
  const addresses = store.counters(`${name} addresses`)
  const countersOf = (key: string) => (key.startsWith(SUBJECT) ? subjects : addresses)
  return {
    increment: async (key) => {
      const { hits, resetsAt } = await countersOf(key).add(key, windowMs)
      return { totalHits: hits, resetTime: new Date(resetsAt) }
    },
    decrement: (key) => countersOf(key).decrement(key),
    resetKey: (key) => countersOf(key).clear(key),
  }
}

function keyOf(_req: Request, res: Response): string {
  const caller = knownCaller(res)
  if (caller !== null && caller.expiresAt !== null) return `${SUBJECT}${caller.issuer}\n${caller.subject}`
  return `address ${addressKeyOf(res)}`
}
