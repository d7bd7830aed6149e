import type { Head } from '../chain.js'
import type { AuditRecord } from '../record.js'

/** Stores lines. */
export interface AuditSink {
  /** The end of the chain that the sink held at the start. */
  readonly head: Head
  /** The last records of that chain, oldest first. */
  readonly records: readonly AuditRecord[]
  /** Bytes of unfinished lines since the last record. The next record has to account for them. */
  readonly tornBytes: number
  /** Prepares for lines that follow the head. Throws if the sink cannot take them. */
  prepare(head: Head, now: number): void
  /** Writes a line and its line break. Once it returns, the line outlives this process; if it throws, no record was written. */
  write(line: string): void
  close(): void
}
