import { isLetter, isNameCharacter, isNameStart, isSpace } from './characters.js'
import { NextMatch } from './next-match.js'
import { isSensitiveName } from './sensitive-name.js'
import { holdsNoSecret, REDACTED, type Span } from './span.js'
import { NAME_AND_VALUE } from './tables.js'

/** Characters of a name that are examined. The rest of a longer name is ignored. */
const MAX_NAME = 64

/** As many as the shortest of sensitive names has. */
const MIN_NAME = 2

/** Spaces on either side of a separator. */
const MAX_SPACES = 32

/** Backslashes before a quote: JSON within JSON, twice. */
const MAX_BACKSLASHES = 4

/** Characters of a list or an object that is a value. */
const MAX_LIST = 8_192

/** Characters of an XML element. */
const MAX_ELEMENT = 4_096

const DOUBLE_QUOTE = 0x22
const DOLLAR = 0x24
const SINGLE_QUOTE = 0x27
const HYPHEN = 0x2d
const COLON = 0x3a
const LESS = 0x3c
const EQUALS = 0x3d
const GREATER = 0x3e
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b

/** A sensitive name, and the index where its value begins. */
interface Named {
  readonly name: string
  readonly nameAt: number
  readonly valueAt: number
}

/** Secrets behind `--name ` within one string, as in `sh -c "..."`. */
export function flagValuesIn(text: string): IterableIterator<Span> {
  return valuesOf(flagsIn(text), text, (at) => flagValueEnd(text, at))
}

/** Secrets beside a name that is itself a value, as in `name: DB_PASSWORD, value: ...`. */
export function pairedValuesIn(text: string): IterableIterator<Span> {
  const values = new NamedValues(text)
  return valuesOf(pairsIn(text), text, (at) => values.endOf(at))
}

/** Secrets behind a name and a separator, as in `NAME=`, `name: `, `"name":`. */
export function namedValuesIn(text: string): IterableIterator<Span> {
  const values = new NamedValues(text)
  return valuesOf(sensitiveNamesIn(text), text, (at) => values.endOf(at))
}

/** What follows a name whose value is no secret may itself be a name with its value. */
function* valuesOf(names: Iterable<Named>, text: string, valueEnd: (at: number) => number): IterableIterator<Span> {
  let next = 0
  for (const { nameAt, valueAt: at } of names) {
    if (nameAt < next) continue
    const end = valueEnd(at)
    if (end === at || holdsNoSecret(text, { at, end })) continue
    yield { at, end }
    next = end
  }
}

function* flagsIn(text: string): IterableIterator<Named> {
  for (let nameAt = 0; nameAt < text.length; nameAt += 1) {
    if (text.charCodeAt(nameAt) !== HYPHEN) continue
    const before = text.charCodeAt(nameAt - 1)
    if (nameAt > 0 && before !== DOUBLE_QUOTE && before !== SINGLE_QUOTE && !isSpace(before)) continue
    const start = nameAt + (text.charCodeAt(nameAt + 1) === HYPHEN ? 2 : 1)
    if (!isLetter(text.charCodeAt(start))) continue
    let nameEnd = start + 1
    while (nameEnd - start < MAX_NAME && isNameCharacter(text.charCodeAt(nameEnd))) nameEnd += 1
    let valueAt = nameEnd
    while (isSpace(text.charCodeAt(valueAt))) valueAt += 1
    if (valueAt === nameEnd) continue
    const name = text.slice(nameAt, nameEnd)
    if (isSensitiveName(name)) yield { name, nameAt, valueAt }
    nameAt = valueAt - 1
  }
}

function* pairsIn(text: string): IterableIterator<Named> {
  for (const { 0: match, 1: name = '', index } of text.matchAll(NAME_AND_VALUE))
    if (isSensitiveName(name)) yield { name, nameAt: index, valueAt: index + match.length }
}

/**
 * Looks for separators (`=`, `:`, `:=`, `=>`) and reads the names before them. No name, quote or space before one holds another, so
 * no character is read twice; trying each letter as the first of a name would be quadratic.
 */
export function* sensitiveNamesIn(text: string): IterableIterator<Named> {
  let before = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code !== EQUALS && code !== COLON) continue
    if (code === COLON && text.startsWith('//', at + 1)) continue
    let valueAt = at + 1
    if (text.charCodeAt(valueAt) === (code === COLON ? EQUALS : GREATER)) valueAt += 1
    const lastAt = valueAt + MAX_SPACES
    while (valueAt < lastAt && isSpace(text.charCodeAt(valueAt))) valueAt += 1
    if (at - before >= MIN_NAME) {
      const nameEnd = nameEndBefore(text, at, before)
      const nameAt = nameStartBefore(text, nameEnd)
      const name = text.slice(nameAt, nameEnd)
      if (name.length >= MIN_NAME && isSensitiveName(name)) yield { name, nameAt, valueAt }
    }
    before = valueAt
    at = valueAt - 1
  }
}

