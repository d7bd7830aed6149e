import type { Caller } from './caller.js'
import { type TokenSettings, verifyToken } from './token.js'

/**
 * Tokens that are remembered at once. Only tokens that were believed are, so nobody without a key can fill it; beyond the
 * bound the one that was remembered first goes. About 1.5 KiB each.
 */
const MAX_REMEMBERED_TOKENS = 1_000

/** Believes tokens, and remembers those it believed until they expire: verifying costs more than the whole rest of a request. */
export class Authenticator {
  readonly #settings: TokenSettings
  readonly #now: () => number
  readonly #remembered = new Map<string, Caller>()

  constructor(settings: TokenSettings, now: () => number) {
    this.#settings = settings
    this.#now = now
  }

  /** Throws invalid-token. */
  authenticate(token: string): Caller {
    const now = this.#now()
    const known = this.#remembered.get(token)
    if (known?.expiresAt != null && known.expiresAt * 1000 > now) return known
    this.#remembered.delete(token)
    const caller = verifyToken(this.#settings, token, now)
    this.#remember(token, caller)
    return caller
  }

  #remember(token: string, caller: Caller): void {
    if (this.#remembered.size >= MAX_REMEMBERED_TOKENS) {
      const oldest = this.#remembered.keys().next()
      if (!oldest.done) this.#remembered.delete(oldest.value)
    }
    this.#remembered.set(token, caller)
  }
}
