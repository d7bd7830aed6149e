import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { Clock } from '../../api/clock.js'

interface Timer {
  readonly at: number
  readonly run: () => void
}

/** Time that passes only when the test advances it. */
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

  /** Pending timers. */
  get pending(): number {
    return this.#timers.size
  }

  /** Advances time timer by timer, and lets promise reactions settle in between. */
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

/** Runs all promise reactions, however long their chain: they end before the next iteration of the event loop. */
export async function settle(): Promise<void> {
  await yieldToEventLoop()
}
