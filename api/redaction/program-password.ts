import { NextMatch } from './next-match.js'
import type { Span } from './span.js'
import { COMMAND_END, MAX_BEFORE_FLAG, PROGRAM_FLAG_VALUE, PROGRAMS_AND_FLAGS } from './tables.js'

/** A program of any row. Its group tells the row. */
const PROGRAM = new RegExp(`\\b(?:${PROGRAMS_AND_FLAGS.map(({ program }) => `(${program.source})`).join('|')})\\b`, 'g')

/** For each row, the flag and its value. */
const FLAGS = PROGRAMS_AND_FLAGS.map(({ flag }) => new RegExp(`${flag.source}(${PROGRAM_FLAG_VALUE.source})`, 'g'))

/** Values of the short flags for passwords, in one string, as in `sh -c "mysql -pSECRET"`. */
export function* programPasswordsIn(text: string): IterableIterator<Span> {
  const flags = FLAGS.map((flag) => new NextMatch(text, flag))
  const commandEnds = new NextMatch(text, COMMAND_END)
  let next = 0
  for (const program of text.matchAll(PROGRAM)) {
    if (program.index < next) continue
    const programEnd = program.index + program[0].length
    const flag = flags[program.indexOf(program[0], 1) - 1]?.from(programEnd)
    if (flag == null || flag.index - programEnd > MAX_BEFORE_FLAG) continue
    if (commandEnds.indexFrom(programEnd) < flag.index) continue
    next = flag.index + flag[0].length
    yield { at: next - (flag[1]?.length ?? 0), end: next }
  }
}
