import { ApiError } from '../model/error.js'
import type { Store } from '../store/store.js'
import type { Caller } from './caller.js'
import { type TokenSettings, verifyToken } from './token.js'

/**
 * Tokens that are remembered at once. Only tokens that were believed are, so nobody without a key can fill it; beyond the
 * bound the one that was remembered first goes. About 1.5 KiB each.
 */
const MAX_REMEMBERED_TOKENS = 1_000

/** How long a token is believed without another look: what another instance or an outside provider revokes is refused by then. */
export const BELIEVED_MS = 60_000

/** Verifies the tokens of an outside provider. */
export interface OutsideProvider {
  /** Whether the token says that it is this provider's; it only chooses who verifies. */
  isAddressed(token: string): boolean
  verify(token: string): Promise<Caller>
}

/** Ids of tokens that the operator has revoked by hand. */
export interface RevokedTokens {
  has(tokenId: string): boolean
}

export interface AuthenticatorParts {
  /** Null where only an outside provider's tokens are accepted. */
  readonly token: TokenSettings | null
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
 * Believes tokens, and remembers those it believed for a minute: verifying costs more than the whole rest of a request. A token
 * of a sign-in is good while the session lives, so a logout, a replayed refresh token and a restart end it.
 */
export class Authenticator {
  readonly #parts: AuthenticatorParts
  readonly #remembered = new Map<string, Remembered>()
  /** The tokens of an outside provider's callers, whose keys the provider may remove while a stream is open. */
  readonly #outside = new WeakMap<Caller, { readonly token: string; verifiedAt: number }>()
  /** Grows with each `forget`, so that a look that began before it leaves nothing behind. */
  #forgotten = 0

  constructor(parts: AuthenticatorParts) {
    this.#parts = parts
  }

  /** At once for a token that is remembered. Throws invalid-token, at once or later. */
  authenticate(token: string): Caller | Promise<Caller> {
    const known = this.#remembered.get(token)
    if (known !== undefined) {
      if (known.until > this.#parts.now()) return known.caller
      this.#remembered.delete(token)
    }
    return this.#verify(token)
  }

  /** Whether what was believed once may still be: not expired, not revoked, and its session not ended. */
  async isGood(caller: Caller): Promise<boolean> {
    const { issuer, tokenId, sessionId, expiresAt } = caller
    const { store, revokedTokens, now } = this.#parts
    if (expiresAt === null) return true
    if (expiresAt * 1000 <= now() || revokedTokens.has(tokenId)) return false
    if (await store.revocations.has(issuer, tokenId)) return false
    if (sessionId !== null && (await store.sessions.find(sessionId)) === null) return false
    return this.#isStillVouchedFor(caller)
  }

  async #isStillVouchedFor(caller: Caller): Promise<boolean> {
    const { provider, now } = this.#parts
    const origin = this.#outside.get(caller)
    if (origin === undefined || provider === null || now() - origin.verifiedAt < BELIEVED_MS) return true
    try {
      await provider.verify(origin.token)
    } catch (error) {
      if (error instanceof ApiError) return false
      throw error
    }
    origin.verifiedAt = now()
    return true
  }

  /** What is remembered of tokens that may have been revoked is looked at anew. */
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
    const until = Math.min((caller.expiresAt ?? 0) * 1000, this.#parts.now() + BELIEVED_MS)
    if (this.#remembered.size >= MAX_REMEMBERED_TOKENS) {
      const oldest = this.#remembered.keys().next()
      if (!oldest.done) this.#remembered.delete(oldest.value)
    }
    this.#remembered.set(token, { caller, until })
  }
}
