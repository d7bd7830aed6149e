import { createHash, createHmac, createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { secretProblem } from './secret-strength.js'
import type { SettingsReader } from './settings.js'
import type { SecretVariable } from './variables.js'

export const TOKEN_ALGORITHMS = ['HS256', 'RS256', 'ES256', 'PS256'] as const
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number]

/** A key, and the `kid` under which tokens name it. */
export interface TokenKey {
  readonly kid: string
  readonly key: KeyObject
}

export interface TokenConfig {
  /** Fixed by configuration: a token's own header never selects it (RFC 8725 section 3.1). */
  readonly algorithm: TokenAlgorithm
  /** Null if only a public key is configured. */
  readonly signingKey: TokenKey | null
  /** The current key first, then the previous one. */
  readonly verificationKeys: readonly TokenKey[]
  readonly issuer: string
  readonly audience: string
}

/** RFC 7518 section 3.3: an RSA key has at least 2048 bits. */
const MIN_RSA_BITS = 2_048

/** Characters of a secret's `kid`: enough that two secrets of a deployment never share one. */
const SECRET_KID_LENGTH = 16

const SECRET_REMEDY = 'make one with: openssl rand -base64 48'

export const SECRET_VARIABLES = ['JWT_SECRET', 'JWT_SECRET_PREVIOUS'] as const
export const KEY_VARIABLES = ['JWT_PRIVATE_KEY', 'JWT_PUBLIC_KEY', 'JWT_PUBLIC_KEY_PREVIOUS'] as const

/** Named by a keyed hash: RFC 7638 section 7 warns of thumbprints of secrets. */
export function secretKey(secret: string): TokenKey {
  const kid = createHmac('sha256', secret).update('porthole kid').digest('base64url').slice(0, SECRET_KID_LENGTH)
  return { kid, key: createSecretKey(Buffer.from(secret)) }
}

/** Named by its thumbprint (RFC 7638). */
export function publicKid(key: KeyObject): string {
  const { kty, e, n, crv, x, y } = key.export({ format: 'jwk' })
  // Section 3.2: these members alone, in this order.
  const members = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y }
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url')
}

/** The keys in the environment; null if there are none. Each key is for one algorithm (RFC 8725 section 3.1). */
export function readTokenKeys(read: SettingsReader): TokenConfig | null {
  const algorithm = read.oneOf('JWT_ALGORITHM', TOKEN_ALGORITHMS, 'HS256')
  const isSecret = algorithm === 'HS256'
  const foreign = isSecret ? KEY_VARIABLES : SECRET_VARIABLES
  for (const variable of foreign.flatMap((name) => [name, `${name}_FILE`] as const))
    if (read.text(variable) !== undefined)
      read.fault(variable, `is not for JWT_ALGORITHM=${algorithm}`, `unset it, or change JWT_ALGORITHM`)
  const keys = isSecret ? readSecrets(read) : readKeyPair(read, algorithm)
  const rest = { issuer: read.text('JWT_ISSUER') ?? 'porthole', audience: read.text('JWT_AUDIENCE') ?? 'porthole' }
  return keys === null ? null : { algorithm, ...keys, ...rest }
}

type Keys = Pick<TokenConfig, 'signingKey' | 'verificationKeys'>

function readSecrets(read: SettingsReader): Keys | null {
  const current = read.secret('JWT_SECRET')
  const previous = read.secret('JWT_SECRET_PREVIOUS')
  refuseWeakness(read, 'JWT_SECRET', current)
  refuseWeakness(read, 'JWT_SECRET_PREVIOUS', previous)
  if (previous !== undefined && current === previous)
    read.fault(read.sourceOf('JWT_SECRET_PREVIOUS'), 'is the same as JWT_SECRET', 'set the one before it, or unset it')
  if (current === undefined) {
    if (previous !== undefined)
      read.fault(read.sourceOf('JWT_SECRET_PREVIOUS'), 'is set without JWT_SECRET', 'set JWT_SECRET too')
    return null
  }
  const signingKey = secretKey(current)
  return { signingKey, verificationKeys: previous === undefined ? [signingKey] : [signingKey, secretKey(previous)] }
}

