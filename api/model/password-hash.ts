/** What a hash costs to compute. */
export interface HashParameters {
  readonly memoryKiB: number
  readonly iterations: number
  readonly parallelism: number
}

type ParsedHash =
  | { readonly parameters: HashParameters; readonly problem?: never }
  | { readonly problem: string; readonly parameters?: never }

/** The smallest memory that OWASP's Password Storage Cheat Sheet lists for Argon2id. */
const MIN_MEMORY_KIB = 7_168

/** 1 GiB, so that one sign-in cannot exhaust the service's memory. */
const MAX_MEMORY_KIB = 1_048_576

/** With more passes or lanes a sign-in takes seconds, and the next one waits for it. */
const MAX_ITERATIONS = 16
const MAX_PARALLELISM = 16

/**
 * Memory times passes: the smallest product in OWASP's list of equals (47104 x 1, 19456 x 2, 12288 x 3, 9216 x 4, 7168 x 5).
 * Parallelism does not count, because an attacker has other guesses for idle lanes.
 */
const MIN_COST = 35_840

/** RFC 9106 section 3.1 asks for at least 8 bytes of salt. Nothing writes more than 64. */
const SALT_BYTES = { min: 8, max: 64 }

/** RFC 9106 section 4 calls 128 bits sufficient. */
const HASH_BYTES = { min: 16, max: 64 }

/** Characters of the longest string within these bounds, with room to spare. */
const MAX_HASH_LENGTH = 256

const PHC = /^\$argon2id\$v=19\$m=([1-9]\d{0,9}),t=([1-9]\d{0,9}),p=([1-9]\d{0,9})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

/**
 * Parses an Argon2id hash in PHC string format. It must be canonical and strong enough, but not so costly that one sign-in stalls
 * the service. A problem says what is accepted and does not quote the text.
 */
export function parsePasswordHash(text: string): ParsedHash {
  const match = text.length <= MAX_HASH_LENGTH ? PHC.exec(text) : null
  if (match === null)
    return { problem: 'must be an Argon2id hash such as $argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>' }
  const [, memory, passes, lanes, salt = '', hash = ''] = match
  const parameters = { memoryKiB: Number(memory), iterations: Number(passes), parallelism: Number(lanes) }
  const problem =
    problemOfCost(parameters) ?? problemOf('salt', salt, SALT_BYTES) ?? problemOf('hash', hash, HASH_BYTES)
  return problem === null ? { parameters } : { problem }
}

function problemOfCost({ memoryKiB, iterations, parallelism }: HashParameters): string | null {
  if (memoryKiB < MIN_MEMORY_KIB || memoryKiB > MAX_MEMORY_KIB)
    return `must use ${MIN_MEMORY_KIB} to ${MAX_MEMORY_KIB} KiB of memory (m=)`
  if (iterations > MAX_ITERATIONS) return `must take at most ${MAX_ITERATIONS} passes (t=)`
  if (parallelism > MAX_PARALLELISM) return `must use at most ${MAX_PARALLELISM} lanes (p=)`
  if (memoryKiB * iterations < MIN_COST)
    return `is too cheap to guess: memory times passes (m= x t=) must reach ${MIN_COST}`
  return null
}

function problemOf(
  what: string,
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
): string | null {
  const bytes = Buffer.from(text, 'base64')
  if (base64(bytes) !== text) return `must write its ${what} in canonical base64 without padding`
  return bytes.length < min || bytes.length > max ? `must have a ${what} of ${min} to ${max} bytes` : null
}

/** The lengths in this service's own hashes. */
const DECOY_SALT_BYTES = 16
const DECOY_HASH_BYTES = 32

/** A random hash that costs as much to verify as `parameters` say, and that no password matches. */
export function decoyHash(
  { memoryKiB, iterations, parallelism }: HashParameters,
  randomBytes: (length: number) => Uint8Array,
): string {
  const [salt, hash] = [DECOY_SALT_BYTES, DECOY_HASH_BYTES].map((length) => base64(randomBytes(length)))
  return `$argon2id$v=19$m=${memoryKiB},t=${iterations},p=${parallelism}$${salt}$${hash}`
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '')
}
