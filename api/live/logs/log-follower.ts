import { type Clock, sleep } from '../../clock.js'
import { TimeSlice } from '../../concurrency/event-loop-yield.js'
import { ApiError, type ErrorCode } from '../../model/error.js'
import type { LogCursor, LogEntry, LogFollowQuery, LogLine, LogQuery, LogStep } from '../../model/log-line.js'
import { backoff, STEADY_AFTER_MS } from '../backoff.js'
import { CursorTracker } from './cursor-tracker.js'
import { type LineWork, matchesQuery, type OpenLog, readTail } from './log-reader.js'
import { RESUME_MESSAGES, ResumeFinder } from './resume-finder.js'
import type { TokenBucket, TokenBucketSize } from './token-bucket.js'
import { withSilences } from './with-silences.js'

/** Lines a second over all followed logs, which parties share. Each costs this process some 15 us, so this is a sixth of a core. */
const LINES_PER_SECOND = 10_000

/** A burst is the first page of a log, or the output that a container writes at once. All followers of a process share a bucket. */
export const FOLLOWED_LINES: TokenBucketSize = { perSecond: LINES_PER_SECOND, burst: LINES_PER_SECOND }

/** Characters that cost this process as much as one line, and the number of lines that a millisecond is worth. */
const CHARACTERS_PER_LINE = 150
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
  /** Yields the lines of both streams, because a cursor counts all lines, even those that the query excludes. */
  readonly open: (...args: [...Parameters<OpenLog>, signal: AbortSignal]) => ReturnType<OpenLog>
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
export async function* followLog(
  source: LogSource,
  query: LogFollowQuery,
  from: LogCursor | null,
  signal: AbortSignal,
): AsyncGenerator<LogStep, void, undefined> {
  const { clock, party } = source
  const wanted: LogQuery = { ...query, until: null }
  let tracker = new CursorTracker(from)
  let hasOpened = false
  if (from === null) {
    const page = await readTail((request) => source.open(request, signal), wanted, source)
    tracker = new CursorTracker(page.end)
    hasOpened = true
    yield pageStep(page.lines, page.end)
  }
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    await sleep(clock, backoff(attempt, clock.random()), signal)
    if (signal.aborted) return
    const openedAt = clock.now()
    const finder = new ResumeFinder(tracker.cursor, openedAt)
    // Without a cursor no line has been seen yet, so all of the log is new.
    const tail = tracker.cursor === null ? null : RESUME_MESSAGES
    try {
      const batches = source.open({ tail, since: null, follow: true }, signal)
      for await (const batch of withSilences(batches, () => finder.timeLeft(clock.now()), clock)) {
        if (!hasOpened) yield OPENED
        hasOpened = true
        const slice = new TimeSlice(source.stopwatch, source.yieldTurn)
        const { lines, isGap } = finder.scan(batch, clock.now())
        const entries = await entriesOf(lines, wanted, tracker, slice)
        const cost = costOf(batch ?? [], slice.busyMs)
        if (isGap) yield { kind: 'gap' }
        if (entries.length > 0) yield { kind: 'lines', lines: entries }
        else if (lines.length > 0 && tracker.cursor !== null) yield { kind: 'cursor', cursor: tracker.cursor }
        await source.lineBucket.take(cost, party, signal)
      }
      if (!(await source.isAlive(signal))) {
        yield* lastSteps(finder, wanted)
        return
      }
    } catch (error) {
      if (signal.aborted) return
      const isFinal = !(error instanceof ApiError) || FINAL.has(error.code) || !hasOpened
      if (isFinal) throw error
    }
    if (clock.now() - openedAt >= STEADY_AFTER_MS) attempt = -1
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

/** The cost in lines of the usual length. Long lines and slow patterns count for more. */
function costOf(batch: readonly LogLine[], busyMs: number): number {
  const characters = batch.reduce((sum, { message }) => sum + message.length, 0)
  return Math.max(batch.length, characters / CHARACTERS_PER_LINE, busyMs * LINES_PER_MS)
}
