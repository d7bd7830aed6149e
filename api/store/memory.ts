import { ApiError } from '../model/error.js'
import type { Count, CounterKind, Counters, Revocations, Rotation, Session, Sessions, Store, Tickets } from './store.js'

/**
 * Keys of one kind that are counted at once, about 15 MiB. Beyond this, all new keys share one overflow bucket: an attacker with
 * more than a hundred thousand addresses gets one count for the others, and costs no more memory.
 */
const MAX_COUNTED_KEYS = 100_000

/** The key of the overflow bucket. No other key begins with a blank. */
const OVERFLOW_BUCKET = ' overflow'

/** Sessions of one user: a person has a handful of browsers. The least recently used one is evicted. */
const MAX_SESSIONS_PER_USER = 32

/** Sessions of all users, about 5 MiB. The least recently used one is evicted. */
const MAX_SESSIONS = 10_000

/** Revoked tokens that have not expired. Adding one takes a valid token, and forgetting one would accept it again. */
const MAX_REVOCATIONS = 100_000

/** Tickets. They last seconds, and rate limits bound how many are issued. The oldest is evicted. */
const MAX_TICKETS = 10_000

/** How often expired entries are swept out. */
const SWEEP_INTERVAL_MS = 60_000

type Now = () => number

/** Holds everything in the memory of this process. It ends with the process, and other instances do not see it. */
export function createMemoryStore(now: Now): Store {
  const counters = new Map<CounterKind, Counters>()
  return {
    counters: (kind) => {
      const known = counters.get(kind) ?? new MemoryCounters(now, kind !== 'known pairs')
      counters.set(kind, known)
      return known
    },
    sessions: new MemorySessions(now),
    revocations: new MemoryRevocations(now),
    tickets: new MemoryTickets(now),
  }
}

/** A map of entries that expire. */
class ExpiringMap<T> {
  readonly entries = new Map<string, T>()
  readonly #now: Now
  readonly #expiresAt: (entry: T) => number
  #sweptAt = 0

  constructor(now: Now, expiresAt: (entry: T) => number) {
    this.#now = now
    this.#expiresAt = expiresAt
  }

  get size(): number {
    return this.entries.size
  }

