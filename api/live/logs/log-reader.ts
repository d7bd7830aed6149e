import type { Stopwatch, TimeSlice } from '../../concurrency/event-loop-yield.js'
import type { LogRequest } from '../../engine/engine.js'
import { engineTimeOf, isBefore } from '../../model/engine-time.js'
import { ApiError } from '../../model/error.js'
import type { LogCursor, LogLine, LogPage, LogQuery } from '../../model/log-line.js'
import { CursorTracker } from './cursor-tracker.js'
import { TailBuffer } from './tail-buffer.js'

/** Messages that a search scans at most: half a second of this process. */
export const MAX_SCANNED = 50_000

/** Characters of all messages in one answer, as JSON writes them. The oldest are dropped. */
export const MAX_PAGE_BYTES = 4 * 1024 * 1024

/** Milliseconds of this process that a search may take. A slow pattern returns what it has found by then. */
export const MAX_SEARCH_MS = 2_000

/** Messages requested beyond the tail of the query: lines of one time have to be counted, and parts of long lines joined. */
const MARGIN = 50

/**
 * An engine counts messages of both streams, and parts of long lines, before the query filters them. If too few messages match,
 * this many times more are requested.
 */
const WIDENING = 8

/** Messages that a search begins with. Most searches succeed among these. */
const FIRST_SEARCH = 2_000

export type OpenLog = (request: Omit<LogRequest, 'isTty'>) => AsyncIterable<readonly LogLine[]>

/** How work on lines is measured, and in what slices: one party's take turns with those of the others. */
export interface LineWork {
  readonly stopwatch: Stopwatch
  readonly slice: () => TimeSlice
}

export interface LogTail extends LogPage {
  /** The cursor after the very last line, even if it does not match; null if no line has a time. */
  readonly end: LogCursor | null
}

/**
 * The last lines that match a query, in bounded memory, however large the log is. A search scans at most the newest MAX_SCANNED
 * messages.
 */
export async function readTail(open: OpenLog, query: LogQuery, work: LineWork): Promise<LogTail> {
  const { since } = query
  const isSearch = query.matches !== null || query.until !== null || !query.stdout || !query.stderr
  // More than the query wants, to know whether older lines exist.
  let asked = Math.max(query.tail + MARGIN, isSearch ? FIRST_SEARCH : 0)
  for (;;) {
    const scan = new Scan(query, work)
    await scan.run(open({ tail: asked, since, follow: false }))
    const isAll = scan.messages < asked
    if (isAll || scan.matched > query.tail || scan.timedOut || asked >= MAX_SCANNED) return scan.result(isAll)
    asked = Math.min(MAX_SCANNED, asked * WIDENING)
  }
}

export function matchesQuery({ stdout, stderr, until, matches }: LogQuery, line: LogLine): boolean {
  if (until !== null && line.time !== null && isBefore(until, engineTimeOf(line.time) ?? until)) return false
  return (line.stream === 'stdout' ? stdout : stderr) && (matches === null || matches(line.message))
}

/** One scan of the messages that an engine sent. */
class Scan {
  readonly #query: LogQuery
  readonly #work: LineWork
  readonly #tail: TailBuffer
  readonly #tracker = new CursorTracker(null)
  #searchMs = 0
  #isDamaged = false
  /** How many of the engine's messages were scanned. */
  messages = 0
  /** How many lines match, including those that the tail has dropped. */
  matched = 0

  constructor(query: LogQuery, work: LineWork) {
    this.#query = query
    this.#work = work
    this.#tail = new TailBuffer({ lines: query.tail, bytes: MAX_PAGE_BYTES })
  }

  get timedOut(): boolean {
    return this.#searchMs > MAX_SEARCH_MS
  }

  async run(batches: AsyncIterable<readonly LogLine[]>): Promise<void> {
    try {
      for await (const batch of batches) {
        await this.#scan(batch)
        if (this.timedOut) return
      }
    } catch (error) {
      // A damaged log still has readable lines.
      const isDamaged = error instanceof ApiError && error.code === 'engine-bad-answer'
      if (!isDamaged || this.#tail.length === 0) throw error
      this.#isDamaged = true
    }
  }

  result(isAll: boolean): LogTail {
    const { lines } = this.#tail
    const hasMore = !isAll || this.matched > lines.length || lines.some(({ isCut }) => isCut)
    return {
      lines,
      isTruncated: hasMore || this.timedOut || this.#isDamaged,
      redactions: lines.reduce((sum, line) => sum + line.redactions, 0),
      end: this.#tracker.cursor,
    }
  }

  async #scan(batch: readonly LogLine[]): Promise<void> {
    const slice = this.#work.slice()
    for (const line of batch) {
      this.#look(line)
      if (this.timedOut) break
      if (slice.isOver) await slice.next()
    }
    slice.end()
  }

  #look(line: LogLine): void {
    this.messages += line.parts
    this.#tracker.pass(line)
    const startedAt = this.#work.stopwatch()
    const isMatch = matchesQuery(this.#query, line)
    this.#searchMs += this.#work.stopwatch() - startedAt
    if (this.timedOut || !isMatch) return
    this.matched += 1
    this.#tail.add(line)
  }
}
