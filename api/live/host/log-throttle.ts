import type { Clock } from '../../clock.js'
import { evictOldest } from '../../model/evict-oldest.js'

/** Milliseconds between two lines about the same thing: often enough to be found, rare enough to be read. */
const SAME_THING_MS = 10 * 60_000

/** Milliseconds between any two lines: ten thousand containers that fail at once write sixty lines a minute. */
const ANY_LINE_MS = 1_000

/** Things remembered: all that can be written about within SAME_THING_MS. */
const MAX_REMEMBERED = SAME_THING_MS / ANY_LINE_MS

/** Keeps what repeats from flooding the log. */
export class LogThrottle {
  readonly #clock: Clock
  readonly #writtenAt = new Map<string, number>()
  #lastAt: number | null = null
  #heldBack = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `write`, with how many lines were held back since the last one, unless this one is held back too. */
  write(about: string, write: (heldBack: number) => void): void {
    const now = this.#clock.now()
    const isTooSoon =
      isWithin(ANY_LINE_MS, this.#lastAt, now) || isWithin(SAME_THING_MS, this.#writtenAt.get(about) ?? null, now)
    if (isTooSoon) {
      this.#heldBack += 1
      return
    }
    this.#lastAt = now
    this.#writtenAt.delete(about)
    this.#writtenAt.set(about, now)
    evictOldest(this.#writtenAt, MAX_REMEMBERED)
    const heldBack = this.#heldBack
    this.#heldBack = 0
    write(heldBack)
  }
}

/** A clock that was set back holds nothing back. */
function isWithin(milliseconds: number, since: number | null, now: number): boolean {
  return since !== null && now >= since && now - since < milliseconds
}
