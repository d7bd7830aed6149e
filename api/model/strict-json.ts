/** Levels of objects and arrays: an outside provider's token has four. */
const MAX_DEPTH = 16

/**
 * JSON in which every object names each member once (RFC 8259 section 4 leaves the rest to the reader, and two readers of one
 * text then read different things). Null where the text is no such JSON, or nests deeper than 16 levels.
 */
export function parseStrictJson(text: string): { readonly value: unknown } | null {
  try {
    const value: unknown = JSON.parse(text)
    return isUnambiguous(text) ? { value } : null
  } catch {
    return null
  }
}

/** Of a text that JSON.parse has accepted. A string is a member's name where a colon follows it. */
function isUnambiguous(text: string): boolean {
  const open: Set<string>[] = []
  for (const [token, name] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (name !== undefined) {
      // Two spellings of one name, such as an escaped one, are the same name.
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
