import { GENESIS } from '../chain.js'
import type { AuditSink } from './sink.js'

/**
 * Standard output, where records are mixed with the lines of the log. It cannot be read back, so each start begins a new
 * chain. It is written in blocks, like the log, so a killed process loses what it had not yet written.
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
