import { GENESIS } from '../chain.js'
import type { AuditSink } from './sink.js'

/**
 * Standard output, where records stand among the lines of the log. Nothing of it can be read back, so each start begins a
 * chain; and it is written as the log is, in blocks, so that a killed process loses what it had not yet written.
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
