import { idOf, type LockedPackage } from './lock.js'

/**
 * Licences (SPDX) that ask for no more than their own text to be passed on, so that Porthole may be shipped under Apache 2.0.
 * Another one is a decision: what it asks for is to be read first.
 */
const ALLOWED: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
  'Zlib',
])

/** A real SPDX expression has a handful of names; the rest is a sentence, and no licence. */
const MAX_TOKENS = 64

/** One sentence for each package whose licence is missing or not on the list. */
export function licenceFaults(packages: readonly LockedPackage[]): readonly string[] {
  return packages.flatMap((locked) => {
    const licence = licenceOf(locked.license)
    if (licence === undefined) return [`${idOf(locked)} names no licence`]
    return isAllowed(licence) ? [] : [`${idOf(locked)} is under ${licence}, which is not on the list`]
  })
}

/** How many packages there are of each licence, the most frequent first. */
export function countLicences(packages: readonly LockedPackage[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { license } of packages) {
    const licence = licenceOf(license) ?? 'none'
    counts.set(licence, (counts.get(licence) ?? 0) + 1)
  }
  return new Map([...counts].sort(([, a], [, b]) => b - a))
}

/** Old packages name their licence as `{ type }`, or several in a list, of which the user may choose. */
export function licenceOf(stated: unknown): string | undefined {
  if (typeof stated === 'string') return stated.trim() === '' ? undefined : stated.trim()
  if (Array.isArray(stated)) {
    const names = stated.map(licenceOf)
    return names.length === 0 || names.includes(undefined) ? undefined : names.join(' OR ')
  }
  if (typeof stated === 'object' && stated !== null && 'type' in stated) return licenceOf(stated.type)
  return undefined
}

/** SPDX expressions: OR is the user's choice, AND binds closer and means both. What cannot be read is not allowed. */
export function isAllowed(expression: string): boolean {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? []
  if (tokens.length > MAX_TOKENS) return false
  const rest = [...tokens]
  const allowed = either(rest)
  return allowed === true && rest.length === 0
}

function either(rest: string[]): boolean | undefined {
  let allowed = both(rest)
  while (rest[0] === 'OR') {
    rest.shift()
    const next = both(rest)
    allowed = allowed === undefined || next === undefined ? undefined : allowed || next
  }
  return allowed
}

function both(rest: string[]): boolean | undefined {
  let allowed = one(rest)
  while (rest[0] === 'AND') {
    rest.shift()
    const next = one(rest)
    allowed = allowed === undefined || next === undefined ? undefined : allowed && next
  }
  return allowed
}

/** Undefined where no licence stands. An exception (WITH) is left over, so an expression that has one is not allowed. */
function one(rest: string[]): boolean | undefined {
  const token = rest.shift()
  if (token === '(') {
    const allowed = either(rest)
    return rest.shift() === ')' ? allowed : undefined
  }
  if (token === undefined || token === ')' || token === 'OR' || token === 'AND') return undefined
  return ALLOWED.has(token)
}
