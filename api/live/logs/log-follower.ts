import { type Clock, sleep } from '../../clock.js'
import type { TimeSlice } from '../../concurrency/event-loop-yield.js'
import { ApiError, type ErrorCode } from '../../model/error.js'
import type { LogCursor, LogEntry, LogFollowQuery, LogLine, LogQuery, LogStep } from '../../model/log-line.js'
import { backoff, STEADY_AFTER_MS } from '../backoff.js'
import { CursorTracker } from './cursor-tracker.js'
import { costOf } from './line-cost.js'
import type { LogMember } from './log-member.js'
import { type LineWork, matchesQuery, type OpenLog, readTail } from './log-reader.js'
import { ResumeFinder } from './resume-finder.js'
import type { SharedFollow } from './shared-follow.js'
import type { TokenBucket, TokenBucketSize } from './token-bucket.js'
import { withSilences } from './with-silences.js'

/** Lines a second over all followed logs, which parties share. Each costs this process some 15 us, so this is a sixth of a core. */
const LINES_PER_SECOND = 10_000

/** A burst is the first page of a log, or the output that a container writes at once. All followers of a process share a bucket. */
export const FOLLOWED_LINES: TokenBucketSize = { perSecond: LINES_PER_SECOND, burst: LINES_PER_SECOND }

/** The number of lines that a millisecond of work is worth: slow patterns count for more. */
const LINES_PER_MS = 60

/** Retries do not help against these. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  'container-not-found',
  'engine-endpoint-blocked',
  'log-driver-unreadable',
  'too-many-streams',
  'internal',
])

const OPENED: LogStep = { kind: 'lines', lines: [] }

export interface LogSource extends LineWork {
  /** Yields the lines of both streams, for the first page. */
  readonly open: (...args: [...Parameters<OpenLog>, signal: AbortSignal]) => ReturnType<OpenLog>
  /** The connections that all followers of the log share. They carry both streams: a cursor counts excluded lines too. */
  readonly shared: SharedFollow
  /** Asks the engine whether the container still writes, or is about to again. */
  readonly isAlive: (signal: AbortSignal) => Promise<boolean>
  /** One token per line of the usual length. */
  readonly lineBucket: Pick<TokenBucket, 'take'>
  /** Who pays for the lines. */
  readonly party: string
  readonly clock: Clock
}

/**
 * Follows a container's log from the lines that the query asks for, or from a cursor, until the container ends. The first step
 * says that the engine has begun to answer. If a connection breaks, or an engine restarts, the log goes on: no line is repeated,
 * and a gap marks where lines may be missing. Rejects if there is nothing to follow.
 */
export function followLog(
  source: LogSource,
  query: LogFollowQuery,
  from: LogCursor | null,
  signal: AbortSignal,
): AsyncGenerator<LogStep, void, undefined> {
  return new Follower(source, { ...query, until: null }, from, signal).steps()
}

class Follower {
  readonly #source: LogSource
  readonly #query: LogQuery
  readonly #signal: AbortSignal
  #tracker: CursorTracker
  #hasOpened = false
  /** Its place on a connection that was opened when it had to leave another one. */
  #successor: LogMember | null = null
  /** Its cursor's line did not come on a shared connection: only one of its own tells whether the line is gone. */
  #isAlone = false

  constructor(source: LogSource, query: LogQuery, from: LogCursor | null, signal: AbortSignal) {
    this.#source = source
    this.#query = query
    this.#signal = signal
    this.#tracker = new CursorTracker(from)
  }

