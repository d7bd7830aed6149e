import type { Clock } from '../clock.js'

/**
 * Lets one loop sleep until its next deadline, a notification, or its signal's abort. A notification that arrives while the loop
 * is not waiting ends the next wait at once.
 */
export class Notifier {
  readonly #clock: Clock
  #isNotified = false
  #wake: (() => void) | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  notify(): void {
    this.#isNotified = true
    this.#wake?.()
  }

  wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        signal.removeEventListener('abort', done)
        this.#wake = null
        this.#isNotified = false
        resolve()
      }
      const cancel = this.#clock.after(milliseconds, done)
      if (this.#isNotified || signal.aborted) done()
      else {
        this.#wake = done
        signal.addEventListener('abort', done)
      }
    })
  }
}
