import type { Head } from '../chain.js'
import type { AuditRecord } from '../record.js'

/** Where lines go. */
export interface AuditSink {
  /** Where the chain stands that was there already. */
  readonly head: Head
  /** The last records of that chain, oldest first. */
  readonly records: readonly AuditRecord[]
  /** Bytes of lines that were begun and not ended since the last record; the next record has to account for them. */
  readonly tornBytes: number
  /** Makes ready for lines that follow the head; whatever it finds amiss it throws. */
  prepare(head: Head, now: number): void
  /** Writes a line and its break. Once it returns, the line outlives this process; where it throws, no record was written. */
  write(line: string): void
  close(): void
}
