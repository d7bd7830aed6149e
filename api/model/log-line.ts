import type { EngineTime } from './engine-time.js'

/** The stream of a line. On a terminal all output is `stdout`. */
export const LOG_STREAMS = ['stdout', 'stderr'] as const
export type LogStream = (typeof LOG_STREAMS)[number]

/** One line of a container's output as the engine stored it, without its line break. Secrets are redacted unless switched off. */
export interface LogLine {
  /** RFC 3339 in UTC with nine digits of a second, on the engine's clock; null if the engine wrote none. */
  readonly time: string | null
  readonly stream: LogStream
  readonly message: string
  /** Whether the line is longer than this process reads of one. */
  readonly isCut: boolean
  /** How many secrets were redacted. */
  readonly redactions: number
  /** How many messages of the engine the line was joined from: an engine stores a long line in parts. */
  readonly parts: number
}

/** Which lines of a log a caller asks for. Times are on the engine's clock. */
export interface LogQuery {
  /** How many of the matching lines, counted from the end. */
  readonly tail: number
  /** Inclusive. */
  readonly since: EngineTime | null
  /** Inclusive. */
  readonly until: EngineTime | null
  readonly stdout: boolean
  readonly stderr: boolean
  /** Null matches every line. */
  readonly matches: ((message: string) => boolean) | null
}

/** A followed log ends with its container, so it has no `until`. */
export type LogFollowQuery = Omit<LogQuery, 'until'>

/** Who reads a log. */
export interface LogReader {
  /** Whom shares and quotas count by. */
  readonly party: string
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal
}

export interface LogPage {
  readonly lines: readonly LogLine[]
  /** Whether there is more that matches: older lines, or the rest of a line. */
  readonly isTruncated: boolean
  readonly redactions: number
}

/** The position after the nth line of a time, from which a reader resumes. */
export interface LogCursor {
  readonly at: EngineTime
  /** From 1. */
  readonly nth: number
}

/** The next step of a followed log. `gap`: lines may be missing at this point. */
export type LogStep =
  | { readonly kind: 'gap' }
  // Only lines that the query excludes have passed. The cursor is after them.
  | { readonly kind: 'cursor'; readonly cursor: LogCursor }
  | { readonly kind: 'lines'; readonly lines: readonly LogEntry[] }

export interface LogEntry {
  readonly line: LogLine
  /** Null if a reader who stops here has to begin again. */
  readonly cursor: LogCursor | null
}

export function formatLogCursor({ at, nth }: LogCursor): string {
  return `${at}-${nth}`
}

/** Null if formatLogCursor did not write the text. */
export function parseLogCursor(text: string): LogCursor | null {
  const [, at, nth] = /^((?:0|[1-9]\d{0,11})\.\d{9})-([1-9]\d{0,8})$/.exec(text) ?? []
  return at === undefined ? null : { at, nth: Number(nth) }
}
