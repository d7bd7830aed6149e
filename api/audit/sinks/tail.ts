import { looksTorn, readLine, tornBytesOf } from '../chain.js'
import type { AuditRecord } from '../record.js'

/** The end of a file. */
export interface Tail {
  /** The last records, as far back as each follows the one before it; oldest first. */
  readonly records: readonly AuditRecord[]
  /** Bytes of the unfinished lines after the last record, without their line breaks. */
  readonly tornBytes: number
  /** Whether the last line lacks its line break. */
  readonly endsOpen: boolean
}

/** Reads the end of a file; `isCut` says that it begins within a line. Null if it does not end in an audit record. */
export function readTail(text: string, isCut: boolean): Tail | null {
  const lines = text.split('\n')
  const endsOpen = lines.at(-1) !== ''
  if (!endsOpen) lines.pop()
  if (isCut) lines.shift()
  const newestFirst: AuditRecord[] = []
  let tornBytes = 0
  for (const line of lines.reverse()) {
    const { record } = readLine(line)
    const follower = newestFirst.at(-1)
    if (follower === undefined) {
      if (record !== null) newestFirst.push(record)
      else if (looksTorn(line)) tornBytes += line.length
      else return null
    } else if (record !== null && record.hash === follower.prev) newestFirst.push(record)
    // Only a record that accounts for torn lines may follow some.
    else if (record !== null || tornBytesOf(follower) === 0) break
  }
  // An endless line, longer than any record: none of it was examined.
  if (isCut && newestFirst.length === 0) return null
  return { records: newestFirst.reverse(), tornBytes, endsOpen }
}
