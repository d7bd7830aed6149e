import type { Counters, Store } from '../../store/store.js'

/** How long an address counts as known after a user has signed in from it. */
const KNOWN_ADDRESS_MS = 30 * 86_400_000

/**
 * Why a guess at a password is refused; null lets it through. `address` and `name` are the count that is full, for the audit
 * alone: the caller gets the same answer for both.
 */
export type SignInVerdict = { readonly refused: 'address' | 'name'; readonly resetsAt: number } | null

export interface SignInAttempt {
  /** The key that limits count by: an IPv6 address stands for its /56. */
  readonly address: string
  /** As it was typed. Whether such a user exists makes no difference here. */
  readonly name: string
}

/**
 * Counts failed sign-ins, and only those: per address, and per user name over all addresses. When the count of a name is full,
 * an address that has failed with it is refused, a new address gets one try, and an address from which the user has signed in
 * before is not affected. So an attacker cannot lock the owner out, and a thousand addresses get a thousand guesses per window
 * rather than ten thousand (OWASP's device cookies, with the address as the device).
 */
export class SignInGuard {
  readonly #addresses: Counters
  readonly #names: Counters
  readonly #pairs: Counters
  readonly #known: Counters
  readonly #limit: number
  readonly #windowMs: number

  constructor(store: Pick<Store, 'counters'>, settings: { readonly limit: number; readonly windowMs: number }) {
    this.#addresses = store.counters('failed addresses')
    this.#names = store.counters('failed names')
    this.#pairs = store.counters('failed pairs')
    this.#known = store.counters('known pairs')
    this.#limit = settings.limit
    this.#windowMs = settings.windowMs
  }

  async check(attempt: SignInAttempt): Promise<SignInVerdict> {
    const pair = pairOf(attempt)
    const [byAddress, byName, byPair, isKnown] = await Promise.all([
      this.#addresses.read(attempt.address),
      this.#names.read(attempt.name),
      this.#pairs.read(pair),
      this.#known.read(pair),
    ])
    if (byAddress != null && byAddress.hits >= this.#limit) return { refused: 'address', resetsAt: byAddress.resetsAt }
    if (byName == null || byName.hits < this.#limit || isKnown != null || byPair == null) return null
    return { refused: 'name', resetsAt: byPair.resetsAt }
  }

  /** Whether this user has signed in from this address before. */
  async isKnown(attempt: SignInAttempt): Promise<boolean> {
    return (await this.#known.read(pairOf(attempt))) !== null
  }

  async failed(attempt: SignInAttempt): Promise<void> {
    await this.#addresses.add(attempt.address, this.#windowMs)
    await this.#names.add(attempt.name, this.#windowMs)
    await this.#pairs.add(pairOf(attempt), this.#windowMs)
  }

  async succeeded(attempt: SignInAttempt): Promise<void> {
    const pair = pairOf(attempt)
    // Reset first, so that the time counts from the last sign-in.
    await this.#known.clear(pair)
    await this.#known.add(pair, KNOWN_ADDRESS_MS)
  }
}

/** An address has no blank, so no name can make two pairs look alike. */
function pairOf({ address, name }: SignInAttempt): string {
  return `${address} ${name}`
}
