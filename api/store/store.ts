/**
 * What several instances of the service have to share. One implementation holds it in memory; every method is asynchronous so that
 * another may hold it elsewhere. Times are milliseconds since 1970.
 */
export interface Store {
  /** Counts of one kind. Each has a bound of its own: an attacker who fills one leaves the others alone. */
  counters(kind: CounterKind): Counters
  readonly sessions: Sessions
  readonly revocations: Revocations
  readonly tickets: Tickets
}

/**
 * What is counted. A stranger can make any number of keys of some kinds; keys of the others (subjects, users at addresses that they
 * signed in from) take a verified caller.
 */
export type CounterKind =
  | 'general subjects'
  | 'general addresses'
  | 'stats subjects'
  | 'stats addresses'
  | 'sign-in addresses'
  | 'sign-in names'
  | 'sign-in pairs'
  | 'sign-in known'
  | 'refusals'

/** How often something happened since a window opened. */
export interface Count {
  readonly hits: number
  readonly resetsAt: number
}

/** Fixed windows, each opened by the first hit of its key. */
export interface Counters {
  /** Adds a hit, in a window of so many milliseconds, and gives the count with it. One step: no two callers get one number. */
  add(key: string, windowMs: number): Promise<Count>
  /** Null where no window is open. */
  read(key: string): Promise<Count | null>
  decrement(key: string): Promise<void>
  clear(key: string): Promise<void>
}

/** One sign-in, from which refresh tokens descend: RFC 9700 section 4.14.2 has them end together. */
export interface Session {
  readonly id: string
  readonly userName: string
  /** Changes with the user's password. */
  readonly credentialStamp: string
  readonly startedAt: number
  /** However often it is refreshed. */
  readonly endsAt: number
  /** Unless it is refreshed before. */
  readonly idleAt: number
  /** How often it was refreshed: the number of the one refresh token that is valid. */
  readonly generation: number
  /** SHA-256 of that refresh token; the token itself is stored nowhere. */
  readonly tokenHash: string
}

export interface Rotation {
  readonly id: string
  readonly presented: { readonly generation: number; readonly tokenHash: string }
  readonly next: { readonly tokenHash: string; readonly idleAt: number }
}

export interface Sessions {
  open(session: Session): Promise<void>
  /** Null where it has ended or never was. */
  find(id: string): Promise<Session | null>
  /**
   * Puts the next refresh token in the place of the one presented. Where that is not the current one, it was used before: the
   * session ends (`replayed`). One step: of two who present the same token, one rotates and the other ends the session.
   */
  rotate(rotation: Rotation): Promise<'rotated' | 'replayed' | 'ended'>
  /** Whether there was one to end. */
  end(id: string): Promise<boolean>
}

/** Tokens that are refused before they expire. */
export interface Revocations {
  add(issuer: string, tokenId: string, expiresAt: number): Promise<void>
  has(issuer: string, tokenId: string): Promise<boolean>
}

/** Things that may be taken once. */
export interface Tickets {
  put(key: string, content: string, expiresAt: number): Promise<void>
  /** One step: of two who take the same key, one gets the content. */
  consume(key: string): Promise<string | null>
}
