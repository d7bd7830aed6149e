import { looksTorn, readLine, tornBytesOf } from '../chain.js'
import type { AuditRecord } from '../record.js'

/** How a file ends. */
export interface Tail {
  /** The last records that follow one another, oldest first. */
  readonly records: readonly AuditRecord[]
  /** Of the unfinished lines behind the last record, without their line breaks. */
  readonly tornBytes: number
  /** Whether the last line has no line break. */
  readonly endsOpen: boolean
}

/** Reads the end of a file; `isCut` where it begins within a line. Null where it ends in what is no audit record. */
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
    // Only a record that accounts for torn lines may have some before it.
    else if (record !== null || tornBytesOf(follower) === 0) break
  }
  // A line without end, longer than any record: nothing of it was looked at.
  if (isCut && newestFirst.length === 0) return null
  return { records: newestFirst.reverse(), tornBytes, endsOpen }
}