  async *steps(): AsyncGenerator<LogStep, void, undefined> {
    const { clock, isAlive } = this.#source
    const signal = this.#signal
    if (this.#tracker.cursor === null) yield await this.#firstPage()
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      await sleep(clock, backoff(attempt, clock.random()), signal)
      if (signal.aborted) return
      const openedAt = clock.now()
      const finder = new ResumeFinder(this.#tracker.cursor, openedAt)
      try {
        const member = this.#connect()
        yield* this.#passOn(member, finder)
        if (!member.hasToMove && !(await isAlive(signal))) {
          yield* lastSteps(finder, this.#query)
          return
        }
        // Without a further delay.
        if (member.hasToMove) attempt -= 1
      } catch (error) {
        if (signal.aborted) return
        const isFinal = !(error instanceof ApiError) || FINAL.has(error.code) || !this.#hasOpened
        if (isFinal) throw error
      }
      if (clock.now() - openedAt >= STEADY_AFTER_MS) attempt = -1
    }
  }

  async #firstPage(): Promise<LogStep> {
    const page = await readTail((request) => this.#source.open(request, this.#signal), this.#query, this.#source)
    this.#tracker = new CursorTracker(page.end)
    this.#hasOpened = true
    return pageStep(page.lines, page.end)
  }

  #connect(): LogMember {
    const { shared, party } = this.#source
    const place = { cursor: this.#tracker.cursor, party, isAlone: this.#isAlone }
    const member = this.#successor ?? shared.connect(place, this.#signal)
    this.#successor = null
    this.#isAlone = false
    return member
  }

  /** Until the connection ends, or the follower has to move to another one. */
  async *#passOn(member: LogMember, finder: ResumeFinder): AsyncGenerator<LogStep, void, undefined> {
    const { clock, shared, lineBucket, party } = this.#source
    for await (const batch of withSilences(member.lines(), () => finder.timeLeft(clock.now()), clock)) {
      const slice = this.#source.slice()
      const { lines, isGap } = finder.scan(batch?.lines ?? null, clock.now())
      if (isGap && !member.isFirst) {
        this.#goAlone(member)
        return
      }
      if (!this.#hasOpened) yield OPENED
      this.#hasOpened = true
      const entries = await entriesOf(lines, this.#query, this.#tracker, slice)
      slice.end()
      const cost = costOfStep(batch?.cost ?? 0, entries, slice.busyMs)
      if (isGap) yield { kind: 'gap' }
      const { cursor } = this.#tracker
      if (entries.length > 0) yield { kind: 'lines', lines: entries }
      else if (lines.length > 0 && cursor !== null) yield { kind: 'cursor', cursor }
      await lineBucket.take(cost, party, this.#signal)
      if (!finder.isSearching && shared.canMove(member, cursor)) member.move()
    }
    this.#successor = member.successor
    if (finder.isSearching && !member.isFirst) this.#goAlone(member)
  }

  #goAlone(member: LogMember): void {
    this.#isAlone = true
    member.move()
    this.#successor = member.successor
  }
}

/** Only the last line of the page has a cursor, so a reader who stops within the page gets it again. */
function pageStep(lines: readonly LogLine[], end: LogCursor | null): LogStep {
  const last = lines.length - 1
  return { kind: 'lines', lines: lines.map((line, row) => ({ line, cursor: row === last ? end : null })) }
}

/** The lines that the query asks for, each with its cursor. Cursors count the other lines too. */
async function entriesOf(
  lines: readonly LogLine[],
  query: LogQuery,
  tracker: CursorTracker,
  slice: TimeSlice,
): Promise<readonly LogEntry[]> {
  const entries: LogEntry[] = []
  for (const line of lines) {
    const cursor = tracker.pass(line)
    if (matchesQuery(query, line)) entries.push({ line, cursor })
    if (slice.isOver) await slice.next()
  }
  return entries
}

/** The steps of a log that ended during the search for the cursor's line. */
function* lastSteps(finder: ResumeFinder, query: LogQuery): Generator<LogStep> {
  const { lines, isGap } = finder.end()
  if (isGap) yield { kind: 'gap' }
  const entries = lines.filter((line) => matchesQuery(query, line)).map((line) => ({ line, cursor: null }))
  if (entries.length > 0) yield { kind: 'lines', lines: entries }
}

/** Lines cost their party when they are fetched, matched and shown; what costs most counts. */
function costOfStep(fetched: number, entries: readonly LogEntry[], busyMs: number): number {
  const shown = costOf(entries.map(({ line }) => line))
  return Math.max(fetched, shown, busyMs * LINES_PER_MS)
}
