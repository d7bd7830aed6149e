import { GENESIS, type Head } from './chain.js'
import type { AuditRecord } from './record.js'

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

/**
 * Standard output, where records stand among the lines of the log. Nothing of it can be read back, so each start begins a
 * chain; and it is written as the log is, in blocks, so that what a killed process had not yet written is gone.
 */
export function createOutputSink(output: { write(line: string): void }): AuditSink {
  return {
    head: GENESIS,
    records: [],
    tornBytes: 0,
    prepare: () => {},
    write: (line) => output.write(`${line}\n`),
    close: () => {},
  }
}
