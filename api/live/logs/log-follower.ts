import { engineTimeBefore, engineTimeOf, isBefore } from '../../model/engine-time.js'
import { ApiError, type ErrorCode } from '../../model/error.js'
import type { LogEntry, LogLine, LogPosition, LogStep, LogWish } from '../../model/log-line.js'
import { backoff, STEADY_AFTER_MS } from '../backoff.js'
import { type Clock, sleep } from '../clock.js'
import { type AskLog, isWanted, PlaceCounter, readLog } from './log-reader.js'
import { Turns } from './turns.js'

/**
 * Messages that are read back to find where a reader stood, by number and not by time: clocks are set back, and an engine finds the
 * last ones at once and all others by reading the whole log. A container that has written more meanwhile has left a gap.
 */
export const RESUME_MESSAGES = 5_000

/** Output and error output are noted by two hands, so times may run backwards a little. */
const DISORDER_MS = 2_000

/** Milliseconds in which an engine has found its last messages; where none is the reader's by then, it is gone. */
const SEEK_MS = 5_000

/** Characters of the lines that are held while a reader's place is looked for, and what an empty one takes all the same. */
const MAX_HELD_LENGTH = 4 * 1024 * 1024
const LINE_LENGTH = 64

/** Characters that cost this process as much as a line does, and milliseconds as many lines. */
const CHARACTERS_PER_LINE = 150
const LINES_PER_MS = 60

/** What trying again does not mend. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  'container-not-found',
  'engine-endpoint-blocked',
  'log-driver-unreadable',
  'too-many-streams',
  'internal',
])

export interface LogSource {
  /** Gives the lines of both streams: a reader's place is one among all of them, whatever it wants to see. */
  readonly ask: (...args: [...Parameters<AskLog>, signal: AbortSignal]) => ReturnType<AskLog>
  /** Whether the container still writes, or is about to again; asks the engine. */
  readonly isAlive: (signal: AbortSignal) => Promise<boolean>
  /** Resolves when so many lines more may be looked at. */
  readonly pace: (lines: number, signal: AbortSignal) => Promise<void>
  readonly clock: Clock
}

/**
 * Follows a container's log from the wished lines, or from where a reader stood, until the container ends. The first step tells that
 * the engine has begun to answer. A connection that is cut, and an engine that goes away and comes back, are passed over: no line
 * comes twice, and where one may be missing a gap says so. Rejects where there is nothing to be followed.
 */
