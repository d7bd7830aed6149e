import { setImmediate as nextTurn } from 'node:timers/promises'
import { FairQueue } from './fair-queue.js'

/**
 * Milliseconds that one piece of work may hold the event loop before it yields. A request that arrives meanwhile waits for one
 * slice, so this is a part of every answer's time while an engine is busy.
 */
const SLICE_MS = 3

/** Milliseconds on a monotonic clock: it measures durations and does not give the time. */
export type Stopwatch = () => number

export const STOPWATCH: Stopwatch = () => performance.now()

/** Lets all pending work of the event loop run first. */
export function yieldToEventLoop(): Promise<void> {
  return nextTurn()
}

/** Resolves when work may go on. */
export type Yield = () => Promise<void>

/**
 * Shares the event loop among the parties whose data is worked on: an engine, or the subject of a caller. Between two requests one
 * party's slice runs, and the parties take turns. So requests wait for one slice, however many parties are busy, and a party that
 * sends much delays itself.
 */
export class LoopShare {
  readonly #waiting = new FairQueue<() => void>()
  #isScheduled = false

  /** Resolves in a later turn of the event loop, when it is the party's turn. */
  turn(party: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(party, resolve)
      this.#schedule()
    })
  }

  /** Slices of one party's work. */
  slice(party: string, stopwatch: Stopwatch = STOPWATCH): TimeSlice {
    return new TimeSlice(stopwatch, () => this.turn(party))
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#waiting.shift()?.()
      if (this.#waiting.size > 0) this.#schedule()
    })
  }
}

/** Splits long work into slices by time, not by count: one line may take as long as a thousand. */
export class TimeSlice {
  readonly #stopwatch: Stopwatch
  readonly #yield: Yield
  #startedAt: number
  #earlierMs = 0

  constructor(stopwatch: Stopwatch, yieldTurn: Yield = yieldToEventLoop) {
    this.#stopwatch = stopwatch
    this.#yield = yieldTurn
    this.#startedAt = stopwatch()
  }

  get isOver(): boolean {
    return this.#stopwatch() - this.#startedAt >= SLICE_MS
  }

  /** Milliseconds that all slices took, without the time between them. */
  get busyMs(): number {
    return this.#earlierMs + this.#stopwatch() - this.#startedAt
  }

  /** Ends this slice, yields, and begins the next one. */
  async next(): Promise<void> {
    this.#earlierMs = this.busyMs
    await this.#yield()
    this.#startedAt = this.#stopwatch()
  }
}
