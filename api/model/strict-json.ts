/** Levels of nested objects and arrays. A token of an outside provider has four. */
const MAX_DEPTH = 16

/**
 * Parses JSON in which member names are unique. RFC 8259 section 4 leaves duplicates undefined, so two parsers could read the same
 * text differently. Null if the text is not such JSON, or nests deeper than 16 levels.
 */
export function parseStrictJson(text: string): { readonly value: unknown } | null {
  try {
    const value: unknown = JSON.parse(text)
    return isUnambiguous(text) ? { value } : null
  } catch {
    return null
  }
}

/** For a text that JSON.parse has accepted: a string is a member's name if a colon follows it. */
function isUnambiguous(text: string): boolean {
  const open: Set<string>[] = []
  for (const [token, name] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (name !== undefined) {
      // Two spellings of a name, one of them escaped, are the same name.
      const member = JSON.parse(name) as string
      const names = open.at(-1)
      if (names === undefined || names.has(member)) return false
      names.add(member)
    } else if (token === '{' || token === '[') {
      if (open.push(new Set()) > MAX_DEPTH) return false
    } else if (token === '}' || token === ']') open.pop()
  }
  return true
}
