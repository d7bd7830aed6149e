import type { Counters } from '../store/store.js'

/** How long an address from which a user has signed in is known as theirs. */
const KNOWN_ADDRESS_MS = 30 * 86_400_000

/**
 * Whether a guess at a password is let through; null is yes. `address` and `name` say which count is full, for the audit; the
 * caller is told the same of either.
 */
export type SignInVerdict = { readonly refused: 'address' | 'name'; readonly resetsAt: number } | null

export interface SignInAttempt {
  /** As limits count it: an IPv6 address stands for its /56. */
  readonly address: string
  /** As it was typed; whether there is such a user makes no difference here. */
  readonly name: string
}

/**
 * Counts failed sign-ins, and only those: per address, and per user name over all addresses. A name that is guessed at from
 * everywhere is closed to whoever has failed with it already; an address that has not gets one try, and one from which the user
 * has signed in before is not concerned at all. So nobody can lock an owner out for ever, and a thousand addresses get a
 * thousand guesses a window rather than ten thousand (OWASP's device cookies, with the address as the device).
 */
export class SignInGuard {
  readonly #counters: Counters
  readonly #limit: number
  readonly #windowMs: number

  constructor(counters: Counters, settings: { readonly limit: number; readonly windowMs: number }) {
    this.#counters = counters
    this.#limit = settings.limit
    this.#windowMs = settings.windowMs
  }

  async check(attempt: SignInAttempt): Promise<SignInVerdict> {
    const { address, name, pair, known } = keysOf(attempt)
    const [byAddress, byName, byPair, isKnown] = await Promise.all(
      [address, name, pair, known].map((key) => this.#counters.read(key)),
    )
    if (byAddress != null && byAddress.hits >= this.#limit) return { refused: 'address', resetsAt: byAddress.resetsAt }
    if (byName == null || byName.hits < this.#limit || isKnown != null || byPair == null) return null
    return { refused: 'name', resetsAt: byPair.resetsAt }
  }

  async failed(attempt: SignInAttempt): Promise<void> {
    const { address, name, pair } = keysOf(attempt)
    await Promise.all([address, name, pair].map((key) => this.#counters.add(key, this.#windowMs)))
  }

  async succeeded(attempt: SignInAttempt): Promise<void> {
    const { known } = keysOf(attempt)
    await this.#counters.clear(known)
    await this.#counters.add(known, KNOWN_ADDRESS_MS)
  }
}

/** An address has no blank, so no name can make one key look like another. */
function keysOf({ address, name }: SignInAttempt) {
  return {
    address: `address ${address}`,
    name: `name ${name}`,
    pair: `pair ${address} ${name}`,
    known: `known ${address} ${name}`,
  }
}
