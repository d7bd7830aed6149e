import type { Clock } from '../../clock.js'

/** How often the whole list is read again: the engine's status sentences age, and a proxy may lose an event. */
const INTERVAL_MS = 30_000

/** Passed-over events come in bursts. Those within this time are made up for by one list. */
const BURST_MS = 50

/** The shortest time from the end of one whole list to a hastened one: an engine may pass over thousands of events a second. */
const MIN_PAUSE_MS = 1_000

/** A pause is also this many times as long as the last list took, so that hastened lists take a fifth of the time at most. */
const PAUSE_PER_LIST = 4

/** When the whole list is read next: every 30 s, or soon after an event that was passed over. */
export class WholeListTimer {
  readonly #clock: Clock
  #regularAt = 0
  /** When it was hastened; null if it was not since the last list was asked for. */
  #hastenedAt: number | null = null
  /** When the list was asked for that is being read; null if none is, or if that is not known. */
  #beganAt: number | null = null
  #allowedAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Milliseconds since 1970. */
  get dueAt(): number {
    if (this.#hastenedAt === null) return this.#regularAt
    return Math.min(this.#regularAt, Math.max(this.#hastenedAt + BURST_MS, this.#allowedAt))
  }

  /** A list is about to be asked for. What changes from now on, it may not show. */
  begin(): void {
    const now = this.#clock.now()
    this.#beganAt = now
    this.#regularAt = now + INTERVAL_MS
    this.#hastenedAt = null
  }

  /** The list is applied. */
  end(): void {
    const now = this.#clock.now()
    const tookMs = now - (this.#beganAt ?? now)
    this.#beganAt = null
    this.#allowedAt = now + Math.max(MIN_PAUSE_MS, tookMs * PAUSE_PER_LIST)
  }

  /** The connection has ended. The next one begins with a list. */
  reset(): void {
    this.#beganAt = null
    this.#hastenedAt = null
  }

  /** The next list comes soon. */
  hasten(): void {
    this.#hastenedAt ??= this.#clock.now()
  }

  /** Shortens the present wait at random, so that hosts that connected together, as all do at the start, do not stay in step. */
  spread(): void {
    this.#regularAt = this.#clock.now() + INTERVAL_MS * (0.5 + this.#clock.random() / 2)
  }
}
