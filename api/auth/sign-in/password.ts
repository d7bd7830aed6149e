import { createHash, createHmac, randomBytes } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { hasControlCharacter } from '../../model/control-character.js'
import { decoyHash, type HashParameters, parsePasswordHash } from '../../model/password-hash.js'
import type { User } from '../../model/user.js'

/** OWASP Password Storage Cheat Sheet, Argon2id: the entry of its list that costs a server least memory for two passes. */
const PARAMETERS: HashParameters = { memoryKiB: 19_456, iterations: 2, parallelism: 1 }

/**
 * Characters of a new password. NIST SP 800-63B asks for 8 at least, and for 15 where the password is all there is (rev. 4,
 * section 3.1.1.2); 12 holds here because failed sign-ins are counted by address and by name, and each guess costs 19 MiB.
 * Length is the whole rule: the same section refuses rules about kinds of characters.
 */
export const MIN_PASSWORD_LENGTH = 12

/** Bytes of a password as it is typed: longer than any that a person remembers, and cheap to normalize and hash. */
const MAX_PASSWORD_BYTES = 1_024

/** Why this may not be a new password, or null. Never quotes it. */
export function passwordProblem(password: string, name = ''): string | null {
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return `is longer than ${MAX_PASSWORD_BYTES} bytes`
  // RFC 8265 section 4.1 allows no control character; a line break or an arrow key is a slip that no form can repeat.
  if (hasControlCharacter(password)) return 'holds a control character'
  if (!isText(password)) return 'is not valid Unicode'
  // NIST counts code points, and so does a spread.
  if ([...password.normalize('NFC')].length < MIN_PASSWORD_LENGTH)
    return `is shorter than ${MIN_PASSWORD_LENGTH} characters`
  // What NIST's blocklist is for, as far as it goes without a list: the first guesses at this very account.
  const lower = password.toLowerCase()
  if (/^(.{1,4}?)\1+.{0,3}$/su.test(lower)) return 'repeats a short piece'
  if (name !== '' && lower.replaceAll(name.toLowerCase(), '').length < MIN_PASSWORD_LENGTH / 2)
    return 'is little more than the name of its user'
  return null
}

/** An Argon2id hash in PHC string format, with a salt of its own. Throws where the password has a problem. */
export async function hashPassword(password: string): Promise<string> {
  const problem = passwordProblem(password)
  if (problem !== null) throw new Error(`the password ${problem}`)
  // Argon2id, version 19, 16 bytes of salt and 32 of hash are the package's own choice; the tests hold it to that.
  return await hash(prepare(password), {
    memoryCost: PARAMETERS.memoryKiB,
    timeCost: PARAMETERS.iterations,
    parallelism: PARAMETERS.parallelism,
  })
}

/** False for what cannot be a password or a hash too. A hash that costs more than one may is never computed. */
export async function verifyPassword(passwordHash: string, password: string): Promise<boolean> {
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES || !isText(password)) return false
  if (parsePasswordHash(passwordHash).problem !== undefined) return false
  return await verify(passwordHash, prepare(password))
}

/**
 * The one spelling that is hashed, however a keyboard composes it (RFC 8265 section 4.2.2, OpaqueString): every blank is a
 * space, and the text is in NFC. ASCII is left as it is, so hashes of other tools fit.
 */
function prepare(password: string): Buffer {
  return Buffer.from(password.replace(/\p{Zs}/gu, ' ').normalize('NFC'), 'utf8')
}

/** Half a surrogate pair has no UTF-8; all of them would become one and the same replacement character. */
function isText(password: string): boolean {
  return !/\p{Cs}/u.test(password)
}

/** What the list of users determines about costs. */
interface Costs {
  readonly byName: ReadonlyMap<string, User>
  /** One for each user, in the list's order: an unknown name costs what some user costs, as often as users do. */
  readonly ofUsers: readonly HashParameters[]
  readonly key: Buffer
}

/** Checks a name and a password, at the same cost whether there is such a user or not. */
export class PasswordChecker {
  readonly #users: () => readonly User[]
  readonly #verify: typeof verifyPassword
  #list: readonly User[] | null = null
  #costs: Costs = costsOf([])

  constructor(users: () => readonly User[], verify = verifyPassword) {
    this.#users = users
    this.#verify = verify
  }

  /** The user of exactly this name with this password, or null. */
  async check(name: string, password: string): Promise<User | null> {
    const { byName, ofUsers, key } = this.#costsNow()
    // Made for known names as well, so that the work is one and the same.
    const decoy = decoyHash(parametersFor(name, ofUsers, key), randomBytes)
    const user = byName.get(name) ?? null
    const fits = await this.#verify(user?.passwordHash ?? decoy, password)
    return fits ? user : null
  }

  #costsNow(): Costs {
    const users = this.#users()
    if (users !== this.#list) {
      this.#list = users
      this.#costs = costsOf(users)
    }
    return this.#costs
  }
}

/**
 * The key is made of the hashes, which are secret: so an unknown name costs the same after a restart and on every instance, and
 * an outsider cannot compute which cost it should have.
 */
function costsOf(users: readonly User[]): Costs {
  const digest = createHash('sha256')
  for (const { passwordHash } of users) digest.update(passwordHash).update('\n')
  return {
    byName: new Map(users.map((user) => [user.name, user])),
    ofUsers: users.map(({ passwordHash }) => parsePasswordHash(passwordHash).parameters ?? PARAMETERS),
    key: digest.digest(),
  }
}

function parametersFor(name: string, ofUsers: readonly HashParameters[], key: Buffer): HashParameters {
  const choice = createHmac('sha256', key).update(name).digest().readUInt32BE(0)
  return ofUsers[choice % Math.max(1, ofUsers.length)] ?? PARAMETERS
}