export async function* followLog(
  source: LogSource,
  wish: Omit<LogWish, 'until'>,
  from: LogPosition | null,
  signal: AbortSignal,
): AsyncGenerator<LogStep, void, undefined> {
  const { clock } = source
  const wanted: LogWish = { ...wish, until: null }
  let places = new PlaceCounter(from)
  let hasOpened = false
  if (from === null) {
    const page = await readLog((request) => source.ask(request, signal), wanted)
    places = new PlaceCounter(page.end)
    hasOpened = true
    // Who comes back from within the page begins with it again.
    const last = page.lines.length - 1
    yield { kind: 'lines', lines: page.lines.map((line, row) => ({ line, position: row === last ? page.end : null })) }
  }
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    await sleep(clock, backoff(attempt, clock.random()), signal)
    if (signal.aborted) return
    const openedAt = clock.now()
    const position = places.place
    const seeker = position === null ? null : new Seeker(position)
    const patience = () => (seeker?.isSeeking ? Math.max(0, openedAt + SEEK_MS - clock.now()) : null)
    // Where nothing has ever been written all that comes is new.
    const tail = position === null ? null : RESUME_MESSAGES
    try {
      const lines = source.ask({ tail, since: null, follow: true }, signal)
      for await (const batch of withPatience(lines, patience, clock)) {
        if (!hasOpened) yield { kind: 'lines', lines: [] }
        hasOpened = true
        const startedAt = performance.now()
        const isLate = seeker?.isSeeking === true && patience() === 0
        const found = seeker?.take(batch, isLate) ?? { lines: batch ?? [], isGap: false }
        if (found.isGap) yield { kind: 'gap' }
        const entries: LogEntry[] = []
        const turns = new Turns()
        for (const line of found.lines) {
          const place = places.pass(line)
          if (isWanted(wanted, line)) entries.push({ line, position: place })
          if (turns.isOver) await turns.next()
        }
        if (entries.length > 0) yield { kind: 'lines', lines: entries }
        else if (found.lines.length > 0 && places.place !== null) yield { kind: 'place', position: places.place }
        await source.pace(costOf(batch ?? [], performance.now() - startedAt), signal)
      }
      if (!(await source.isAlive(signal))) {
        const held = seeker?.giveUp().lines ?? []
        if (held.length > 0) yield { kind: 'gap' }
        const shown = held.filter((line) => isWanted(wanted, line)).map((line) => ({ line, position: null }))
        if (shown.length > 0) yield { kind: 'lines', lines: shown }
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

/** In lines of the usual length: long ones, and patterns that are hard to hold against them, count for more. */
function costOf(batch: readonly LogLine[], milliseconds: number): number {
  const characters = batch.reduce((sum, { message }) => sum + message.length, 0)
  return Math.max(batch.length, characters / CHARACTERS_PER_LINE, milliseconds * LINES_PER_MS)
}

/** Finds the line at which a reader stood among those that come again. */
class Seeker {
  readonly #position: LogPosition
  /** Later by their time, in case the line is not there. */
  #held: LogLine[] = []
  #heldLength = 0
  #messages = 0
  #met = 0
  isSeeking = true

  constructor(position: LogPosition) {
    this.#position = position
  }

  /** Null stands for a long silence; `isLate`: the place should have been found by now. */
  take(
    batch: readonly LogLine[] | null,
    isLate: boolean,
  ): { readonly lines: readonly LogLine[]; readonly isGap: boolean } {
    if (!this.isSeeking) return { lines: batch ?? [], isGap: false }
    if (batch === null) return this.giveUp()
    if (isLate || this.#messages > RESUME_MESSAGES) return this.giveUp(batch)
    for (const [row, line] of batch.entries()) {
      this.#messages += line.parts
      const at = line.time === null ? null : engineTimeOf(line.time)
      if (at === null) continue
      if (at === this.#position.at) {
        this.#met += 1
        if (this.#met < this.#position.ordinal) continue
        this.isSeeking = false
        return { lines: batch.slice(row + 1), isGap: false }
      }
      if (isBefore(at, this.#position.at)) continue
      if (isBefore(this.#position.at, engineTimeBefore(at, DISORDER_MS))) return this.giveUp(batch.slice(row))
      this.#held.push(line)
      this.#heldLength += line.message.length + LINE_LENGTH
      if (this.#heldLength > MAX_HELD_LENGTH) return this.giveUp(batch.slice(row + 1))
    }
    return { lines: [], isGap: false }
  }

  /** The line is not there: what was held comes, behind a gap. */
  giveUp(rest: readonly LogLine[] = []): { readonly lines: readonly LogLine[]; readonly isGap: true } {
    this.isSeeking = false
    const lines = [...this.#held, ...rest]
    this.#held = []
    return { lines, isGap: true }
  }
}

/** Gives null where nothing comes for as long as `patience` says; null as patience waits for ever. */
async function* withPatience<T>(
  source: AsyncIterable<T>,
  patience: () => number | null,
  clock: Clock,
): AsyncGenerator<T | null, void, undefined> {
  const iterator = source[Symbol.asyncIterator]()
  let next = iterator.next()
  try {
    for (;;) {
      const wait = patience()
      const turn = wait === null ? await next : await either(next, wait, clock)
      if (turn === null) {
        yield null
        continue
      }
      if (turn.done === true) return
      yield turn.value
      next = iterator.next()
    }
  } finally {
    // What is still awaited ends with the source, and its fault is nobody's.
    next.catch(() => {})
    await iterator.return?.(undefined)
  }
}

async function either<T>(awaited: Promise<T>, milliseconds: number, clock: Clock): Promise<T | null> {
  const done = new AbortController()
  try {
    return await Promise.race([awaited, sleep(clock, milliseconds, done.signal).then(() => null)])
  } finally {
    done.abort()
  }
}
