import { type Clock, sleep } from '../../clock.js'

export interface TokenBucketSize {
  readonly perSecond: number
  /** Tokens that are there at once after a silence. */
  readonly burst: number
}

/** Lets no more tokens through than so many a second. Everyone who takes waits in turn, in the order in which they came. */
export class TokenBucket {
  readonly #size: TokenBucketSize
  readonly #clock: Clock
  /** When every token that was taken so far has flowed in: milliseconds since 1970. */
  #emptyUntil = 0

  constructor(size: TokenBucketSize, clock: Clock) {
    this.#size = size
    this.#clock = clock
  }

  /** Resolves when that many tokens are there, or as soon as the signal aborts. */
  async take(tokens: number, signal: AbortSignal): Promise<void> {
    const { perSecond, burst } = this.#size
    const now = this.#clock.now()
    const full = now - (burst / perSecond) * 1_000
    this.#emptyUntil = Math.max(this.#emptyUntil, full) + (tokens / perSecond) * 1_000
    if (this.#emptyUntil > now) await sleep(this.#clock, this.#emptyUntil - now, signal)
  }
}
