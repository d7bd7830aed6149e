import type { Clock } from '../../clock.js'

export interface TokenBucketSize {
  readonly perSecond: number
  /** Tokens available at once after a pause. */
  readonly burst: number
}

/**
 * Tokens that one party gets before it is the next one's turn: 10 ms of followed lines. A party that wants little waits for so
 * many tokens of each other party that wants more than there is.
 */
export const TOKENS_PER_TURN = 100

interface Taker {
  /** Tokens that it still wants. */
  left: number
  readonly resolve: () => void
}

/** Hands out a bounded number of tokens a second. Parties take turns: one that wants much, by however many takers, delays itself. */
export class TokenBucket {
  readonly #size: TokenBucketSize
  readonly #clock: Clock
  /**
   * The takers of each party, in order of arrival. The first party's turn is under way: the tokens of the turn are taken, but not
   * available yet. It moves to the end after its turn and not before, unlike in a FairQueue: who comes meanwhile is next.
   */
  readonly #parties = new Map<string, Set<Taker>>()
  /** Null if nobody waits. */
  #cancelTimer: (() => void) | null = null
  /** When all tokens taken so far are available: milliseconds since 1970. */
  #emptyUntil = 0

  constructor(size: TokenBucketSize, clock: Clock) {
    this.#size = size
    this.#clock = clock
  }

  /** Resolves once that many tokens are available to the party, or as soon as the signal aborts. */
  take(tokens: number, party: string, signal: AbortSignal): Promise<void> {
    if (tokens <= 0 || signal.aborted) return Promise.resolve()
    return new Promise((done) => {
      const onAbort = () => this.#leave(party, taker)
      const resolve = () => {
        signal.removeEventListener('abort', onAbort)
        done()
      }
      const taker: Taker = { left: tokens, resolve }
      signal.addEventListener('abort', onAbort)
      const takers = this.#parties.get(party) ?? new Set()
      this.#parties.set(party, takers.add(taker))
      if (this.#cancelTimer === null) this.#serve()
    })
  }

  /** Begins the next turn; it ends at once if there are tokens for it. */
  #serve(): void {
    for (;;) {
      const [first] = this.#parties
      if (first === undefined) return
      const [party, takers] = first
      this.#charge(takers)
      const waitMs = this.#emptyUntil - this.#clock.now()
      if (waitMs > 0) {
        this.#cancelTimer = this.#clock.after(waitMs, () => {
          this.#cancelTimer = null
          this.#endTurn(party)
          this.#serve()
        })
        return
      }
      this.#endTurn(party)
    }
  }

  #charge(takers: ReadonlySet<Taker>): void {
    const { perSecond, burst } = this.#size
    const [taker] = takers
    if (taker === undefined) return
    const tokens = Math.min(taker.left, TOKENS_PER_TURN)
    const full = this.#clock.now() - (burst / perSecond) * 1_000
    taker.left -= tokens
    this.#emptyUntil = Math.max(this.#emptyUntil, full) + (tokens / perSecond) * 1_000
  }

  #endTurn(party: string): void {
    const takers = this.#parties.get(party) ?? new Set()
    this.#parties.delete(party)
    const [taker] = takers
    if (taker !== undefined && taker.left <= 0) {
      takers.delete(taker)
      taker.resolve()
    }
    if (takers.size > 0) this.#parties.set(party, takers)
  }

  /** The tokens of a turn that is under way stay taken. */
  #leave(party: string, taker: Taker): void {
    const takers = this.#parties.get(party)
    const [first] = this.#parties.keys()
    const [current] = first === party ? (takers ?? []) : []
    takers?.delete(taker)
    taker.resolve()
    if (takers?.size === 0) this.#parties.delete(party)
    if (current !== taker) return
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#serve()
  }
}
