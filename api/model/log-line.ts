import type { EngineTime } from './engine-time.js'

/** What a container's output goes to; on a terminal all of it is `stdout`. */
export type LogStream = 'stdout' | 'stderr'

/** One line of a container's output as the engine kept it, without its end. Secrets are taken out unless that is switched off. */
export interface LogLine {
  /** RFC 3339 in UTC with nine digits of a second, on the engine's clock; null where the engine wrote none. */
  readonly time: string | null
  readonly stream: LogStream
  readonly message: string
  /** The line is longer than what is kept of one. */
  readonly isCut: boolean
  /** How many secrets were taken out. */
  readonly redactions: number
  /** Messages of the engine's that the line was put together of: it keeps long ones in parts. */
  readonly parts: number
}

/** What a caller wants to see of a log. */
export interface LogWish extends Omit<LogQuery, 'tail'> {
  /** The last so many lines of those that fit. */
  readonly tail: number
  /** Inclusive. */
  readonly until: EngineTime | null
  readonly stdout: boolean
  readonly stderr: boolean
  /** Null is every line. */
  readonly matches: ((message: string) => boolean) | null
}

export interface LogPage {
  readonly lines: readonly LogLine[]
  /** There is more that fits: older lines, or the rest of a line. */
  readonly isTruncated: boolean
  readonly redactions: number
}

/**
 * Which messages an engine is asked for: of both streams and without an end, since it counts the last before it looks at stream
 * and time, and would give fewer than asked for. The time is its own, inclusive.
 */
export interface LogQuery {
  /** The last so many of all that the engine keeps; null is all. */
  readonly tail: number | null
  readonly since: EngineTime | null
}

/** Where a reader of a log stands: behind the so manieth line of that time. */
export interface LogPosition {
  readonly at: EngineTime
  readonly ordinal: number
}

/** What comes next of a log that is followed; `gap`: some lines may be missing here. */
export type LogStep =
  | { readonly kind: 'gap' }
  // Lines have passed that are not wanted, and the reader stands behind them.
  | { readonly kind: 'place'; readonly position: LogPosition }
  | { readonly kind: 'lines'; readonly lines: readonly LogEntry[] }

export interface LogEntry {
  readonly line: LogLine
  /** Null where a reader who stops here has to begin anew. */
  readonly position: LogPosition | null
}

export function writeLogPosition({ at, ordinal }: LogPosition): string {
  return `${at}-${ordinal}`
}

/** Null where the text was not written by writeLogPosition. */
export function readLogPosition(text: string): LogPosition | null {
  const [, at, ordinal] = /^((?:0|[1-9]\d{0,11})\.\d{9})-([1-9]\d{0,8})$/.exec(text) ?? []
  return at === undefined ? null : { at, ordinal: Number(ordinal) }
}