function refuseWeakness(read: SettingsReader, variable: SecretVariable, secret: string | undefined): void {
  if (secret === undefined) return
  // A public key used as a secret would let anyone who has it sign tokens (RFC 8725 section 2.1).
  if (secret.includes('-----BEGIN'))
    read.fault(
      read.sourceOf(variable),
      'is a PEM key, which is no secret',
      'use JWT_PRIVATE_KEY with JWT_ALGORITHM=RS256',
    )
  else {
    const problem = secretProblem(secret)
    if (problem !== null) read.fault(read.sourceOf(variable), problem, SECRET_REMEDY)
  }
}

function readKeyPair(read: SettingsReader, algorithm: TokenAlgorithm): Keys | null {
  const privateKey = readKey(read, 'JWT_PRIVATE_KEY', algorithm)
  const given = readKey(read, 'JWT_PUBLIC_KEY', algorithm)
  const previous = readKey(read, 'JWT_PUBLIC_KEY_PREVIOUS', algorithm)
  const derived = privateKey === null ? null : createPublicKey(privateKey)
  if (derived !== null && given !== null && !derived.equals(given))
    read.fault(read.sourceOf('JWT_PUBLIC_KEY'), 'does not belong to JWT_PRIVATE_KEY', 'unset it: it is derived')
  const publicKey = derived ?? given
  if (publicKey === null) {
    if (previous !== null)
      read.fault(read.sourceOf('JWT_PUBLIC_KEY_PREVIOUS'), 'is set without a current key', 'set JWT_PRIVATE_KEY too')
    return null
  }
  if (previous?.equals(publicKey))
    read.fault(read.sourceOf('JWT_PUBLIC_KEY_PREVIOUS'), 'is the same as the current key', 'set the one before it')
  const kid = publicKid(publicKey)
  const verificationKeys = [publicKey, ...(previous === null ? [] : [previous])]
  return {
    signingKey: privateKey === null ? null : { kid, key: privateKey },
    verificationKeys: verificationKeys.map((key) => ({ kid: publicKid(key), key })),
  }
}

/** Null if no key is set, or if it cannot be used. */
function readKey(
  read: SettingsReader,
  variable: (typeof KEY_VARIABLES)[number],
  algorithm: TokenAlgorithm,
): KeyObject | null {
  const pem = read.secret(variable)
  if (pem === undefined) return null
  const source = read.sourceOf(variable)
  const isPrivate = variable === 'JWT_PRIVATE_KEY'
  // A private key in a variable for public ones would be shared like a public key.
  if (!isPrivate && /-----BEGIN [A-Z ]*PRIVATE KEY/.test(pem)) {
    read.fault(source, 'is a private key', 'give its public half: openssl pkey -in key.pem -pubout')
    return null
  }
  try {
    const key = isPrivate ? createPrivateKey(pem) : createPublicKey(pem)
    const problem = keyProblem(key, algorithm)
    if (problem === null) return key
    read.fault(source, problem, remedyFor(algorithm))
  } catch {
    read.fault(source, `is no unencrypted PEM ${isPrivate ? 'private' : 'public'} key`, remedyFor(algorithm))
  }
  return null
}

function keyProblem(
  { asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject,
  algorithm: TokenAlgorithm,
): string | null {
  if (algorithm === 'ES256')
    return type === 'ec' && details?.namedCurve === 'prime256v1' ? null : 'is no key of the curve P-256'
  if (type !== 'rsa') return 'is no RSA key'
  return (details?.modulusLength ?? 0) >= MIN_RSA_BITS ? null : `has fewer than ${MIN_RSA_BITS} bits`
}

function remedyFor(algorithm: TokenAlgorithm): string {
  const options = algorithm === 'ES256' ? 'EC -pkeyopt ec_paramgen_curve:P-256' : 'RSA -pkeyopt rsa_keygen_bits:3072'
  return `make one with: openssl genpkey -algorithm ${options}`
}
