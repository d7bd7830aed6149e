import { setImmediate as nextTurn } from 'node:timers/promises'

/** Milliseconds that one reader's lines may take before everybody else gets a turn. */
const TURN_MS = 10

/** Lets others in between, by time and not by count: one line may take as long as a thousand. */
export class Turns {
  #since = performance.now()

  get isOver(): boolean {
    return performance.now() - this.#since >= TURN_MS
  }

  async next(): Promise<void> {
    await nextTurn()
    this.#since = performance.now()
  }
}
