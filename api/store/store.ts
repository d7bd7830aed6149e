/**
 * State that several instances of the service have to share. One implementation holds it in memory. Every method is asynchronous,
 * so that another can hold it elsewhere. Times are in milliseconds since 1970.
 */
export interface Store {
  /** Counts of one kind. Each kind has its own bound, so that an attacker who fills one does not affect the others. */
  counters(kind: CounterKind): Counters
  readonly sessions: Sessions
  readonly revocations: Revocations
  readonly tickets: Tickets
}

/**
 * What is counted. An unverified client can make any number of keys of some kinds. Keys of the others (subjects, sessions, users at
 * addresses that they signed in from) take a verified caller.
 */
export type CounterKind =
  | `${LimitName} ${'subjects' | 'addresses' | 'sessions'}`
  | 'failed addresses'
  | 'failed names'
  | 'failed pairs'
  | 'known pairs'
  | 'refusals'

/** The limits on requests. Each counts apart from the others. */
export type LimitName = 'general' | 'stats' | 'metrics' | 'sign-in' | 'session'

/** How many hits there were since a window opened. */
export interface Count {
  readonly hits: number
  readonly resetsAt: number
}

/** Fixed windows, each opened by the first hit of its key. */
export interface Counters {
  /** Adds a hit in a window of that many milliseconds, and returns the new count. Atomic: two callers never get the same count. */
  add(key: string, windowMs: number): Promise<Count>
  /** Null if no window is open. */
  read(key: string): Promise<Count | null>
  decrement(key: string): Promise<void>
  clear(key: string): Promise<void>
}

/** One sign-in and its chain of refresh tokens, which end together (RFC 9700 section 4.14.2). */
export interface Session {
  readonly id: string
  readonly userName: string
  /** Changes with the user's password. */
  readonly credentialStamp: string
  readonly startedAt: number
  /** The end of the session, however often it is refreshed. */
  readonly endsAt: number
  /** The end of the session unless it is refreshed before. */
  readonly idleAt: number
  /** How often it was refreshed, which is the number of the only valid refresh token. */
  readonly generation: number
  /** SHA-256 of that refresh token. The token itself is not stored. */
  readonly tokenHash: string
}

export interface Rotation {
  readonly id: string
  readonly presented: { readonly generation: number; readonly tokenHash: string }
  readonly next: { readonly tokenHash: string; readonly idleAt: number }
}

export interface Sessions {
  open(session: Session): Promise<void>
  /** Null if it has ended or never existed. */
  find(id: string): Promise<Session | null>
  /**
   * Replaces the presented refresh token with the next one. If it is not the current one, it was used before, and the session ends
   * (`replayed`). Atomic: of two callers with the same token, one rotates it and the other ends the session.
   */
  rotate(rotation: Rotation): Promise<'rotated' | 'replayed' | 'ended'>
  /** Returns whether the session existed. */
  end(id: string): Promise<boolean>
}

/** Tokens that are refused before they expire. */
export interface Revocations {
  add(issuer: string, tokenId: string, expiresAt: number): Promise<void>
  has(issuer: string, tokenId: string): Promise<boolean>
}

/** Contents that can be consumed once. */
export interface Tickets {
  put(key: string, content: string, expiresAt: number): Promise<void>
  /** Atomic: of two callers with the same key, one gets the content. */
  consume(key: string): Promise<string | null>
}
