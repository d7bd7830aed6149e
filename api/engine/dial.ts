import type { ClientRequest } from 'node:http'
import type { Release } from '../concurrency/semaphore.js'
import { busyFault, timeoutFault } from './faults.js'
import type { Read } from './guard.js'
import type { MeasuredCall } from './measured-call.js'

export interface DialOptions {
  readonly read: Read
  /** Ends the dial, with its reason. */
  readonly signal: AbortSignal | null
  readonly measured: MeasuredCall | null
  readonly deadlineMs: number
  readonly onSettled: () => void
}

/** One dial under way. It is settled once, by whichever comes first; from then on neither deadline nor signal concerns it. */
export class Dial {
  readonly read: Read
  readonly measured: MeasuredCall | null
  /** The answer or, of a stream, its head. */
  readonly answer: Promise<unknown>
  /** Null while it waits for a connection; the second one where the first met a connection that had gone stale. */
  request: ClientRequest | null = null
  /** Frees the connection, or stops waiting for one. */
  leave: Release = () => {}
  readonly #signal: AbortSignal | null
  readonly #onSettled: () => void
  #deadline: NodeJS.Timeout
  readonly #deadlineMs: number
  /** When our own work on the answer began, and how long it took so far. */
  #workSince: number | null = null
  #workMs = 0
  #waiting: NodeJS.Timeout | undefined
  #resolve: (value: unknown) => void = () => {}
  #reject: (error: unknown) => void = () => {}
  #isSettled = false

  constructor({ read, signal, measured, deadlineMs, onSettled }: DialOptions) {
    this.read = read
    this.measured = measured
    this.#signal = signal
    this.#onSettled = onSettled
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#deadlineMs = deadlineMs
    this.#deadline = setTimeout(this.#onDeadline, deadlineMs)
    signal?.addEventListener('abort', this.#onAbort)
  }

  /** Fails the dial where no connection is free within so many milliseconds. */
  waitFor(milliseconds: number): void {
    if (this.#isSettled) return
    this.#waiting = setTimeout(() => this.fail(busyFault(this.read, milliseconds)), milliseconds)
  }

  /** There is a connection. */
  stopWaiting(): void {
    clearTimeout(this.#waiting)
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  succeed(value: unknown): void {
    if (this.#settle()) this.#resolve(value)
  }

  fail(error: unknown): void {
    if (!this.#settle()) return
    this.request?.destroy()
    this.#reject(error)
  }

  /** Runs the work on a part of the answer. The deadline is the engine's: the time that we take is added to it. */
  async work(part: Promise<void>): Promise<void> {
    this.#workSince = performance.now()
    try {
      await part
    } finally {
      this.#workMs += performance.now() - this.#workSince
      this.#workSince = null
    }
  }

  readonly #onDeadline = () => {
    const now = performance.now()
    const ownMs = this.#workMs + (this.#workSince === null ? 0 : now - this.#workSince)
    if (ownMs < 1) {
      this.fail(timeoutFault(this.read, this.#deadlineMs))
      return
    }
    this.#workMs = 0
    if (this.#workSince !== null) this.#workSince = now
    this.#deadline = setTimeout(this.#onDeadline, ownMs)
  }

  readonly #onAbort = () => this.fail(this.#signal?.reason)

  #settle(): boolean {
    if (this.#isSettled) return false
    this.#isSettled = true
    clearTimeout(this.#deadline)
    clearTimeout(this.#waiting)
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#onSettled()
    // A request frees its connection when it closes, which is a little later.
    if (this.request === null) this.leave()
    return true
  }
}
