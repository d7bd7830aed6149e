import { setImmediate as nextTurn } from 'node:timers/promises'

/** Milliseconds that one piece of work has the event loop before all else gets a turn. */
const SLICE_MS = 10

/** Milliseconds on a clock that never goes back: for what work takes, not for what time it is. */
export type Stopwatch = () => number

export const STOPWATCH: Stopwatch = () => performance.now()

/** Lets everything else that waits for the event loop run first. */
export function yieldToEventLoop(): Promise<void> {
  return nextTurn()
}

/** Splits long work into slices, by time and not by count: one line may take as long as a thousand. */
export class TimeSlice {
  readonly #stopwatch: Stopwatch
  #startedAt: number
  #earlierMs = 0

  constructor(stopwatch: Stopwatch) {
    this.#stopwatch = stopwatch
    this.#startedAt = stopwatch()
  }

  get isOver(): boolean {
    return this.#stopwatch() - this.#startedAt >= SLICE_MS
  }

  /** Milliseconds that all slices took, without what ran between them. */
  get busyMs(): number {
    return this.#earlierMs + this.#stopwatch() - this.#startedAt
  }

  /** Ends this slice and begins the next when it is the turn of this work again. */
  async next(): Promise<void> {
    this.#earlierMs = this.busyMs
    await yieldToEventLoop()
    this.#startedAt = this.#stopwatch()
  }
}
