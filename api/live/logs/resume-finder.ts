import { engineTimeBefore, engineTimeOf, isBefore } from '../../model/engine-time.js'
import type { LogCursor, LogLine } from '../../model/log-line.js'

/**
 * Messages that are read back to find a cursor, by number and not by time: clocks may be set back, and an engine finds the last
 * messages at once but older ones only by reading the whole log. A container that has written more since then leaves a gap.
 */
export const RESUME_MESSAGES = 5_000

/** Milliseconds within which an engine sends its last messages. If the cursor's line is not among them by then, it is gone. */
const FIND_MS = 5_000

/** Standard output and error are stamped separately, so times may run backwards by this much. */
const DISORDER_MS = 2_000

/** Characters of the lines held back during the search for the cursor, and what an empty line counts for. */
const MAX_HELD_LENGTH = 4 * 1024 * 1024
const LINE_LENGTH = 64

/** Lines that are new to a reader. `isGap`: lines before them may be missing. */
export interface Resumed {
  readonly lines: readonly LogLine[]
  readonly isGap: boolean
}

/** Finds the line of a reader's cursor among the last messages of a log, so that the reader resumes after it. */
export class ResumeFinder {
  readonly #cursor: LogCursor | null
  readonly #deadline: number
  /** Lines later than the cursor. They are new if the cursor's own line never comes. */
  #held: LogLine[] = []
  #heldLength = 0
  #messages = 0
  #sameTime = 0
  #isSearching: boolean

  /** Without a cursor every line is new. `openedAt`: when the engine was asked, in milliseconds since 1970. */
  constructor(cursor: LogCursor | null, openedAt: number) {
    this.#cursor = cursor
    this.#isSearching = cursor !== null
    this.#deadline = openedAt + FIND_MS
  }

  /** Whether the cursor's line has not come yet, and may. */
  get isSearching(): boolean {
    return this.#isSearching
  }

  /** Milliseconds until the search is given up; null if it is over. */
  timeLeft(now: number): number | null {
    return this.#isSearching ? Math.max(0, this.#deadline - now) : null
  }

  /** A null batch means that the engine was silent until the search ran out of time. */
  scan(batch: readonly LogLine[] | null, now: number): Resumed {
    if (!this.#isSearching || this.#cursor === null) return { lines: batch ?? [], isGap: false }
    if (batch === null || now >= this.#deadline || this.#messages > RESUME_MESSAGES) return this.#giveUp(batch ?? [])
    for (const [row, line] of batch.entries()) {
      this.#messages += line.parts
      const at = line.time === null ? null : engineTimeOf(line.time)
      if (at === null) continue
      if (at === this.#cursor.at) {
        this.#sameTime += 1
        if (this.#sameTime < this.#cursor.nth) continue
        this.#isSearching = false
        return { lines: batch.slice(row + 1), isGap: false }
      }
      if (isBefore(at, this.#cursor.at)) continue
      if (isBefore(this.#cursor.at, engineTimeBefore(at, DISORDER_MS))) return this.#giveUp(batch.slice(row))
      this.#held.push(line)
      this.#heldLength += line.message.length + LINE_LENGTH
      if (this.#heldLength > MAX_HELD_LENGTH) return this.#giveUp(batch.slice(row + 1))
    }
    return { lines: [], isGap: false }
  }

  /** Runs when the log has ended: the lines held back are new. */
  end(): Resumed {
    const { lines } = this.#giveUp([])
    return { lines, isGap: lines.length > 0 }
  }

  #giveUp(rest: readonly LogLine[]): Resumed {
    const lines = [...this.#held, ...rest]
    this.#held = []
    this.#isSearching = false
    return { lines, isGap: true }
  }
}
