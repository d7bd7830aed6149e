import { z } from 'zod'
import { type LabelSelector, parseLabelSelector } from '../model/label-selector.js'
import { parsePasswordHash } from '../model/password-hash.js'
import { ROLES, type Role, SCOPES, type Scope } from '../model/scope.js'
import type { User } from '../model/user.js'
import { type FileFault, faultsOf, readListFile } from './list-file.js'

/** One entry of `users`, as it is written. */
export interface UserEntry {
  readonly name: string
  readonly passwordHash: string
  readonly roles: readonly Role[]
  readonly scopes: readonly Scope[]
  /** Label selectors; empty, which means all containers, if the entry does not have this member. */
  readonly containers: readonly string[]
}

type Parsed<T> =
  | { readonly users: readonly T[]; readonly faults?: never }
  | { readonly faults: readonly FileFault[]; readonly users?: never }

/** Begins with a letter or digit, so that it cannot look like an option. No blank, so that it is one word in a log. */
const USER_NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/
export const USER_NAME_RULE =
  'must be 1 to 64 letters, digits, dots, underscores, hyphens or @, a letter or digit first'

/** A larger number of users belongs into an identity provider. */
export const MAX_USERS = 1_000

/** The same bound as for a token's `containers` claim, which these become. */
export const MAX_SELECTORS = 32

/** Characters of the whole file: a thousand users with a dozen long selectors each. */
const MAX_FILE_LENGTH = 4_194_304

const ROLE_NAMES = Object.keys(ROLES) as Role[]
const ROLES_RULE = `must be a list of ${ROLE_NAMES.join(', ')}, each once`
const SCOPES_RULE = `must be a list of ${SCOPES.join(', ')}, each once`
const CONTAINERS_RULE = `must be a list of 1 to ${MAX_SELECTORS} selectors, as team=web or team; leave it out for all`

const NAME = z.string(USER_NAME_RULE).regex(USER_NAME, USER_NAME_RULE)

const USER = z
  .strictObject(
    {
      name: NAME,
      passwordHash: z.string(hashProblem('')).superRefine((hash, context) => {
        const problem = hashProblem(hash)
        if (problem !== undefined) context.addIssue(problem)
      }),
      roles: listOf(z.enum(ROLE_NAMES, ROLES_RULE), ROLES_RULE).default([]),
      scopes: listOf(z.enum(SCOPES, SCOPES_RULE), SCOPES_RULE).default([]),
      // An empty list reads like "none", but no member means "all". The file has to say which.
      containers: listOf(z.string(CONTAINERS_RULE).refine(isSelector, CONTAINERS_RULE), CONTAINERS_RULE)
        .min(1, CONTAINERS_RULE)
        .max(MAX_SELECTORS, CONTAINERS_RULE)
        .default([]),
    },
    'must be an object',
  )
  .refine(({ roles, scopes }) => roles.length + scopes.length > 0, 'must have at least one of roles or scopes')

export function isUserName(text: string): boolean {
  return USER_NAME.test(text)
}

/** The users of USERS_FILE, or all faults at once. */
export function parseUsers(text: string): Parsed<User> {
  const { users, faults } = parseUserEntries(text)
  return users === undefined ? { faults } : { users: users.map(userOf) }
}

/** The entries as they are written, so that a command can change them and write them back. */
export function parseUserEntries(text: string): Parsed<UserEntry> {
  const read = readListFile(text, { member: 'users', maxEntries: MAX_USERS, maxLength: MAX_FILE_LENGTH })
  if (read.faults !== undefined) return read
  const parsed = read.entries.map((entry) => USER.safeParse(entry))
  const users = parsed.flatMap(({ data }) => (data === undefined ? [] : [data]))
  const faults = parsed.flatMap(({ error }, index) =>
    error === undefined ? [] : faultsOf(error, `users[${index}]`, unknownMember),
  )
  const all = [...faults, ...sameNames(read.entries)]
  return all.length > 0 ? { faults: all } : { users }
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

/** Names are compared exactly. Two names that differ only in case are refused, because people would confuse them. */
function sameNames(entries: readonly unknown[]): FileFault[] {
  const firsts = new Map<string, number>()
  const faults: FileFault[] = []
  for (const [index, entry] of entries.entries()) {
    const key = z.object({ name: NAME }).safeParse(entry).data?.name.toLowerCase()
    if (key === undefined) continue
    const first = firsts.get(key)
    if (first === undefined) firsts.set(key, index)
    else
      faults.push({
        place: `users[${index}].name`,
        problem: `is that of users[${first}], capitals or not`,
        remedy: null,
      })
  }
  return faults
}

/** A list of distinct elements. */
function listOf<Element extends z.ZodType>(element: Element, rule: string) {
  return z.array(element, rule).refine((list) => new Set(list).size === list.length, rule)
}

function hashProblem(text: string): string | undefined {
  const { problem } = parsePasswordHash(text)
  return problem === undefined ? undefined : `${problem}; porthole hash-password makes one`
}

function isSelector(text: string): boolean {
  return parseLabelSelector(text) !== null
}

/** Quotes an unknown member only if it looks like a word, such as the typo "role". Any other text may be a misplaced value. */
function unknownMember(member: string): string {
  const name = /^[A-Za-z_]{1,16}$/.test(member) ? ` "${member}"` : ''
  return `has an unknown member${name}; it takes ${Object.keys(USER.shape).join(', ')}`
}
