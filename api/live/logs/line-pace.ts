import { type Clock, sleep } from '../../clock.js'

/** Lines a second of all followed logs together. Each costs this process some 15 us, so this is a sixth of a core. */
export const MAX_LINES_PER_SECOND = 10_000

/** Lines that may come at once after a silence: the first page of a log, and a burst. */
const BURST_LINES = 10_000

/** Holds back whoever follows logs that are written faster than anybody reads, so that everybody else is answered. */
export class LinePace {
  readonly #clock: Clock
  /** When all lines so far are paid for. */
  #paidAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves when so many more lines may follow. */
  async take(lines: number, signal: AbortSignal): Promise<void> {
    const now = this.#clock.now()
    const earliest = now - (BURST_LINES / MAX_LINES_PER_SECOND) * 1_000
    this.#paidAt = Math.max(this.#paidAt, earliest) + (lines / MAX_LINES_PER_SECOND) * 1_000
    if (this.#paidAt > now) await sleep(this.#clock, this.#paidAt - now, signal)
  }
}
