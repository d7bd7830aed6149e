import type { Request, RequestHandler, Response } from 'express'
import { type Store as LimitStore, rateLimit } from 'express-rate-limit'
import { ApiError } from '../../model/error.js'
import type { Scope } from '../../model/scope.js'
import type { Store } from '../../store/store.js'
import { addressKeyOf } from './address.js'
import { knownCaller } from './authenticate.js'

export interface LimitSettings {
  /** Milliseconds. */
  readonly windowMs: number
  /** Requests per window. */
  readonly general: number
  readonly stats: number
}

export interface LimitParts {
  readonly settings: LimitSettings
  readonly store: Pick<Store, 'counters'>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** What does not count: a path, for a caller who may read it. */
  readonly isFree?: (path: string, scopes: ReadonlySet<Scope>) => boolean
  /** Told once a window of whoever goes over. */
  readonly onReached: (req: Request, res: Response, name: string) => void
}

/** Counts requests per subject, per address where there is none; RateLimit fields as in the IETF's draft 8. */
export function limitRequests(
  name: 'general' | 'stats',
  { settings, store, now, onReached, isFree = () => false }: LimitParts,
): RequestHandler {
  return rateLimit({
    windowMs: settings.windowMs,
    limit: settings[name],
    identifier: name,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: keyOf,
    // A stranger is counted wherever the request goes.
    skip: (req, res) => {
      const caller = knownCaller(res)
      return caller !== null && isFree(req.path, caller.scopes)
    },
    store: storeOf(name, settings.windowMs, store),
    handler: (req, res) => {
      const { used, resetTime } = (req as Request & { rateLimit: { used: number; resetTime: Date } }).rateLimit
      if (used === settings[name] + 1) onReached(req, res, name)
      const retryAfterSeconds = Math.max(0, Math.ceil((resetTime.getTime() - now()) / 1_000))
      throw new ApiError('rate-limited', `over the ${name} limit`, { retryAfterSeconds })
    },
    // Its checks only write to the console, and the configuration is checked before it gets here.
    validate: false,
  })
}

const SUBJECT = 'subject '

/** The counters that all instances share, as express-rate-limit wants to see them. */
function storeOf(name: 'general' | 'stats', windowMs: number, store: Pick<Store, 'counters'>): LimitStore {
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
