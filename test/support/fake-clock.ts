import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { Clock } from '../../api/clock.js'

interface Timer {
  readonly at: number
  readonly run: () => void
}

/** Time that passes when the test says so, and only then. */
export class FakeClock implements Clock {
  #now = Date.UTC(2026, 10, 24)
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  after(milliseconds: number, run: () => void): () => void {
    const timer = { at: this.#now + milliseconds, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  random(): number {
    return 0.5
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size
  }

  /** Lets time pass, timer by timer, and lets what each set off settle before the next. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds
    await settle()
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers.delete(due)
      this.#now = Math.max(this.#now, due.at)
      due.run()
      await settle()
    }
    this.#now = end
  }
}

/** Lets all promise reactions run, however long their chain is: they end before the event loop takes its next turn. */
export async function settle(): Promise<void> {
  await yieldToEventLoop()
}
