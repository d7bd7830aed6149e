import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { FairQueue } from './fair-queue.js'

/**
 * Milliseconds that one piece of work may hold the event loop before it yields. A request that arrives meanwhile waits for one
 * slice, so this is a part of every answer's time while an engine is busy.
 */
const SLICE_MS = 2

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
 * The share of the event loop that one party may have over a while. With twice as much, an engine that sends ten thousand events a
 * second makes so much garbage that its collection shows in everybody's answers (`npm run bench:hostile`).
 */
const PARTY_SHARE = 0.15

/**
 * What a millisecond of work counts that a caller asked for and waits for: such a party may have twice as much. A search in a long
 * log takes some seconds of it.
 */
export const ASKED_FOR = 0.5

/** Milliseconds that a party may have at once after a pause: the first list of a large host takes as much. */
const PARTY_BURST_MS = 1_000

/** Parties whose use is remembered. The use of one that has paused is forgotten, so few are remembered at a time. */
const MAX_REMEMBERED = 1_000

/**
 * Shares the event loop among the parties whose data is worked on: an engine, or the subject of a caller. Between two requests one
 * party's slice runs, and the parties take turns. So requests wait for one slice, however many parties are busy. A party that has
 * used more than its share waits, so what it sends delays itself.
 */
export class LoopShare {
  readonly #stopwatch: Stopwatch
  readonly #waiting = new FairQueue<() => void>()
  /** What each party has used beyond its share, in milliseconds, and when that was. */
  readonly #used = new Map<string, { readonly ms: number; readonly at: number }>()
  #isScheduled = false

  constructor(stopwatch: Stopwatch = STOPWATCH) {
    this.#stopwatch = stopwatch
  }

  /** Slices of one party's work, which begins now. `weight`: what its time counts. */
  slice(party: string, weight = 1): TimeSlice {
    const charge = (busyMs: number) => this.charge(party, busyMs * weight)
    return new TimeSlice(this.#stopwatch, () => this.turn(party), charge)
  }

  /** Counts work of a party that ran outside of a slice. */
  charge(party: string, milliseconds: number): void {
    const ms = this.#usedOf(party) + milliseconds
    this.#used.delete(party)
    this.#used.set(party, { ms, at: this.#stopwatch() })
    const [oldest = ''] = this.#used.keys()
    if (this.#used.size > MAX_REMEMBERED) this.#used.delete(oldest)
  }

  /** Milliseconds until the party is within its share again. */
  delayOf(party: string): number {
    return Math.max(0, (this.#usedOf(party) - PARTY_BURST_MS) / PARTY_SHARE)
  }

  /** Resolves in a later turn of the event loop, when it is the party's turn and the party is within its share. */
  async turn(party: string): Promise<void> {
    const delayMs = this.delayOf(party)
    if (delayMs > 0) await sleep(delayMs)
    await new Promise<void>((resolve) => {
      this.#waiting.push(party, resolve)
      this.#schedule()
    })
  }

  #usedOf(party: string): number {
    const used = this.#used.get(party)
    return used === undefined ? 0 : Math.max(0, used.ms - (this.#stopwatch() - used.at) * PARTY_SHARE)
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
  readonly #charge: (busyMs: number) => void
  #startedAt: number
  #earlierMs = 0

  /** `charge` gets the milliseconds that each slice took. */
  constructor(stopwatch: Stopwatch, yieldTurn: Yield = yieldToEventLoop, charge: (busyMs: number) => void = () => {}) {
    this.#stopwatch = stopwatch
    this.#yield = yieldTurn
    this.#charge = charge
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
    this.end()
    await this.#yield()
    this.#startedAt = this.#stopwatch()
  }

  /** Ends the last slice. */
  end(): void {
    const now = this.#stopwatch()
    this.#earlierMs += now - this.#startedAt
    this.#charge(now - this.#startedAt)
    this.#startedAt = now
  }
}
