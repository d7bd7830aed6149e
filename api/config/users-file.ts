import { type LabelSelector, parseLabelSelector } from '../model/label-selector.js'
import { parsePasswordHash } from '../model/password-hash.js'
import { isRole, isScope, ROLES, type Role, SCOPES, type Scope } from '../model/scope.js'
import { parseStrictJson } from '../model/strict-json.js'
import type { User } from '../model/user.js'

/** One member of `users`, as it is written. */
export interface UserEntry {
  readonly name: string
  readonly passwordHash: string
  readonly roles: readonly Role[]
  readonly scopes: readonly Scope[]
  /** Label selectors; empty where the file has no such member, which means all containers. */
  readonly containers: readonly string[]
}

type Problems = { readonly problems: readonly string[]; readonly users?: never }
type Parsed<T> = { readonly users: readonly T[]; readonly problems?: never } | Problems

/** Starts with a letter or digit, so that it is no option; no blank, so that it is one word in a log. */
const USER_NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/
export const USER_NAME_RULE =
  'must be 1 to 64 letters, digits, dots, underscores, hyphens or @, a letter or digit first'

/** A file for people; more of them belong to an identity provider. */
export const MAX_USERS = 1_000

/** As in a token's `containers` claim, which these become. */
export const MAX_SELECTORS = 32

/** Characters of the whole file: a thousand users with a dozen long selectors each. */
const MAX_FILE_LENGTH = 4_194_304

/** A file of another kind has a problem in every line. */
const MAX_PROBLEMS = 50

const MEMBERS = ['name', 'passwordHash', 'roles', 'scopes', 'containers']

export function isUserName(text: string): boolean {
  return USER_NAME.test(text)
}

/** The users of USERS_FILE, or every problem at once; a problem names position and member, and no value. */
export function parseUsers(text: string): Parsed<User> {
  const { users, problems } = parseUserEntries(text)
  return users === undefined ? { problems } : { users: users.map(userOf) }
}

/** The same as it is written, to be changed and written again. */
export function parseUserEntries(text: string): Parsed<UserEntry> {
  const json = text.length <= MAX_FILE_LENGTH ? parseStrictJson(text) : null
  if (text.length > MAX_FILE_LENGTH) return { problems: [`the file is longer than ${MAX_FILE_LENGTH} characters`] }
  if (json === null) return { problems: ['the file is no JSON, or an object in it names a member twice'] }
  const { value } = json
  if (!isObject(value) || Object.keys(value).join() !== 'users' || !Array.isArray(value['users']))
    return { problems: ['the file must be one object with the one member "users", a list'] }
  const listed: readonly unknown[] = value['users']
  if (listed.length < 1 || listed.length > MAX_USERS) return { problems: [`users: must list 1 to ${MAX_USERS} users`] }
  const problems: string[] = []
  const users = listed.map((entry, index) => readEntry(entry, `users[${index}]`, problems))
  refuseDoubles(users, problems)
  if (problems.length === 0) return { users }
  const more = problems.length - MAX_PROBLEMS
  return { problems: more > 0 ? [...problems.slice(0, MAX_PROBLEMS), `and ${more} more`] : problems }
}

/** What parseUserEntries reads. */
export function writeUsers(entries: readonly UserEntry[]): string {
  const users = entries.map(({ name, passwordHash, roles, scopes, containers }) => ({
    name,
    passwordHash,
    ...(roles.length > 0 ? { roles } : {}),
    ...(scopes.length > 0 ? { scopes } : {}),
    ...(containers.length > 0 ? { containers } : {}),
  }))
  return `${JSON.stringify({ users }, null, 2)}\n`
}

function userOf({ name, passwordHash, roles, scopes, containers }: UserEntry): User {
  return {
    name,
    passwordHash,
    scopes: [...new Set([...roles.flatMap((role): readonly Scope[] => ROLES[role]), ...scopes])],
    selectors: containers.map(parseLabelSelector).filter((selector): selector is LabelSelector => selector !== null),
  }
}

function readEntry(entry: unknown, at: string, problems: string[]): UserEntry {
  const say = (member: string, problem: string) => problems.push(`${at}${member} ${problem}`)
  if (!isObject(entry)) {
    say(':', 'must be an object')
    return { name: '', passwordHash: '', roles: [], scopes: [], containers: [] }
  }
  for (const member of Object.keys(entry))
    if (!MEMBERS.includes(member)) say(':', `has ${describeMember(member)}; it takes ${MEMBERS.join(', ')}`)
  const name = readText(entry['name'])
  if (!isUserName(name)) say('.name:', USER_NAME_RULE)
  const passwordHash = readText(entry['passwordHash'])
  const hashProblem = parsePasswordHash(passwordHash).problem
  if (hashProblem !== undefined) say('.passwordHash:', `${hashProblem}; porthole hash-password makes one`)
  const roles = readList(entry['roles'], isRole)
  if (roles === null) say('.roles:', `must be a list of ${Object.keys(ROLES).join(', ')}, each once`)
  const scopes = readList(entry['scopes'], isScope)
  if (scopes === null) say('.scopes:', `must be a list of ${SCOPES.join(', ')}, each once`)
  if (roles?.length === 0 && scopes?.length === 0) say(':', 'must have at least one of roles or scopes')
  const containers = readList(entry['containers'], isSelector)
  // An empty list reads like "none", and no member means "all": whoever writes one has to say which.
  if (containers === null || (entry['containers'] !== undefined && !isWithin(containers.length, 1, MAX_SELECTORS)))
    say('.containers:', `must be a list of 1 to ${MAX_SELECTORS} selectors, as team=web or team; leave it out for all`)
  return { name, passwordHash, roles: roles ?? [], scopes: scopes ?? [], containers: containers ?? [] }
}

/** Names are compared as they are, but two that differ in case alone are two people taken for one. */
function refuseDoubles(users: readonly UserEntry[], problems: string[]): void {
  const seen = new Map<string, number>()
  for (const [index, { name }] of users.entries()) {
    const key = name.toLowerCase()
    const first = seen.get(key)
    if (first === undefined) seen.set(key, index)
    else if (isUserName(name)) problems.push(`users[${index}].name: is that of users[${first}], capitals or not`)
  }
}

/** Null where it is no list of such texts, or names one twice. Nothing given is an empty list. */
function readList<T extends string>(given: unknown, accepts: (text: string) => text is T): readonly T[] | null {
  if (given === undefined) return []
  if (!Array.isArray(given)) return null
  const texts: readonly unknown[] = given
  const accepted = texts.filter((text): text is T => typeof text === 'string' && accepts(text))
  return accepted.length === texts.length && new Set(accepted).size === accepted.length ? accepted : null
}

function isSelector(text: string): text is string {
  return parseLabelSelector(text) !== null
}

function isWithin(count: number, min: number, max: number): boolean {
  return count >= min && count <= max
}

function readText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** A slip such as "role" helps when it is named; anything that looks less like a word may be a value in the wrong place. */
function describeMember(member: string): string {
  return /^[A-Za-z_]{1,16}$/.test(member) ? `an unknown member "${member}"` : 'an unknown member'
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
