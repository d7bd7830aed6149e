import { hash, verify } from '@node-rs/argon2'
import { hasControlCharacter } from '../../model/control-character.js'
import { type HashParameters, parsePasswordHash } from '../../model/password-hash.js'

/** From the list for Argon2id in OWASP's Password Storage Cheat Sheet: the entry with two passes. */
export const PARAMETERS: HashParameters = { memoryKiB: 19_456, iterations: 2, parallelism: 1 }

/**
 * Characters of a new password. NIST SP 800-63B asks for at least 8, and for 15 if the password is the only factor (rev. 4,
 * section 3.1.1.2). 12 is enough here because failed sign-ins are counted by address and by name, and each guess costs 19 MiB.
 * Length is the only rule: the same section advises against rules about kinds of characters.
 */
export const MIN_PASSWORD_LENGTH = 12

/** Bytes of a password as it is typed: more than any person remembers, and few enough to hash for an unverified client. */
const MAX_PASSWORD_BYTES = 1_024

/** Why this is not acceptable as a new password, or null. Reveals nothing of the text. */
export function passwordProblem(password: string, name = ''): string | null {
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return `is longer than ${MAX_PASSWORD_BYTES} bytes`
  // RFC 8265 section 4.1 allows no control character. A typed line break or arrow key is a slip that a login form cannot repeat.
  if (hasControlCharacter(password)) return 'holds a control character'
  if (!isText(password)) return 'is not valid Unicode'
  // NIST counts code points, and so does the spread operator.
  if ([...password.normalize('NFC')].length < MIN_PASSWORD_LENGTH)
    return `is shorter than ${MIN_PASSWORD_LENGTH} characters`
  // NIST asks for a blocklist. This refuses, without a list, the first guesses at this account.
  const lower = password.toLowerCase()
  if (/^(.{1,4}?)\1+.{0,3}$/su.test(lower)) return 'repeats a short piece'
  if (name !== '' && lower.replaceAll(name.toLowerCase(), '').length < MIN_PASSWORD_LENGTH / 2)
    return 'is little more than the name of its user'
  return null
}

/** Hashes with Argon2id and a fresh salt, into PHC string format. Throws if the password has a problem. */
export async function hashPassword(password: string): Promise<string> {
  const problem = passwordProblem(password)
  if (problem !== null) throw new Error(`the password ${problem}`)
  // Argon2id, version 19, 16 bytes of salt and 32 of hash are the package's defaults. Tests check that they stay so.
  return await hash(prepare(password), {
    memoryCost: PARAMETERS.memoryKiB,
    timeCost: PARAMETERS.iterations,
    parallelism: PARAMETERS.parallelism,
  })
}

/** Also false for text that cannot be a password or a hash. A hash beyond the allowed cost is never computed. */
export async function verifyPassword(passwordHash: string, password: string): Promise<boolean> {
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES || !isText(password)) return false
  if (parsePasswordHash(passwordHash).problem !== undefined) return false
  return await verify(passwordHash, prepare(password))
}

/**
 * The one spelling that is hashed, however a keyboard composes it (RFC 8265 section 4.2.2, OpaqueString): every blank becomes a
 * space, and the text is in NFC. ASCII is unchanged, so hashes that other tools made still match.
 */
function prepare(password: string): Buffer {
  return Buffer.from(password.replace(/\p{Zs}/gu, ' ').normalize('NFC'), 'utf8')
}

/** Half a surrogate pair has no UTF-8: all of them would turn into the same replacement character. */
function isText(password: string): boolean {
  return !/\p{Cs}/u.test(password)
}