/** Where the name before a separator ends: before its spaces, a quote and the backslashes of that. */
function nameEndBefore(text: string, separatorAt: number, earliest: number): number {
  let end = separatorAt
  const farthest = Math.max(earliest, separatorAt - MAX_SPACES)
  while (end > farthest && isSpace(text.charCodeAt(end - 1))) end -= 1
  const quote = end > earliest ? text.charCodeAt(end - 1) : 0
  if (quote === DOUBLE_QUOTE || quote === SINGLE_QUOTE) end -= 1
  const first = Math.max(earliest, end - MAX_BACKSLASHES)
  while (end > first && text.charCodeAt(end - 1) === BACKSLASH) end -= 1
  return end
}

function nameStartBefore(text: string, nameEnd: number): number {
  const earliest = Math.max(0, nameEnd - MAX_NAME)
  let start = nameEnd
  while (start > earliest && isNameCharacter(text.charCodeAt(start - 1))) start -= 1
  while (start < nameEnd && !isNameStart(text.charCodeAt(start))) start += 1
  return start
}

/** Elements with a sensitive name that hold text. */
export function* xmlValuesIn(text: string): IterableIterator<Span> {
  for (let start = text.indexOf('<'); start !== -1; start = text.indexOf('<', start + 1)) {
    if (!isNameStart(text.charCodeAt(start + 1))) continue
    let nameEnd = start + 2
    while (nameEnd - start <= MAX_NAME && isElementCharacter(text.charCodeAt(nameEnd))) nameEnd += 1
    const at = nameEnd + 1
    if (text.charCodeAt(nameEnd) !== GREATER || at === text.length || text.charCodeAt(at) === LESS) continue
    if (!isSensitiveName(text.slice(start + 1, nameEnd))) continue
    const next = text.indexOf('<', at)
    const end = Math.min(next === -1 ? text.length : next, at + MAX_ELEMENT)
    if (!holdsNoSecret(text, { at, end })) yield { at, end }
    start = end - 1
  }
}

function isElementCharacter(code: number): boolean {
  return code === COLON || isNameCharacter(code)
}

const FLAG_WORD = /[^\s"'|;&]+/y

function flagValueEnd(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code === DOUBLE_QUOTE || code === SINGLE_QUOTE ? quotedEnd(text, at) : matchEnd(FLAG_WORD, text, at)
}

const REFERENCE = /\$\{[^\s{}]{1,256}\}/y
const BRACKET_END = /[\]\n]/g
const BRACE_END = /[}\n]/g
/** With a language's prefix, as in `b'...'`, `@"..."`, `Some("...")`. */
const QUOTE = /(?:[A-Za-z_]\w{0,15}\(\s{0,3}|[A-Za-z@]{1,2}(?=["']))?\\{0,4}["']/y
const WORD = /[^\s,;&|"')}\]]+/y

/**
 * Where values end: scrubbed text, a reference, a list, an object, a quoted text or a word. Scrubbed text is matched itself, so that
 * nothing is scrubbed twice. Asked in the order of the text.
 */
class NamedValues {
  readonly #text: string
  readonly #bracketEnds: NextMatch
  readonly #braceEnds: NextMatch

  constructor(text: string) {
    this.#text = text
    this.#bracketEnds = new NextMatch(text, BRACKET_END)
    this.#braceEnds = new NextMatch(text, BRACE_END)
  }

  /** The index itself where no value begins there. */
  endOf(at: number): number {
    const end = this.#specialEnd(at)
    if (end > at) return end
    const open = matchEnd(QUOTE, this.#text, at)
    return open > at ? quotedEnd(this.#text, open - 1) : matchEnd(WORD, this.#text, at)
  }

  /** Told by its first character. */
  #specialEnd(at: number): number {
    const code = this.#text.charCodeAt(at)
    if (code === DOLLAR) return matchEnd(REFERENCE, this.#text, at)
    if (code === OPEN_BRACE) return this.#listEnd(at, this.#braceEnds)
    if (code !== OPEN_BRACKET) return at
    return this.#text.startsWith(REDACTED, at) ? at + REDACTED.length : this.#listEnd(at, this.#bracketEnds)
  }

  /** A list without its end on this line is a word, unless the text ends there. */
  #listEnd(at: number, ends: NextMatch): number {
    const end = ends.indexFrom(at + 1)
    if (end - at - 1 > MAX_LIST || this.#text[end] === '\n') return at
    return Math.min(end + 1, this.#text.length)
  }
}

/** A quote without its end was cut off or continues on another line, so all the remaining text belongs to it. */
function quotedEnd(text: string, at: number): number {
  const quote = text.charCodeAt(at)
  if (quote === SINGLE_QUOTE) {
    const end = text.indexOf("'", at + 1)
    return end === -1 ? text.length : end + 1
  }
  for (let i = at + 1; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code === BACKSLASH) i += 1
    else if (code === DOUBLE_QUOTE) return i + 1
  }
  return text.length
}

/** The index itself where the pattern, which has the flag `y`, does not match. */
function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}
