import type { EngineTime } from './engine-time.js'

/** What a container's output goes to; on a terminal all of it is `stdout`. */
export const LOG_STREAMS = ['stdout', 'stderr'] as const
export type LogStream = (typeof LOG_STREAMS)[number]

/** One line of a container's output as the engine stored it, without its end. Secrets are taken out unless that is switched off. */
export interface LogLine {
  /** RFC 3339 in UTC with nine digits of a second, on the engine's clock; null where the engine wrote none. */
  readonly time: string | null
  readonly stream: LogStream
  readonly message: string
  /** The line is longer than what this process reads of one. */
  readonly isCut: boolean
  /** How many secrets were taken out. */
  readonly redactions: number
  /** Messages of the engine's that the line was put together of: an engine stores a long line in parts. */
  readonly parts: number
}

/** Which lines of a log a caller asks for. Times are the engine's. */
export interface LogQuery {
  /** The last so many of the lines that match. */
  readonly tail: number
  /** Inclusive. */
  readonly since: EngineTime | null
  /** Inclusive. */
  readonly until: EngineTime | null
  readonly stdout: boolean
  readonly stderr: boolean
  /** Null is every line. */
  readonly matches: ((message: string) => boolean) | null
}

/** A log that is followed ends with its container. */
export type LogFollowQuery = Omit<LogQuery, 'until'>

export interface LogPage {
  readonly lines: readonly LogLine[]
  /** There is more that fits: older lines, or the rest of a line. */
  readonly isTruncated: boolean
  readonly redactions: number
}

/** Behind the nth line of that time: from here a reader goes on. */
export interface LogCursor {
  readonly at: EngineTime
  /** From 1. */
  readonly nth: number
}

/** What comes next of a log that is followed; `gap`: some lines may be missing here. */
export type LogStep =
  | { readonly kind: 'gap' }
  // Lines have passed that the query does not ask for, and the reader is behind them.
  | { readonly kind: 'cursor'; readonly cursor: LogCursor }
  | { readonly kind: 'lines'; readonly lines: readonly LogEntry[] }

export interface LogEntry {
  readonly line: LogLine
  /** Null where a reader who stops here has to begin anew. */
  readonly cursor: LogCursor | null
}

export function formatLogCursor({ at, nth }: LogCursor): string {
  return `${at}-${nth}`
}

/** Null where the text was not written by formatLogCursor. */
export function parseLogCursor(text: string): LogCursor | null {
  const [, at, nth] = /^((?:0|[1-9]\d{0,11})\.\d{9})-([1-9]\d{0,8})$/.exec(text) ?? []
  return at === undefined ? null : { at, nth: Number(nth) }
}
