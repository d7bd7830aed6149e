import type { CallResult } from './engine-call.js'

/** What watching one engine costs: totals since the start, and what is held now. */
export interface EngineMetrics {
  readonly host: string
  readonly calls: readonly CallTotal[]
  /** Containers that are now read at a watcher's pace. */
  readonly watchedContainers: number
  /** Bytes that the samples of its containers take. */
  readonly historyBytes: number
  /** Secrets redacted in log lines. */
  readonly logRedactions: number
}

/** All calls of one read that ended in one way. */
export interface CallTotal {
  /** Which read, as the table of reads names it. */
  readonly call: string
  readonly result: CallResult
  readonly count: number
  /** From the request to the decoded answer; for a stream, the time that it was open. */
  readonly seconds: number
}
