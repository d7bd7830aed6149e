import { setImmediate as nextTurn } from 'node:timers/promises'

/** Milliseconds that one piece of work may hold the event loop before it yields. */
const SLICE_MS = 10

/** Milliseconds on a monotonic clock: it measures durations and does not give the time. */
export type Stopwatch = () => number

export const STOPWATCH: Stopwatch = () => performance.now()

/** Lets all pending work of the event loop run first. */
export function yieldToEventLoop(): Promise<void> {
  return nextTurn()
}

/** Splits long work into slices by time, not by count: one line may take as long as a thousand. */
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

  /** Milliseconds that all slices took, without the time between them. */
  get busyMs(): number {
    return this.#earlierMs + this.#stopwatch() - this.#startedAt
  }

  /** Ends this slice, yields, and begins the next one. */
  async next(): Promise<void> {
    this.#earlierMs = this.busyMs
    await yieldToEventLoop()
    this.#startedAt = this.#stopwatch()
  }
}
