import type { LogLine } from '../../model/log-line.js'

/** Characters that cost this process as much as one line. */
const CHARACTERS_PER_LINE = 150

/** The cost in lines of the usual length: long ones count for more. */
export function costOf(lines: readonly LogLine[]): number {
  const characters = lines.reduce((sum, { message }) => sum + message.length, 0)
  return Math.max(lines.length, characters / CHARACTERS_PER_LINE)
}
