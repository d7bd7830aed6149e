import type { CallResult } from './engine-call.js'

/** What watching one engine has taken so far: totals since the start, and what is held now. */
export interface EngineMetrics {
  readonly host: string
  readonly calls: readonly CallTotal[]
  /** Containers that are read at a watcher's pace now. */
  readonly watchedContainers: number
  /** Bytes that the samples of its containers take. */
  readonly historyBytes: number
  /** Secrets that were taken out of log lines. */
  readonly logRedactions: number
}

/** All calls of one read that ended in one way. */
export interface CallTotal {
  /** Which read, as the table of reads names it. */
  readonly call: string
  readonly result: CallResult
  readonly count: number
  /** From the question to the decoded answer; of a stream, as long as it was open. */
  readonly seconds: number
}
