import { type EngineTime, engineTimeOf } from '../../model/engine-time.js'
import { evictOldest } from '../../model/evict-oldest.js'
import type { LogCursor, LogLine } from '../../model/log-line.js'

/** Times whose lines are counted. The two streams are stamped separately, so lines of one time may be interleaved with others. */
const COUNTED_TIMES = 256

/** Gives each line its cursor. */
export class CursorTracker {
  readonly #counts = new Map<EngineTime, number>()
  #cursor: LogCursor | null

  constructor(from: LogCursor | null) {
    this.#cursor = from
    if (from !== null) this.#counts.set(from.at, from.nth)
  }

  /** The cursor after the last line; null before any line with a time. */
  get cursor(): LogCursor | null {
    return this.#cursor
  }

  /** A line without a time gets the cursor of the line before it. */
  pass({ time }: LogLine): LogCursor | null {
    const at = time === null ? null : engineTimeOf(time)
    if (at === null) return this.#cursor
    const nth = (this.#counts.get(at) ?? 0) + 1
    this.#counts.set(at, nth)
    evictOldest(this.#counts, COUNTED_TIMES)
    this.#cursor = { at, nth }
    return this.#cursor
  }
}
