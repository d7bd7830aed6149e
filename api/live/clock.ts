/** Time as the live rooms see it, so that a test can hold it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Runs once after so many milliseconds; the answer takes it back. */
  after(milliseconds: number, run: () => void): () => void
  /** From 0 up to but not 1: spreads what would otherwise happen at once. */
  random(): number
}

export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds)
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
}

/** Resolves after so many milliseconds, or as soon as the signal aborts. */
export function sleep(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Doorbell(clock).wait(milliseconds, signal)
}

/** Lets one loop sleep until its next deadline, somebody rings, or the signal ends it. A ring while nobody waits is kept. */
export class Doorbell {
  readonly #clock: Clock
  #rung = false
  #wake: (() => void) | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        signal.removeEventListener('abort', done)
        this.#wake = null
        this.#rung = false
        resolve()
      }
      const cancel = this.#clock.after(milliseconds, done)
      if (this.#rung || signal.aborted) done()
      else {
        this.#wake = done
        signal.addEventListener('abort', done)
      }
    })
  }
}
