import type { Request, RequestHandler, Response } from 'express'
import { type Store as LimitStore, rateLimit } from 'express-rate-limit'
import { type Audit, authEvent } from '../../audit/event.js'
import type { Config } from '../../config/config.js'
import { ApiError } from '../../model/error.js'
import type { LimitName, Store } from '../../store/store.js'
import { actorOf, knownCaller } from './identify.js'
import type { RecordRefusal } from './refusals.js'
import { addressKeyOf } from './resolve-address.js'

export type LimitSettings = Pick<Config['limits'], 'general' | 'stats' | 'metrics' | 'windowMs'>

export interface LimitParts {
  readonly settings: LimitSettings
  readonly store: Pick<Store, 'counters'>
  readonly audit: Audit
  readonly recordRefusal: RecordRefusal
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** The setting that each limit takes its figure from. */
const FIGURES: Readonly<Record<LimitName, 'general' | 'stats' | 'metrics'>> = {
  general: 'general',
  stats: 'stats',
  metrics: 'metrics',
  'sign-in': 'general',
  session: 'general',
}

interface LimitOptions {
  /** Requests that count elsewhere. */
  readonly skip?: (req: Request, res: Response) => boolean
  /** Whom a request counts for. */
  readonly keyOf?: (res: Response) => LimitKey
}

/** Whom a request counts for: the kind decides which keys an attacker can crowd out. */
export type LimitKey = `${'subject' | 'address' | 'session'} ${string}`

/**
 * Counts requests by subject, or by address if there is no caller. RateLimit fields follow draft 8 of the IETF. The first request
 * over the limit is recorded; later ones in the same window are not.
 */
export function limitRequests(name: LimitName, parts: LimitParts, options: LimitOptions = {}): RequestHandler {
  const { settings, store, audit, recordRefusal, now } = parts
  const { skip = () => false, keyOf = byCaller } = options
  const limit = settings[FIGURES[name]]
  const recordReached = (req: Request, res: Response) => {
    const event = authEvent(actorOf(req, res), 'rate-limited', 'deny', `the ${name} limit`)
    if (event.subject !== null) audit.record(event)
    // The request is refused in any case, and the trail reports its own write failures.
    else recordRefusal(event, 1).catch(() => {})
  }
  return rateLimit({
    windowMs: settings.windowMs,
    limit,
    identifier: name,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: (_req, res) => keyOf(res),
    skip,
    store: storeOf(name, settings.windowMs, store),
    handler: (req, res) => {
      const { used, resetTime } = (req as Request & { rateLimit: { used: number; resetTime: Date } }).rateLimit
      if (used === limit + 1) recordReached(req, res)
      const retryAfterSeconds = Math.max(0, Math.ceil((resetTime.getTime() - now()) / 1_000))
      throw new ApiError('rate-limited', `over the ${name} limit`, { retryAfterSeconds })
    },
    // Its own checks write to the console, and our configuration is already checked.
    validate: false,
  })
}

/** The counters that all instances share, in the interface of express-rate-limit. */
function storeOf(name: LimitName, windowMs: number, store: Pick<Store, 'counters'>): LimitStore {
  const subjects = store.counters(`${name} subjects`)
  const sessions = store.counters(`${name} sessions`)
  const addresses = store.counters(`${name} addresses`)
  const countersOf = (key: string) => {
    if (key.startsWith('subject ')) return subjects
    return key.startsWith('session ') ? sessions : addresses
  }
  return {
    increment: async (key) => {
      const { hits, resetsAt } = await countersOf(key).add(key, windowMs)
      return { totalHits: hits, resetTime: new Date(resetsAt) }
    },
    decrement: (key) => countersOf(key).decrement(key),
    resetKey: (key) => countersOf(key).clear(key),
  }
}

/** The subject of a valid token, otherwise the address. */
export function byCaller(res: Response): LimitKey {
  const caller = knownCaller(res)
  if (caller !== null && caller.expiresAt !== null) return `subject ${caller.issuer}\n${caller.subject}`
  return byAddress(res)
}

export function byAddress(res: Response): LimitKey {
  return `address ${addressKeyOf(res)}`
}
