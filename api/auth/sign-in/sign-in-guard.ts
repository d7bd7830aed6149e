import type { Counters, Store } from '../../store/store.js'

/** How long an address counts as known after a sign-in from it. */
const KNOWN_ADDRESS_MS = 30 * 86_400_000

/**
 * Why a guess at a password is refused; null where it may go on. `address` and `name` say which count is full, for the audit; the
 * caller reads the same for both.
 */
export type SignInVerdict = { readonly refused: 'address' | 'name'; readonly resetsAt: number } | null

export interface SignInAttempt {
  /** As limits count it: an IPv6 address stands for its /56. */
  readonly address: string
  /** As it was typed, whether there is such a user or not. */
  readonly name: string
}

/**
 * Counts failed sign-ins, and only those: per address, and per user name over all addresses. While a name's count is full, an
 * address that has failed with it is refused, an address that has not gets one try, and an address from which the user has signed
 * in before goes on as usual. So an attacker cannot lock an owner out, and a thousand addresses get a thousand guesses a window
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
    this.#addresses = store.counters('sign-in addresses')
    this.#names = store.counters('sign-in names')
    this.#pairs = store.counters('sign-in pairs')
    this.#known = store.counters('sign-in known')
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
    // Anew, so that the time counts from the last sign-in.
    await this.#known.clear(pair)
    await this.#known.add(pair, KNOWN_ADDRESS_MS)
  }
}

/** An address has no blank, so no name can make one pair look like another. */
function pairOf({ address, name }: SignInAttempt): string {
  return `${address} ${name}`
}
