import type { LogRequest } from '../../api/engine/engine.js'
import type { LogLine } from '../../api/model/log-line.js'

/** Lines of one batch: what an engine sends in one chunk. */
const BATCH = 500

/** A container's log as an engine keeps it. A connection begins with the last messages and goes on with what is written. */
export class FakeLog {
  readonly lines: LogLine[] = []
  /** Requests that follow, in order. */
  readonly followed: Omit<LogRequest, 'isTty'>[] = []
  /** Followed connections that are open, and their maximum so far. */
  open = 0
  mostOpen = 0
  /** Ends all connections once they have given what is written. */
  isOver = false
  #fault: Error | null = null
  #generation = 0
  readonly #wakes = new Set<() => void>()

  write(...lines: readonly LogLine[]): void {
    this.lines.push(...lines)
    this.#wakeAll()
  }

  /** Ends the open connections: cleanly, or with a fault. */
  cut(fault: Error | null = null): void {
    this.#fault = fault
    this.#generation += 1
    this.#wakeAll()
  }

  end(): void {
    this.isOver = true
    this.#wakeAll()
  }

  async *read(
    { tail, follow, since }: Omit<LogRequest, 'isTty'>,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LogLine[]> {
    if (!follow) {
      yield []
      yield this.lines.slice(tail === null ? 0 : Math.max(0, this.lines.length - tail))
      return
    }
    this.followed.push({ tail, follow, since })
    this.open += 1
    this.mostOpen = Math.max(this.mostOpen, this.open)
    signal.addEventListener('abort', this.#wakeAll)
    try {
      yield* this.#follow(tail, signal)
    } finally {
      signal.removeEventListener('abort', this.#wakeAll)
      this.open -= 1
    }
  }

  async *#follow(tail: number | null, signal: AbortSignal): AsyncGenerator<readonly LogLine[]> {
    const generation = this.#generation
    let next = tail === null ? 0 : Math.max(0, this.lines.length - tail)
    yield []
    while (!signal.aborted) {
      if (generation !== this.#generation) {
        if (this.#fault !== null) throw this.#fault
        return
      }
      const batch = this.lines.slice(next, next + BATCH)
      next += batch.length
      if (batch.length > 0) yield batch
      else if (this.isOver) return
      else await new Promise<void>((resolve) => this.#wakes.add(resolve))
    }
  }

  readonly #wakeAll = (): void => {
    for (const wake of this.#wakes) wake()
    this.#wakes.clear()
  }
}
