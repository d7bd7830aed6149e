import { ApiError } from '../../model/error.js'

/** Who waits at once: as many checks of about 20 ms as somebody waits for without giving up. */
const MAX_WAITING = 64

/**
 * Places before all others, for those whom the address speaks for: whoever keeps the queue full from a hundred addresses keeps no
 * owner out.
 */
const MAX_PREFERRED = 16

/** Of those, from one address: a person at one keyboard is one, an office behind one address a few. */
const MAX_WAITING_PER_KEY = 4

interface Entry {
  readonly key: string
  readonly isPreferred: boolean
  readonly start: () => void
}

/**
 * Lets in one after the other, in the order of coming, the preferred before the others. One at a time, so that failures are counted before the next guess is let
 * through, and so that hashing passwords keeps one core busy and leaves the others to whoever reads.
 */
export class Turnstile {
  readonly #waiting: Entry[] = []
  #isTaken = false

  /** What `run` gives, once it was its turn. Rejects with rate-limited at once where too many wait, of all or of this key. */
  async enter<T>(key: string, run: () => Promise<T>, isPreferred = false): Promise<T> {
    if (this.#isTaken) await this.#turnOf(key, isPreferred)
    this.#isTaken = true
    try {
      return await run()
    } finally {
      this.#next()
    }
  }

  #turnOf(key: string, isPreferred: boolean): Promise<void> {
    const places = isPreferred ? MAX_PREFERRED : MAX_WAITING
    if (this.#waiting.filter((entry) => entry.isPreferred === isPreferred).length >= places)
      throw tooMany(`${places} sign-ins wait already`)
    if (this.#waiting.filter((entry) => entry.key === key).length >= MAX_WAITING_PER_KEY)
      throw tooMany(`${MAX_WAITING_PER_KEY} sign-ins of this address wait already`)
    return new Promise((resolve) => {
      const entry = { key, isPreferred, start: resolve }
      const firstOther = isPreferred ? this.#waiting.findIndex((other) => !other.isPreferred) : -1
      if (firstOther === -1) this.#waiting.push(entry)
      else this.#waiting.splice(firstOther, 0, entry)
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
    retryAfterSeconds: 1,
  })
}
