import { type Clock, sleep } from '../../clock.js'

export interface TokenBucketSize {
  readonly perSecond: number
  /** Tokens available at once after a pause. */
  readonly burst: number
}

/** Hands out a bounded number of tokens a second. Takers wait in order of arrival. */
export class TokenBucket {
  readonly #size: TokenBucketSize
  readonly #clock: Clock
  /** When all tokens taken so far are paid for: milliseconds since 1970. */
  #emptyUntil = 0

  constructor(size: TokenBucketSize, clock: Clock) {
    this.#size = size
    this.#clock = clock
  }

  /** Resolves once that many tokens are available, or as soon as the signal aborts. */
  async take(tokens: number, signal: AbortSignal): Promise<void> {
    const { perSecond, burst } = this.#size
    const now = this.#clock.now()
    const full = now - (burst / perSecond) * 1_000
    this.#emptyUntil = Math.max(this.#emptyUntil, full) + (tokens / perSecond) * 1_000
    if (this.#emptyUntil > now) await sleep(this.#clock, this.#emptyUntil - now, signal)
  }
}
