/** What watching one engine has taken so far: totals since the start, and what is held now. */
export interface EngineUse {
  readonly host: string
  readonly calls: readonly CallUse[]
  /** Containers that are read at a watcher's pace now. */
  readonly watchedContainers: number
  /** Bytes that the samples of its containers take. */
  readonly historyBytes: number
  /** Secrets that were taken out of log lines. */
  readonly logRedactions: number
}

export interface CallUse {
  /** Which read, as the engine port names it. */
  readonly call: string
  /** `ok`, `aborted` by ourselves, or an error code. */
  readonly result: string
  readonly count: number
  /** From the question to the whole answer; of a stream, as long as it was open. */
  readonly seconds: number
}
