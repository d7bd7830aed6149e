import { STOPWATCH, type Stopwatch, TimeSlice } from '../../concurrency/event-loop-yield.js'
import type { LogRequest } from '../../engine/engine.js'
import { engineTimeOf, isBefore } from '../../model/engine-time.js'
import { ApiError } from '../../model/error.js'
import type { LogCursor, LogLine, LogPage, LogQuery } from '../../model/log-line.js'
import { CursorTracker } from './cursor.js'
import { TailBuffer } from './tail-buffer.js'

/** Messages that a search looks through at the most: half a second of this process. */
export const MAX_SCANNED = 50_000

/** Characters of all messages of one answer, as JSON writes them. The newest stay. */
export const MAX_PAGE_BYTES = 4 * 1024 * 1024

/** Milliseconds of this process that a search may take: a pattern that is slow on these lines finds what it finds until then. */
export const MAX_SEARCH_MS = 2_000

/** Messages asked for beyond those that the query wants: lines of one time are counted, and parts of long lines joined. */
const MARGIN = 50

/**
 * An engine counts messages of both streams, and parts of long lines, before the query sees them. Where too few of those that it
 * gave match, so many times more are asked for.
 */
const WIDENING = 8

/** Messages that a search begins with: most searches find what they look for among these. */
const FIRST_SEARCH = 2_000

export type OpenLog = (request: Omit<LogRequest, 'isTty'>) => AsyncIterable<readonly LogLine[]>

export interface LogTail extends LogPage {
  /** Behind the last line of all, whether it matches or not; null where no line has a time. */
  readonly end: LogCursor | null
}

/**
 * The last lines that match a query, in bounded memory, however large the log is: a search looks through the newest MAX_SCANNED
 * messages at the most.
 */
export async function readTail(open: OpenLog, query: LogQuery, stopwatch: Stopwatch = STOPWATCH): Promise<LogTail> {
  const { since } = query
  const isSearch = query.matches !== null || query.until !== null || !query.stdout || !query.stderr
  // More than the query wants, to see whether there are older ones.
  let asked = Math.max(query.tail + MARGIN, isSearch ? FIRST_SEARCH : 0)
  for (;;) {
    const scan = new Scan(query, stopwatch)
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

/** One look through what an engine gave. */
class Scan {
  readonly #query: LogQuery
  readonly #stopwatch: Stopwatch
  readonly #tail: TailBuffer
  readonly #tracker = new CursorTracker(null)
  #searchMs = 0
  #isDamaged = false
  /** Of the engine's messages, all that were looked at. */
  messages = 0
  /** Lines that match, those that the tail has dropped included. */
  matched = 0

  constructor(query: LogQuery, stopwatch: Stopwatch) {
    this.#query = query
    this.#stopwatch = stopwatch
    this.#tail = new TailBuffer({ lines: query.tail, bytes: MAX_PAGE_BYTES })
  }

  get timedOut(): boolean {
    return this.#searchMs > MAX_SEARCH_MS
  }

  async run(batches: AsyncIterable<readonly LogLine[]>): Promise<void> {
    const slice = new TimeSlice(this.#stopwatch)
    try {
      for await (const batch of batches)
        for (const line of batch) {
          this.#look(line)
          if (this.timedOut) return
          if (slice.isOver) await slice.next()
        }
    } catch (error) {
      // A log that is damaged somewhere still has its readable lines.
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

  #look(line: LogLine): void {
    this.messages += line.parts
    this.#tracker.pass(line)
    const startedAt = this.#stopwatch()
    const isMatch = matchesQuery(this.#query, line)
    this.#searchMs += this.#stopwatch() - startedAt
    if (this.timedOut || !isMatch) return
    this.matched += 1
    this.#tail.add(line)
  }
}