  get(key: string): T | null {
    const entry = this.entries.get(key)
    if (entry === undefined) return null
    if (this.#expiresAt(entry) > this.#now()) return entry
    this.entries.delete(key)
    return null
  }

  /** Sweeps out expired entries, and says whether there is room for one more below `bound`. */
  hasRoom(bound: number): boolean {
    if (this.#now() - this.#sweptAt >= SWEEP_INTERVAL_MS) this.#sweep()
    return this.entries.size < bound
  }

  #sweep(): void {
    this.#sweptAt = this.#now()
    for (const [key, entry] of this.entries) if (this.#expiresAt(entry) <= this.#sweptAt) this.entries.delete(key)
  }
}

class MemoryCounters implements Counters {
  readonly #now: Now
  readonly #hasOverflow: boolean
  readonly #windows: ExpiringMap<{ hits: number; readonly resetsAt: number }>

  /** `hasOverflow`: keys without room share a bucket. Not for counts that grant an exemption, which those keys did not earn. */
  constructor(now: Now, hasOverflow: boolean) {
    this.#now = now
    this.#hasOverflow = hasOverflow
    this.#windows = new ExpiringMap(now, ({ resetsAt }) => resetsAt)
  }

  async add(key: string, windowMs: number): Promise<Count> {
    const open = this.#windows.get(key)
    if (open !== null) {
      open.hits += 1
      return { hits: open.hits, resetsAt: open.resetsAt }
    }
    if (!this.#windows.hasRoom(MAX_COUNTED_KEYS) && key !== OVERFLOW_BUCKET)
      return this.#hasOverflow ? this.add(OVERFLOW_BUCKET, windowMs) : { hits: 1, resetsAt: this.#now() + windowMs }
    const opened = { hits: 1, resetsAt: this.#now() + windowMs }
    this.#windows.entries.set(key, opened)
    return { ...opened }
  }

  async read(key: string): Promise<Count | null> {
    const own = this.#windows.get(key)
    const isOverflow = own === null && this.#hasOverflow && !this.#windows.hasRoom(MAX_COUNTED_KEYS)
    const open = isOverflow ? this.#windows.get(OVERFLOW_BUCKET) : own
    return open === null ? null : { ...open }
  }

  async decrement(key: string): Promise<void> {
    const open = this.#windows.get(key)
    if (open !== null && open.hits > 0) open.hits -= 1
  }

  async clear(key: string): Promise<void> {
    this.#windows.entries.delete(key)
  }
}

class MemorySessions implements Sessions {
  /** In order of their last use: a sign-in or a rotation. */
  readonly #sessions: ExpiringMap<Session>

  constructor(now: Now) {
    this.#sessions = new ExpiringMap(now, ({ endsAt, idleAt }) => Math.min(endsAt, idleAt))
  }

  async open(session: Session): Promise<void> {
    const { entries } = this.#sessions
    const own = [...entries.values()].filter(
      ({ id, userName }) => userName === session.userName && this.#sessions.get(id) !== null,
    )
    if (own.length >= MAX_SESSIONS_PER_USER) entries.delete(own[0]?.id ?? '')
    if (!this.#sessions.hasRoom(MAX_SESSIONS)) entries.delete(entries.keys().next().value ?? '')
    entries.set(session.id, session)
  }

  async find(id: string): Promise<Session | null> {
    return this.#sessions.get(id)
  }

  async rotate({ id, presented, next }: Rotation): Promise<'rotated' | 'replayed' | 'ended'> {
    const session = this.#sessions.get(id)
    if (session === null) return 'ended'
    if (session.generation !== presented.generation || session.tokenHash !== presented.tokenHash) {
      this.#sessions.entries.delete(id)
      return 'replayed'
    }
    // To the end of the order: a session that is in use outlives those that are not.
    this.#sessions.entries.delete(id)
    this.#sessions.entries.set(id, { ...session, ...next, generation: session.generation + 1 })
    return 'rotated'
  }

  async end(id: string): Promise<boolean> {
    return this.#sessions.get(id) !== null && this.#sessions.entries.delete(id)
  }
}

class MemoryRevocations implements Revocations {
  readonly #revoked: ExpiringMap<number>

  constructor(now: Now) {
    this.#revoked = new ExpiringMap(now, (expiresAt) => expiresAt)
  }

  async add(issuer: string, tokenId: string, expiresAt: number): Promise<void> {
    const key = revocationKey(issuer, tokenId)
    if (!this.#revoked.hasRoom(MAX_REVOCATIONS) && this.#revoked.get(key) === null)
      throw new ApiError('internal', `${MAX_REVOCATIONS} tokens are revoked already: replace the signing key`)
    this.#revoked.entries.set(key, expiresAt)
  }

  async has(issuer: string, tokenId: string): Promise<boolean> {
    return this.#revoked.get(revocationKey(issuer, tokenId)) !== null
  }
}

/** Joins the two with a control character, which neither contains. */
function revocationKey(issuer: string, tokenId: string): string {
  return `${issuer}\n${tokenId}`
}

class MemoryTickets implements Tickets {
  readonly #tickets: ExpiringMap<{ readonly content: string; readonly expiresAt: number }>

  constructor(now: Now) {
    this.#tickets = new ExpiringMap(now, ({ expiresAt }) => expiresAt)
  }

  async put(key: string, content: string, expiresAt: number): Promise<void> {
    const { entries } = this.#tickets
    if (!this.#tickets.hasRoom(MAX_TICKETS)) entries.delete(entries.keys().next().value ?? '')
    entries.set(key, { content, expiresAt })
  }

  async consume(key: string): Promise<string | null> {
    const ticket = this.#tickets.get(key)
    this.#tickets.entries.delete(key)
    return ticket?.content ?? null
  }
}
