import type { TokenConfig } from '../config/token-keys.js'
import { ApiError } from '../model/error.js'
import type { Store } from '../store/store.js'
import type { Caller } from './caller.js'
import { verifyToken } from './token.js'

/**
 * Verified tokens held in the cache, about 1.5 KiB each. Beyond this the oldest entry is evicted. A client without a valid
 * token cannot add an entry.
 */
const MAX_REMEMBERED_TOKENS = 1_000

/** How long a token counts as verified. What another instance or an outside provider revokes is refused after this time. */
export const VERIFIED_MS = 60_000

/** Verifies the tokens of an outside provider. */
export interface OutsideProvider {
  /** Whether the token names this provider as its issuer. This only selects the verifier. */
  isAddressed(token: string): boolean
  verify(token: string): Promise<Caller>
}

/** Ids of tokens that the operator revoked by hand. */
export interface RevokedTokens {
  has(tokenId: string): boolean
}

export interface AuthenticatorParts {
  /** Null if only an outside provider's tokens are accepted. */
  readonly token: TokenConfig | null
  readonly provider: OutsideProvider | null
  readonly revokedTokens: RevokedTokens
  readonly store: Pick<Store, 'sessions' | 'revocations'>
  readonly now: () => number
}

interface Remembered {
  readonly caller: Caller
  /** Milliseconds since 1970. */
  readonly until: number
}

/**
 * Verifies tokens, and caches the verified ones for a minute: verifying costs more than all else in a request. A token of a
 * sign-in is valid while its session exists, so a logout, a replayed refresh token or a restart ends it.
 */
export class Authenticator {
  readonly #parts: AuthenticatorParts
  readonly #remembered = new Map<string, Remembered>()
  /** Tokens of an outside provider's callers. They are verified again while a stream is open, since the provider may remove a key. */
  readonly #outside = new WeakMap<Caller, { readonly token: string; verifiedAt: number }>()
  /** Grows with each `forget`, so that a verification that began before it is not cached. */
  #forgotten = 0

  constructor(parts: AuthenticatorParts) {
    this.#parts = parts
  }

  /** Synchronous for a cached token. Throws or rejects with invalid-token. */
  authenticate(token: string): Caller | Promise<Caller> {
    const known = this.#remembered.get(token)
    if (known !== undefined) {
      if (known.until > this.#parts.now()) return known.caller
      this.#remembered.delete(token)
    }
    return this.#verify(token)
  }

  /** Whether a verified caller is still valid: not expired, not revoked, and the session not ended. */
  async isStillValid(caller: Caller): Promise<boolean> {
    const { issuer, tokenId, sessionId, expiresAt } = caller
    const { store, revokedTokens, now } = this.#parts
    if (expiresAt === null) return true
    if (expiresAt * 1000 <= now() || revokedTokens.has(tokenId)) return false
    if (await store.revocations.has(issuer, tokenId)) return false
    if (sessionId !== null && (await store.sessions.find(sessionId)) === null) return false
    return this.#isStillVerified(caller)
  }

  async #isStillVerified(caller: Caller): Promise<boolean> {
    const { provider, now } = this.#parts
    const origin = this.#outside.get(caller)
    if (origin === undefined || provider === null || now() - origin.verifiedAt < VERIFIED_MS) return true
    try {
      await provider.verify(origin.token)
    } catch (error) {
      if (error instanceof ApiError) return false
      throw error
    }
    origin.verifiedAt = now()
    return true
  }

  /** Drops these callers from the cache, because their tokens may have been revoked. Their next request verifies the token again. */
  forget(isConcerned: (caller: Caller) => boolean): void {
    this.#forgotten += 1
    for (const [token, { caller }] of this.#remembered) if (isConcerned(caller)) this.#remembered.delete(token)
  }

  async #verify(token: string): Promise<Caller> {
    const { token: settings, provider, revokedTokens, store, now } = this.#parts
    const forgotten = this.#forgotten
    let caller: Caller
    if (provider?.isAddressed(token)) {
      caller = await provider.verify(token)
      this.#outside.set(caller, { token, verifiedAt: now() })
    } else if (settings !== null) caller = verifyToken(settings, token, now())
    else throw new ApiError('invalid-token', 'token refused: not of the provider')
    if (revokedTokens.has(caller.tokenId)) throw new ApiError('invalid-token', 'token refused: revoked by the operator')
    if (await store.revocations.has(caller.issuer, caller.tokenId))
      throw new ApiError('invalid-token', 'token refused: revoked')
    if (caller.sessionId !== null && (await store.sessions.find(caller.sessionId)) === null)
      throw new ApiError('invalid-token', 'token refused: its session has ended')
    if (forgotten === this.#forgotten) this.#remember(token, caller)
    return caller
  }

  #remember(token: string, caller: Caller): void {
    const until = Math.min((caller.expiresAt ?? 0) * 1000, this.#parts.now() + VERIFIED_MS)
    if (this.#remembered.size >= MAX_REMEMBERED_TOKENS) {
      const oldest = this.#remembered.keys().next()
      if (!oldest.done) this.#remembered.delete(oldest.value)
    }
    this.#remembered.set(token, { caller, until })
  }
}
