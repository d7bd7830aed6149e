import { ApiError } from '../model/error.js'

/** Who waits at once: as many checks of about 20 ms as somebody waits for without giving up. */
const MAX_WAITING = 64

/** Of those, from one address: a person at one keyboard is one, an office behind one address a few. */
const MAX_WAITING_PER_KEY = 4

interface Entry {
  readonly key: string
  readonly start: () => void
}

/**
 * Lets in one after the other, in the order of coming. One at a time, so that failures are counted before the next guess is let
 * through, and so that hashing passwords keeps one core busy and leaves the others to whoever reads.
 */
export class Turnstile {
  readonly #waiting: Entry[] = []
  #isTaken = false

  /** What `run` gives, once it was its turn. Rejects with rate-limited at once where too many wait, of all or of this key. */
  async enter<T>(key: string, run: () => Promise<T>): Promise<T> {
    if (this.#isTaken) await this.#turnOf(key)
    this.#isTaken = true
    try {
      return await run()
    } finally {
      this.#next()
    }
  }

  #turnOf(key: string): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING) throw tooMany(`${MAX_WAITING} sign-ins wait already`)
    if (this.#waiting.filter((entry) => entry.key === key).length >= MAX_WAITING_PER_KEY)
      throw tooMany(`${MAX_WAITING_PER_KEY} sign-ins of this address wait already`)
    return new Promise((resolve) => {
      this.#waiting.push({ key, start: resolve })
    })
  }

  /** Hands the place on without ever freeing it, so that nobody slips in between. */
  #next(): void {
    const first = this.#waiting.shift()
    if (first === undefined) this.#isTaken = false
    else first.start()
  }
}

function tooMany(reason: string): ApiError {
  return new ApiError('rate-limited', reason, {
    detail: 'Too many sign-ins are waiting; Retry-After says when to come back.',
    headers: { 'Retry-After': '1' },
  })
}
