import { RE2JS } from 're2js'

/** Whether a line is one that a caller looks for. */
export type LineMatcher = (message: string) => boolean

/** Instructions of a compiled pattern. Time grows with these times the line, and no pattern that is typed has a tenth. */
const MAX_PROGRAM_SIZE = 1_000

/** Characters of a line that a pattern is held against. */
const MAX_MATCHED_LENGTH = 8_192

/** Instructions times characters: some 10 ms at the worst. The larger the pattern, the less of a line it sees. */
const MAX_STEPS = 500_000

/** Finds the words as they stand, anywhere in the line. */
export function literalMatcher(words: string, ignoreCase: boolean): LineMatcher {
  if (!ignoreCase) return (message) => message.includes(words)
  const lower = words.toLowerCase()
  return (message) => message.toLowerCase().includes(lower)
}

/**
 * Finds a pattern in RE2's syntax (https://github.com/google/re2/wiki/Syntax), which has nothing that takes more than linear time:
 * no backreference, no lookaround. Null where the text is no such pattern, or a monstrous one.
 */
export function patternMatcher(pattern: string, ignoreCase: boolean): LineMatcher | null {
  try {
    const compiled = RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
    const size = compiled.programSize()
    if (size > MAX_PROGRAM_SIZE) return null
    const length = Math.min(MAX_MATCHED_LENGTH, Math.floor(MAX_STEPS / size))
    return (message) => compiled.test(message.length > length ? message.slice(0, length) : message)
  } catch {
    return null
  }
}
