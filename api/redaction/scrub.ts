import {
  ACCOUNT_LABEL,
  AUTH_SCHEME,
  DRIVER_DSN,
  FLAG,
  FLAG_VALUE,
  NAME_AND_VALUE,
  NAMED_VALUE,
  PROGRAM_AND_FLAG,
  SECRET_FIELD,
  SECRET_SHAPES,
  SENSITIVE_NAME,
  SEPARATOR,
  SHORT_PASSWORD_FLAGS,
  SQL_PASSWORD,
  URL_USER_INFO,
  XML_ELEMENT,
} from './tables.js'

/** Replaces a secret. */
export const REDACTED = '[redacted]'

export interface Scrubbed<T> {
  readonly value: T
  /** How many secrets were replaced. */
  readonly redactions: number
}

/** Characters of a name that are examined. The rest of a longer name is ignored. */
const MAX_NAME_LENGTH = 64
const NAME_CHARACTER = /[A-Za-z0-9_.-]/
const NAME_START = /[A-Za-z_]/

/** Redacts everything in a text that has the shape of a secret, or that is the value of a sensitive name. */
export function scrubText(text: string): Scrubbed<string> {
  let redactions = 0
  const count = (replacement: string) => {
    redactions += 1
    return replacement
  }
  let value = text
  for (const shape of SECRET_SHAPES) value = value.replace(shape, () => count(REDACTED))
  value = value.replace(SECRET_FIELD, (match, name: string, separator: string, secret: string) =>
    secret === REDACTED ? match : count(`${name}${separator}${REDACTED}`),
  )
  if (value.includes('@'))
    value = value.replace(URL_USER_INFO, (match) => (match === `://${REDACTED}@` ? match : count(`://${REDACTED}@`)))
  value = value.replace(AUTH_SCHEME, (_match, scheme: string, space: string) => count(`${scheme}${space}${REDACTED}`))
  const behind = (_match: string, before: string, secret: string) =>
    secret === REDACTED ? before + secret : count(before + REDACTED)
  if (value.includes('@tcp(') || value.includes('@unix('))
    value = value.replace(DRIVER_DSN, (_match, user: string) => count(`${user}:${REDACTED}`))
  value = value.replace(SQL_PASSWORD, behind)
  value = value.replace(PROGRAM_AND_FLAG, behind)
  value = value.replace(XML_ELEMENT, (match, name: string, inner: string) =>
    isSensitiveName(name) && !holdsNoSecret(inner) ? count(`<${name}>${REDACTED}`) : match,
  )
  value = redactNamed(value, flagsIn(value), FLAG_VALUE, count)
  value = redactNamed(value, pairsIn(value), NAMED_VALUE, count)
  value = redactNamed(value, namesIn(value), NAMED_VALUE, count)
  return { value, redactions }
}

/** A name, and the index where its value begins. */
interface Named {
  readonly name: string
  readonly nameAt: number
  readonly valueAt: number
}

function* flagsIn(text: string): IterableIterator<Named> {
  for (const { 0: match, 1: name = '', index } of text.matchAll(FLAG))
    yield { name, nameAt: index, valueAt: index + match.length }
}

function* pairsIn(text: string): IterableIterator<Named> {
  for (const { 0: match, 1: name = '', index } of text.matchAll(NAME_AND_VALUE))
    yield { name, nameAt: index, valueAt: index + match.length }
}

/** Searches for separators and reads the names before them. Trying each letter as the first of a name would be quadratic. */
export function* namesIn(text: string): IterableIterator<Named> {
  for (const { 0: match, index } of text.matchAll(SEPARATOR)) {
    const earliest = Math.max(0, index - MAX_NAME_LENGTH)
    let nameAt = index
    while (nameAt > earliest && NAME_CHARACTER.test(text[nameAt - 1] ?? '')) nameAt -= 1
    while (nameAt < index && !NAME_START.test(text[nameAt] ?? '')) nameAt += 1
    if (nameAt < index) yield { name: text.slice(nameAt, index), nameAt, valueAt: index + match.length }
  }
}

