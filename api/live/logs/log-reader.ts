import type { LogRequest } from '../../engine/engine.js'
import { type EngineTime, engineTimeOf, isBefore } from '../../model/engine-time.js'
import { ApiError } from '../../model/error.js'
import { keepNewest } from '../../model/keep-newest.js'
import type { LogLine, LogPage, LogPosition, LogWish } from '../../model/log-line.js'
import { Turns } from './turns.js'

/** Messages that are looked through where not the last ones are wanted but those that fit: half a second of this process. */
export const MAX_SCANNED = 50_000

/** Characters of all messages of one answer, as JSON writes them. The newest are kept. */
export const MAX_PAGE_BYTES = 4 * 1024 * 1024

/** Lines that are dropped before the rest is moved up: that costs too much for each. */
const DROPPED_AT_ONCE = 500

/** Milliseconds that a search may take this process: a pattern that is slow on these lines finds what it finds until then. */
export const MAX_SEARCH_MS = 2_000

/** Messages that are asked for beyond those that are wanted: lines of one moment are counted, and long ones put together. */
const MARGIN = 50

/**
 * An engine counts messages of both streams, and parts of long lines, before anybody looks at them. Where too few of those that it
 * gave are wanted, so many times more are asked for.
 */
const WIDENING = 8

/** Messages that a search begins with: most find what they look for among these. */
const FIRST_SEARCH = 2_000

export type AskLog = (request: Omit<LogRequest, 'isTty'>) => AsyncIterable<readonly LogLine[]>

export interface ReadLog extends LogPage {
  /** Behind the last line of all, wanted or not; null where there is none. */
  readonly end: LogPosition | null
}

/**
 * The last lines that fit a wish, in bounded memory, however large the log is: the newest MAX_SCANNED messages at the most are
 * looked through.
 */
export async function readLog(ask: AskLog, wish: LogWish): Promise<ReadLog> {
  const { since } = wish
  const isSearch = wish.matches !== null || wish.until !== null || !wish.stdout || !wish.stderr
  // More than wanted tell whether there are older ones.
  let asked = Math.max(wish.tail + MARGIN, isSearch ? FIRST_SEARCH : 0)
  for (;;) {
    const page = await collect(ask({ tail: asked, since, follow: false }), wish)
    const isAll = page.messages < asked
    if (isAll || page.matched > wish.tail || page.isTired || asked >= MAX_SCANNED) {
      const isTruncated = page.isTruncated || page.matched > page.lines.length || !isAll
      return { lines: page.lines, isTruncated, redactions: page.redactions, end: page.end }
    }
    asked = Math.min(MAX_SCANNED, asked * WIDENING)
  }
}

/** Whether a line is one that is asked for. */
export function isWanted({ stdout, stderr, until, matches }: Omit<LogWish, 'tail' | 'since'>, line: LogLine): boolean {
  if (until !== null && line.time !== null && isBefore(until, engineTimeOf(line.time) ?? until)) return false
  return (line.stream === 'stdout' ? stdout : stderr) && (matches === null || matches(line.message))
}

/** Times that are remembered: those of lines that two hands note at the same moment, in either order. */
const REMEMBERED_TIMES = 256

/** Says where a reader stands behind each line. Lines of one time are told apart by their order. */
export class PlaceCounter {
  readonly #counts = new Map<EngineTime, number>()
  #place: LogPosition | null

  constructor(from: LogPosition | null) {
    this.#place = from
    if (from !== null) this.#counts.set(from.at, from.ordinal)
  }

  get place(): LogPosition | null {
    return this.#place
  }

  /** A line without a time stands where the one before it stands. */
  pass({ time }: LogLine): LogPosition | null {
    const at = time === null ? null : engineTimeOf(time)
    if (at === null) return this.#place
    const ordinal = (this.#counts.get(at) ?? 0) + 1
    this.#counts.set(at, ordinal)
    keepNewest(this.#counts, REMEMBERED_TIMES)
    this.#place = { at, ordinal }
    return this.#place
  }
}

interface Collected extends ReadLog {
  /** Of the engine's messages, all that were looked at. */
  readonly messages: number
  /** Lines that fit, those that were dropped for want of room included. */
  readonly matched: number
  /** The search took too long. */
  readonly isTired: boolean
}

async function collect(source: AsyncIterable<readonly LogLine[]>, wish: LogWish): Promise<Collected> {
  let kept: { readonly line: LogLine; readonly bytes: number }[] = []
  let first = 0
  let bytes = 0
  let messages = 0
  let matched = 0
  let isTruncated = false
  let searchMs = 0
  const turns = new Turns()
  const places = new PlaceCounter(null)
  const drop = () => {
    bytes -= kept[first]?.bytes ?? 0
    first += 1
    if (first < DROPPED_AT_ONCE) return
    kept = kept.slice(first)
    first = 0
  }
  try {
    for await (const lines of source) {
      for (const line of lines) {
        messages += line.parts
        places.pass(line)
        const startedAt = performance.now()
        const fits = isWanted(wish, line)
        searchMs += performance.now() - startedAt
        if (searchMs > MAX_SEARCH_MS) break
        if (turns.isOver) await turns.next()
        if (!fits) continue
        matched += 1
        const size = sizeOf(line)
        kept.push({ line, bytes: size })
        bytes += size
        while (kept.length - first > wish.tail || (bytes > MAX_PAGE_BYTES && kept.length > first)) drop()
      }
      if (searchMs > MAX_SEARCH_MS) break
    }
  } catch (error) {
    // A log that is damaged somewhere still has its readable lines.
    const isBroken = error instanceof ApiError && error.code === 'engine-bad-answer'
    if (!isBroken || kept.length === first) throw error
    isTruncated = true
  }
  const isTired = searchMs > MAX_SEARCH_MS
  const lines = kept.slice(first).map(({ line }) => line)
  const redactions = lines.reduce((sum, line) => sum + line.redactions, 0)
  return {
    lines,
    messages,
    matched,
    redactions,
    end: places.place,
    isTired,
    isTruncated: isTruncated || isTired || lines.some(({ isCut }) => isCut),
  }
}

/** A control character takes JSON six. */
function sizeOf({ message }: LogLine): number {
  return JSON.stringify(message).length
}
