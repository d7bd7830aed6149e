import { ApiError, type ErrorCode } from '../model/error.js'
import {
  type EngineTime,
  engineTime,
  engineTimeBefore,
  engineTimeOf,
  isBefore,
  type LogLine,
  type LogPosition,
  type LogStep,
  type LogWish,
} from '../model/log-line.js'
import { backoff } from './backoff.js'
import { type Clock, sleep } from './clock.js'
import { type AskLog, isWanted, PlaceCounter, readLog } from './log-reader.js'

/**
 * Messages that are read back to find where a reader stood: an engine finds the last ones at once and all others by reading the
 * whole log. A container that has written more meanwhile has left a gap.
 */
export const RESUME_MESSAGES = 20_000

/** Output and error output are noted by two hands, so times may run backwards a little. */
const DISORDER_MS = 2_000

/** Milliseconds in which an engine has found its last messages; where none is the reader's by then, it is gone. */
const SEEK_MS = 5_000

/** Characters of the lines that are held while a reader's place is looked for. */
const MAX_HELD_LENGTH = 4 * 1024 * 1024

/** A connection that lived so long was cut for a reason of its own: the next one follows at once. */
const STEADY_AFTER_MS = 5_000

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
  isAlive(signal: AbortSignal): Promise<boolean>
  readonly clock: Clock
  /** Milliseconds since 1970 on the engine's clock. */
  readonly engineNow: () => number
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
  const { clock, engineNow } = source
  const wanted: LogWish = { ...wish, until: null }
  let places = new PlaceCounter(from)
  let { tail, since }: { tail: number | null; since: EngineTime | null } = wish
  let hasOpened = false
  // An engine counts the last lines before anybody says which are wanted.
  if (from === null && !(wish.stdout && wish.stderr && wish.matches === null)) {
    const begunAt = engineNow()
    const page = await readLog((request) => source.ask(request, signal), wanted)
    hasOpened = true
    places = new PlaceCounter(page.end)
    // Who comes back from within the page begins with it again.
    const last = page.lines.length - 1
    yield { kind: 'lines', lines: page.lines.map((line, row) => ({ line, position: row === last ? page.end : null })) }
    if (page.end === null) {
      tail = null
      since = engineTime(begunAt)
    }
  }
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    await sleep(clock, backoff(attempt, clock.random()), signal)
    if (signal.aborted) return
    const openedAt = clock.now()
    const engineOpenedAt = engineNow()
    const position = places.place
    const seeker = position === null ? null : new Seeker(position)
    const request =
      position === null ? { tail, since } : { tail: RESUME_MESSAGES, since: engineTimeBefore(position.at, DISORDER_MS) }
    try {
      const lines = source.ask({ ...request, follow: true }, signal)
      for await (const batch of withPatience(lines, () => (seeker?.isSeeking ? SEEK_MS : null), clock)) {
        if (batch !== null && !hasOpened) yield { kind: 'lines', lines: [] }
        hasOpened = true
        const found = seeker?.take(batch) ?? { lines: batch ?? [], isGap: false }
        if (found.isGap) yield { kind: 'gap' }
        const entries = []
        for (const line of found.lines) {
          const place = places.pass(line)
          if (isWanted(wanted, line)) entries.push({ line, position: place })
        }
        if (entries.length > 0) yield { kind: 'lines', lines: entries }
        else if (found.lines.length > 0 && places.place !== null) yield { kind: 'place', position: places.place }
      }
      if (!(await source.isAlive(signal))) {
        const { lines: held } = seeker?.giveUp() ?? { lines: [] }
        if (held.length > 0) {
          yield { kind: 'gap' }
          yield {
            kind: 'lines',
            lines: held.filter((line) => isWanted(wanted, line)).map((line) => ({ line, position: null })),
          }
        }
        return
      }
    } catch (error) {
      if (signal.aborted) return
      const isFinal = !(error instanceof ApiError) || FINAL.has(error.code) || !hasOpened
      if (isFinal) throw error
    }
    // Nothing was shown yet, so nothing is there to go on from: what comes next is what was written since.
    if (places.place === null) {
      tail = null
      since = engineTime(engineOpenedAt)
    }
    if (clock.now() - openedAt >= STEADY_AFTER_MS) attempt = -1
  }
}

/** Finds the line at which a reader stood among those that come again. */
class Seeker {
  readonly #position: LogPosition
  /** Later by their time, in case the line is not there. */
  #held: LogLine[] = []
  #heldLength = 0
  #met = 0
  isSeeking = true

  constructor(position: LogPosition) {
    this.#position = position
  }

  /** Null stands for a long silence. */
  take(batch: readonly LogLine[] | null): { readonly lines: readonly LogLine[]; readonly isGap: boolean } {
    if (!this.isSeeking) return { lines: batch ?? [], isGap: false }
    if (batch === null) return this.giveUp()
    for (const [row, line] of batch.entries()) {
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
      this.#heldLength += line.message.length
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