/** Redacts the values of sensitive names only. What follows another name may itself be a name with its value. */
function redactNamed(
  text: string,
  names: Iterable<Named>,
  value: RegExp,
  count: (replacement: string) => string,
): string {
  let scrubbed = ''
  let end = 0
  for (const { name, nameAt, valueAt } of names) {
    if (nameAt < end || !isSensitiveName(name)) continue
    value.lastIndex = valueAt
    const secret = value.exec(text)?.[0]
    if (secret === undefined || holdsNoSecret(secret)) continue
    scrubbed += text.slice(end, valueAt) + count(REDACTED)
    end = valueAt + secret.length
  }
  return scrubbed + text.slice(end)
}

/** Scrubs a command line of separate arguments, in which the value of a flag is the next argument. */
export function scrubArguments(args: readonly string[]): Scrubbed<readonly string[]> {
  const value: string[] = []
  let redactions = 0
  let shortFlag: RegExp | undefined
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? ''
    const before = args[i - 1] ?? ''
    const isFlag = i > 0 && /^--?[A-Za-z]/.test(before) && !before.includes('=') && !before.startsWith('--no-')
    if (isFlag && (isSensitiveName(before) || shortFlag?.exec(before)?.[0] === before)) {
      value.push(REDACTED)
      redactions += 1
    } else if (shortFlag?.test(arg) && /^-[A-Za-z]./.test(arg) && !arg.startsWith('--')) {
      value.push(`${arg.slice(0, 2)}${REDACTED}`)
      redactions += 1
    } else {
      const assigned = scrubAssignment(arg)
      value.push(assigned.value)
      redactions += assigned.redactions
    }
    // A shell, env or an entrypoint script may precede the program that the flags belong to.
    shortFlag = SHORT_PASSWORD_FLAGS.get(programName(arg)) ?? shortFlag
  }
  return { value, redactions }
}

/** Scrubs label values, by the name of the key and by the shape of the value. */
export function scrubLabels(labels: Readonly<Record<string, string>>): Scrubbed<ReadonlyMap<string, string>> {
  const value = new Map<string, string>()
  let redactions = 0
  for (const [key, text] of Object.entries(labels)) {
    const secret = text !== '' && (isSensitiveName(key) || (ACCOUNT_LABEL.test(key) && text.includes(':')))
    const scrubbed = secret ? { value: REDACTED, redactions: 1 } : scrubText(text)
    value.set(key, scrubbed.value)
    redactions += scrubbed.redactions
  }
  return { value, redactions }
}

/** `mailPass` and `MAIL_PASS` are the same name: capitals separate words too. */
export function isSensitiveName(name: string): boolean {
  const bare = name.replace(/^-+/, '')
  return SENSITIVE_NAME.test(bare) || SENSITIVE_NAME.test(bare.replace(/([a-z0-9])([A-Z])/g, '$1-$2'))
}

/** `--name=value` or `NAME=value` in one argument. Everything after the first `=` is the value, spaces and quotes included. */
function scrubAssignment(arg: string): Scrubbed<string> {
  const at = arg.indexOf('=')
  if (
    at > 0 &&
    at < arg.length - 1 &&
    /^-{0,2}[A-Za-z_][\w.-]*$/.test(arg.slice(0, at)) &&
    isSensitiveName(arg.slice(0, at))
  )
    return { value: `${arg.slice(0, at)}=${REDACTED}`, redactions: 1 }
  return scrubText(arg)
}

/**
 * A reference such as `$DB_PASSWORD` or `${DB_PASSWORD}` reveals nothing, and neither does scrubbed text. Without braces, only
 * capitals count as a reference, because `$ecret` may be a password.
 */
function holdsNoSecret(value: string): boolean {
  return value === REDACTED || /^["']?\$(?:\{[A-Za-z_]\w*\}|[A-Z_][A-Z0-9_]*|\()["']?$/.test(value)
}

function programName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
