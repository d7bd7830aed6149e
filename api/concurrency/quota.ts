import type { Release } from './semaphore.js'

/** The bound that is reached: that of one holder, or that of all together. */
export type QuotaBound = 'holder' | 'total'

export interface QuotaOptions {
  /** Permits that one holder may have at once. */
  readonly perHolder: number
  /** Permits of all holders together. */
  readonly total: number
  /** Makes the error for a holder who gets no permit. */
  readonly refusal: (bound: QuotaBound) => Error
}

/** Hands out permits, and refuses at once if none is left. Nothing waits here: see Semaphore. */
export class Quota {
  readonly #options: QuotaOptions
  readonly #held = new Map<string, number>()
  #count = 0

  constructor(options: QuotaOptions) {
    this.#options = options
  }

  /** Permits in use. */
  get count(): number {
    return this.#count
  }

  /** @throws what `refusal` makes */
  acquire(holder: string): Release {
    const { perHolder, total, refusal } = this.#options
    const own = this.#held.get(holder) ?? 0
    if (own >= perHolder) throw refusal('holder')
    if (this.#count >= total) throw refusal('total')
    this.#held.set(holder, own + 1)
    this.#count += 1
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      this.#release(holder)
    }
  }

  #release(holder: string): void {
    const left = (this.#held.get(holder) ?? 0) - 1
    if (left > 0) this.#held.set(holder, left)
    else this.#held.delete(holder)
    this.#count -= 1
  }
}
