import { RE2JS } from 're2js'

/** Decides whether a line matches what the caller searches for. */
export type LineMatcher = (message: string) => boolean

/** Instructions of a compiled pattern. Time grows with these times the length of the line. Typed patterns have less than a tenth. */
const MAX_PROGRAM_SIZE = 1_000

/** Characters of a line that a pattern is matched against. */
const MAX_MATCHED_LENGTH = 8_192

/** Instructions times characters: some 10 ms at worst. The larger the pattern, the less of a line it sees. */
const MAX_STEPS = 500_000

/** Finds the literal text anywhere in the line. */
export function literalMatcher(words: string, ignoreCase: boolean): LineMatcher {
  if (!ignoreCase) return (message) => message.includes(words)
  const lower = words.toLowerCase()
  return (message) => message.toLowerCase().includes(lower)
}

/**
 * Matches a pattern in RE2's syntax (https://github.com/google/re2/wiki/Syntax), which always takes linear time: it has no
 * backreferences and no lookaround. Null if the text is not a valid pattern, or too large a one.
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
