import { isSpace } from './characters.js'
import { flagValuesIn, namedValuesIn, pairedValuesIn, xmlValuesIn } from './named-value.js'
import { programPasswordsIn } from './program-password.js'
import type { ScrubBudget } from './scrub-budget.js'
import { isSensitiveName } from './sensitive-name.js'
import { isRedacted, REDACTED, type Span } from './span.js'
import {
  ACCOUNT_LABEL,
  AUTH_SCHEME,
  SECRET_FIELD,
  SECRET_SHAPES,
  SHORT_PASSWORD_FLAGS,
  SQL_PASSWORD,
} from './tables.js'
import { driverPasswordsIn, userInfoIn } from './user-info.js'

export { REDACTED } from './span.js'

export interface Scrubbed<T> {
  readonly value: T
  /** How many secrets were replaced. */
  readonly redactions: number
}

/**
 * Characters at the end of what is looked at of a text, where the rest is not: a secret that goes on beyond it may not be known by
 * its beginning. The longest password in a URL, a quote or a command has as many.
 */
const UNSURE_END = 512

/**
 * Redacts everything in a text that has the shape of a secret, or that is the value of a sensitive name. What is beyond the budget
 * is redacted unlooked, and counts as one secret.
 */
export function scrubText(text: string, budget?: ScrubBudget): Scrubbed<string> {
  return scrubBeginning(text, budget?.spend(text.length) ?? text.length)
}

/** Looks at no more than the first characters, and redacts the rest. */
function scrubBeginning(text: string, length: number): Scrubbed<string> {
  if (length === text.length) return scrubWhole(text)
  const { value, redactions } = scrubWhole(text.slice(0, length))
  return { value: sureBeginning(value) + REDACTED, redactions: redactions + 1 }
}

/** Up to the last space before the unsure end: most secrets hold no space, however long they are. */
function sureBeginning(scrubbed: string): string {
  let end = scrubbed.length - UNSURE_END
  while (end > 0 && !isSpace(scrubbed.charCodeAt(end - 1))) end -= 1
  return scrubbed.slice(0, Math.max(0, end))
}

/** Takes time in proportion to the text, whatever the text is. */
function scrubWhole(text: string): Scrubbed<string> {
  let redactions = 0
  let value = text
  const count = (replacement: string) => {
    redactions += 1
    return replacement
  }
  const redact = (secretsIn: (text: string) => Iterable<Span>) => {
    let scrubbed = ''
    let end = 0
    for (const secret of secretsIn(value)) {
      if (isRedacted(value, secret)) continue
      scrubbed += value.slice(end, secret.at) + count(REDACTED)
      end = secret.end
    }
    if (end > 0) value = scrubbed + value.slice(end)
  }
  for (const shape of SECRET_SHAPES) value = value.replace(shape, () => count(REDACTED))
  value = value.replace(SECRET_FIELD, (match, name: string, separator: string, secret: string) =>
    secret === REDACTED ? match : count(`${name}${separator}${REDACTED}`),
  )
  if (value.includes('@')) redact(userInfoIn)
  value = value.replace(AUTH_SCHEME, (_match, scheme: string, space: string) => count(`${scheme}${space}${REDACTED}`))
  if (value.includes('@')) redact(driverPasswordsIn)
  value = value.replace(SQL_PASSWORD, (_match, before: string) => count(before + REDACTED))
  redact(programPasswordsIn)
  redact(xmlValuesIn)
  redact(flagValuesIn)
  redact(pairedValuesIn)
  redact(namedValuesIn)
  return { value, redactions }
}

/**
 * Scrubs a command line of separate arguments, in which the value of a flag is the next argument. Beyond the budget, each is
 * redacted unlooked.
 */
export function scrubArguments(args: readonly string[], budget?: ScrubBudget): Scrubbed<readonly string[]> {
  const value: string[] = []
  let redactions = 0
  let before = ''
  let shortFlag: RegExp | undefined
  for (const arg of args) {
    const scrubbed = budget?.isSpent ? unlooked(arg) : scrubArgument(arg, before, shortFlag, budget)
    value.push(scrubbed.value)
    redactions += scrubbed.redactions
    before = arg
    // A shell, env or an entrypoint script may precede the program that the flags belong to.
    shortFlag = SHORT_PASSWORD_FLAGS.get(programName(arg)) ?? shortFlag
  }
  return { value, redactions }
}

function scrubArgument(
  arg: string,
  before: string,
  shortFlag: RegExp | undefined,
  budget: ScrubBudget | undefined,
): Scrubbed<string> {
  const length = budget?.spend(arg.length) ?? arg.length
  const isFlag = /^--?[A-Za-z]/.test(before) && !before.includes('=') && !before.startsWith('--no-')
  if (isFlag && (isSensitiveName(before) || shortFlag?.exec(before)?.[0] === before)) return SECRET
  if (length > 2 && shortFlag?.test(arg) && /^-[A-Za-z]./.test(arg) && !arg.startsWith('--'))
    return { value: `${arg.slice(0, 2)}${REDACTED}`, redactions: 1 }
  return scrubAssignment(arg, length)
}

/** Scrubs label values, by the name of the key and by the shape of the value. Beyond the budget, each is redacted unlooked. */
export function scrubLabels(
  labels: Readonly<Record<string, string>>,
  budget?: ScrubBudget,
): Scrubbed<ReadonlyMap<string, string>> {
  const value = new Map<string, string>()
  let redactions = 0
  for (const [key, text] of Object.entries(labels)) {
    const scrubbed = text === '' || budget?.isSpent ? unlooked(text) : scrubLabel(key, text, budget)
    value.set(key, scrubbed.value)
    redactions += scrubbed.redactions
  }
  return { value, redactions }
}

function scrubLabel(key: string, text: string, budget: ScrubBudget | undefined): Scrubbed<string> {
  const length = (budget?.spend(key.length + text.length) ?? key.length + text.length) - key.length
  if (length <= 0 || isSensitiveName(key) || (ACCOUNT_LABEL.test(key) && text.includes(':'))) return SECRET
  return scrubBeginning(text, length)
}

/** `--name=value` or `NAME=value` in one argument. Everything after the first `=` is the value, spaces and quotes included. */
function scrubAssignment(arg: string, length: number): Scrubbed<string> {
  const at = arg.indexOf('=')
  const name = arg.slice(0, Math.max(0, at))
  if (at > 0 && at < length && at < arg.length - 1 && /^-{0,2}[A-Za-z_][\w.-]*$/.test(name) && isSensitiveName(name))
    return { value: `${name}=${REDACTED}`, redactions: 1 }
  return scrubBeginning(arg, length)
}

const SECRET: Scrubbed<string> = { value: REDACTED, redactions: 1 }

function unlooked(text: string): Scrubbed<string> {
  return text === '' ? { value: '', redactions: 0 } : SECRET
}

function programName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
