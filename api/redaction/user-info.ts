import { isNameCharacter, isSpace } from './characters.js'
import { NextMatch } from './next-match.js'
import type { Span } from './span.js'

/** Characters of a user, before a password, that are examined. */
const MAX_USER = 256

/** Characters of a password in a URL, or of a token that stands there alone. */
const MAX_PASSWORD = 512

const USER_END = /[\s/?#@:"'<>]/g
const PASSWORD_END = /[\s"'<>]/g

const DOUBLE_QUOTE = 0x22
const SINGLE_QUOTE = 0x27
const SLASH = 0x2f
const COLON = 0x3a
const AT = 0x40

/**
 * The user info of URLs, `user:password` before the `@` and the host, or a token alone. A password may hold unescaped
 * characters, so it goes on to the last `@`.
 */
export function* userInfoIn(text: string): IterableIterator<Span> {
  const userEnds = new NextMatch(text, USER_END)
  const passwordEnds = new NextMatch(text, PASSWORD_END)
  const ats = new LastIndex(text, AT)
  let next = 0
  for (;;) {
    const start = text.indexOf('://', next)
    if (start === -1) return
    next = start + 1
    const at = start + 3
    const userEnd = userEnds.indexFrom(at)
    const userLength = userEnd - at
    let end = -1
    if (text.charCodeAt(userEnd) === COLON && userLength <= MAX_USER) {
      const passwordAt = userEnd + 1
      end = ats.upTo(Math.min(passwordEnds.indexFrom(passwordAt), passwordAt + MAX_PASSWORD))
      if (end < passwordAt) end = -1
    } else if (text.charCodeAt(userEnd) === AT && userLength > 0 && userLength <= MAX_PASSWORD) end = userEnd
    if (end === -1) continue
    yield { at, end }
    next = end + 1
  }
}

/** Where a character stands for the last time, up to limits that only grow. Each character is looked at once. */
class LastIndex {
  readonly #text: string
  readonly #code: number
  #limit = -1
  #last = -1

  constructor(text: string, code: number) {
    this.#text = text
    this.#code = code
  }

  /** -1 where it does not stand. */
  upTo(limit: number): number {
    for (let i = limit; i > this.#limit; i -= 1)
      if (this.#text.charCodeAt(i) === this.#code) {
        this.#last = i
        break
      }
    this.#limit = Math.max(this.#limit, limit)
    return this.#last
  }
}

/** Characters of a password that are examined, in the format of Go's MySQL driver. */
const MAX_DRIVER_PASSWORD = 256

const DRIVER_HOST = /@(?:tcp|unix)\(/g

/**
 * The password of `user:password@tcp(host)`, the format of Go's MySQL driver, read backwards from the `@`: neither part holds
 * another, so no character is looked at twice.
 */
export function* driverPasswordsIn(text: string): IterableIterator<Span> {
  let before = 0
  for (const { index: end } of text.matchAll(DRIVER_HOST)) {
    const earliest = Math.max(before, end - MAX_DRIVER_PASSWORD - 1)
    let at = -1
    for (let i = end - 1; i >= earliest && !endsDriverPassword(text.charCodeAt(i)); i -= 1) {
      const isColon = text.charCodeAt(i) === COLON && i < end - 1
      if (isColon && i > before && isNameCharacter(text.charCodeAt(i - 1))) at = i + 1
    }
    if (at === -1) continue
    yield { at, end }
    before = end + 1
  }
}

function endsDriverPassword(code: number): boolean {
  return code === AT || code === SLASH || code === DOUBLE_QUOTE || code === SINGLE_QUOTE || isSpace(code)
}
