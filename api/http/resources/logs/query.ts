import { z } from 'zod'
import { engineTime, engineTimeOf } from '../../../model/engine-time.js'
import { type LogCursor, parseLogCursor } from '../../../model/log-line.js'
import { flag, momentIn, once, whichHost } from '../query-parts.js'
import { type LineMatcher, literalMatcher, patternMatcher } from './line-matcher.js'

/** Lines of an answer by default: a screen or two. */
const TAIL = 100

/** Lines of one answer: more than a person reads, and a megabyte or two. */
export const MAX_TAIL = 5_000

/** Characters of a search text or pattern. */
const MAX_GREP = 256

const tail = z
  .string()
  .optional()
  .transform((text, context) => {
    const lines = text === undefined ? TAIL : /^\d{1,9}$/.test(text) ? Number(text) : -1
    if (lines >= 0 && lines <= MAX_TAIL) return lines
    context.addIssue({ code: 'custom', message: `must be a whole number from 0 to ${MAX_TAIL}` })
    return z.NEVER
  })

/** To the nanosecond, so that the time of a line, passed back, selects that line. */
const nanoMoment = momentIn(engineTimeOf, engineTime)

const grep = z.string().min(1, 'must not be empty').max(MAX_GREP, `takes at most ${MAX_GREP} characters`).optional()

const lineFields = {
  host: whichHost,
  tail: once(tail),
  since: once(nanoMoment),
  stdout: flag(true),
  stderr: flag(true),
  grep: once(grep),
  regex: flag(false),
  ignoreCase: flag(false),
}

interface Lines {
  readonly stdout: boolean
  readonly stderr: boolean
  readonly grep?: string | undefined
  readonly regex: boolean
  readonly ignoreCase: boolean
}

/** Compiles the search into a matcher. */
function withMatcher<T extends Lines>(lines: T, context: z.RefinementCtx) {
  const { grep, regex, ignoreCase, ...rest } = lines
  if (!rest.stdout && !rest.stderr)
    context.addIssue({ code: 'custom', path: ['stderr'], message: 'and stdout are both false: nothing is left' })
  for (const name of ['regex', 'ignoreCase'] as const)
    if (lines[name] && grep === undefined) context.addIssue({ code: 'custom', path: [name], message: 'needs grep' })
  let matches: LineMatcher | null = null
  if (grep !== undefined) matches = regex ? patternMatcher(grep, ignoreCase) : literalMatcher(grep, ignoreCase)
  if (grep !== undefined && matches === null)
    context.addIssue({
      code: 'custom',
      path: ['grep'],
      message: "must be a pattern in RE2's syntax, of a moderate size",
    })
  return { ...rest, matches }
}

export const LOGS_QUERY = z
  .strictObject({ ...lineFields, until: once(nanoMoment), timestamps: flag(false) })
  .transform(withMatcher)
export type LogsQuery = z.output<typeof LOGS_QUERY>

const position = z
  .string()
  .optional()
  .transform((text, context): LogCursor | null => {
    if (text === undefined) return null
    const read = parseLogCursor(text)
    if (read !== null) return read
    context.addIssue({ code: 'custom', message: 'is not an id of this stream' })
    return z.NEVER
  })

/** `lastEventId` replaces the header when a page opens a new EventSource, which cannot send one. */
export const LOG_STREAM_QUERY = z
  .strictObject({ ...lineFields, lastEventId: once(position), ticket: once(z.string().optional()) })
  .transform(({ ticket: _spent, ...lines }, context) => withMatcher(lines, context))
export type LogStreamQuery = z.output<typeof LOG_STREAM_QUERY>
