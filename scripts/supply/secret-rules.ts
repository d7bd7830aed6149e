import { createHash } from 'node:crypto'
import { sensitiveNamesIn } from '../../api/redaction/named-value.js'
import { SECRET_SHAPES } from '../../api/redaction/tables.js'
import { userInfoIn } from '../../api/redaction/user-info.js'

/** A secret in a text. Its value is never passed on: what reads a finding may print it. */
export interface Finding {
  readonly line: number
  readonly lastLine: number
  readonly what: string
  /** Distinguishes this secret from others, and does not reveal it. */
  readonly hash: string
}

/** On the line or the one before it, this says that a person has looked: nothing there opens anything. */
export const MARKER = 'secret-scan: made up'

/** A made-up secret that says so. No generator makes one of these by chance. */
const SAYS_MADE_UP = /hunter2|planted|s3cret|example/i

/** What stands where a value would: a template, a place to fill in, what redaction leaves, an ellipsis. */
const PLACEHOLDER = /\$\{|\[redacted\]|<[\w -]{1,40}>|\.\.\.|^[A-Z_:/@]+$/

/** A line of a key is 64 characters long; a header that no such line follows is a mention of it. */
const KEY_BODY = /[A-Za-z0-9+/=]{40,}/
/** RFC 1421's two header lines stand between the header and the first line of an encrypted key. */
const KEY_BODY_WITHIN = 300
const KEY_START = '-----BEGIN '
const KEY_HEADER = /^-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----/

/** A value behind a sensitive name, bare or in quotes, as in sources, JSON, YAML and .env files. A path is not one. */
const NAMED_VALUE = /(?:["'`](?=[^\s"'`]{16,512}["'`]))?(?![./]{0,3}\/)[A-Za-z0-9+=_-][A-Za-z0-9+/=_.-]{15,511}/y
/** Bits a character. Words have under 3.3; hex that a generator made has 3.5 and more at this length, base64 above 4. */
const RANDOM_BITS = 3.4

/** A name in a source, as types and functions have them. */
const CAMEL_CASE = /^[A-Za-z]?[a-z]+(?:[A-Z][a-z]+)*\d{0,2}$/

/** As few characters of SHA-256 as never meet by chance among a few hundred. */
const HASH_CHARACTERS = 16

/** Files that are secrets whole, whatever stands in them; some are binary. */
const SECRET_FILE =
  /(?:^|\/)(?:\.env(?:\.(?!example$|sample$)[\w.-]+)?|\.netrc|\.htpasswd|id_(?:rsa|dsa|ecdsa|ed25519)|[^/]+\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ppk))$/i

export function isSecretFile(path: string): boolean {
  return SECRET_FILE.test(path)
}

export function secretsIn(text: string): readonly Finding[] {
  const lines = text.split('\n')
  const starts: number[] = [0]
  for (const line of lines) starts.push((starts.at(-1) ?? 0) + line.length + 1)
  const findings: Finding[] = []
  for (const { at, secret, what } of candidates(text)) {
    if (SAYS_MADE_UP.test(secret) || PLACEHOLDER.test(secret)) continue
    const line = lineAt(starts, at)
    const lastLine = lineAt(starts, at + secret.length - 1)
    if (lines.slice(Math.max(0, line - 2), line).some((each) => each.includes(MARKER))) continue
    findings.push({ line, lastLine, what, hash: hashOf(secret) })
  }
  return findings.sort((a, b) => a.line - b.line)
}

interface Candidate {
  readonly at: number
  readonly secret: string
  readonly what: string
}

function* candidates(text: string): IterableIterator<Candidate> {
  yield* keysIn(text)
  for (const shape of SECRET_SHAPES.filter((each) => !each.source.startsWith('-----BEGIN')))
    for (const { 0: secret, index } of text.matchAll(shape))
      yield { at: index, secret, what: 'has the shape of a token or of a password hash' }
  for (const { at, end } of userInfoIn(text)) {
    const secret = text.slice(at - '://'.length, end + 1)
    if (/:\/\/[^:]*:[^@]/.test(secret)) yield { at: at - '://'.length, secret, what: 'is a password in a URL' }
  }
  for (const { name, valueAt } of sensitiveNamesIn(text)) {
    // An identifier of something secret is not a secret itself.
    if (/id$/i.test(name)) continue
    NAMED_VALUE.lastIndex = valueAt
    const secret = NAMED_VALUE.exec(text)?.[0]
    if (secret !== undefined && looksRandom(secret)) yield { at: valueAt, secret, what: `is the value of ${name}` }
  }
}

/** As redaction's first shape, which takes all that follows a header where the last line is missing. */
function* keysIn(text: string): IterableIterator<Candidate> {
  for (let at = text.indexOf(KEY_START); at !== -1; at = text.indexOf(KEY_START, at + 1)) {
    const header = KEY_HEADER.exec(text.slice(at, at + KEY_BODY_WITHIN))?.[0]
    if (header === undefined) continue
    const body = KEY_BODY.exec(text.slice(at + header.length, at + header.length + KEY_BODY_WITHIN))
    if (body === null) continue
    const end = at + header.length + body.index + body[0].length
    yield { at, secret: text.slice(at, end), what: 'is a private key' }
  }
}

function looksRandom(value: string): boolean {
  if (!/\d/.test(value) || !/[A-Za-z]/.test(value) || CAMEL_CASE.test(value)) return false
  const counts = new Map<string, number>()
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length)
  return bits >= RANDOM_BITS
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, HASH_CHARACTERS)
}

function lineAt(starts: readonly number[], at: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= at) low = middle
    else high = middle - 1
  }
  return low + 1
}
