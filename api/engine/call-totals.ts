import type { CallRecord } from '../model/engine-call.js'
import type { CallTotal } from '../model/engine-metrics.js'

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** Adds calls up, by which read they were and how they ended: what an engine is asked is a cost that its owner wants to see. */
export class CallTotals {
  readonly #totals = new Map<string, Mutable<CallTotal>>()

  add({ read, result, milliseconds }: CallRecord): void {
    const key = `${read} ${result}`
    const total = this.#totals.get(key) ?? { call: read, result, count: 0, seconds: 0 }
    total.count += 1
    total.seconds += milliseconds / 1_000
    this.#totals.set(key, total)
  }

  all(): readonly CallTotal[] {
    return [...this.#totals.values()]
  }
}
