import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import jwt from 'jsonwebtoken'
import type { TokenConfig, TokenKey } from '../config/token-keys.js'
import { ApiError } from '../model/error.js'
import { isJsonObject } from '../model/json-object.js'
import { isScope, SCOPES, type Scope } from '../model/scope.js'
import { parseStrictJson } from '../model/strict-json.js'
import type { Caller } from './caller.js'
import { CLOCK_LEEWAY_SECONDS, demand, isName, readIdentity, readSelectors, visibilityKeyOf } from './claims.js'

/** RFC 9068 section 2.1: distinguishes an access token from every other JWT that the same key may sign. */
const TOKEN_TYPE = 'at+jwt'

/** RFC 9068 section 4: the two spellings that a resource server accepts. */
const TOKEN_TYPES: readonly unknown[] = [TOKEN_TYPE, `application/${TOKEN_TYPE}`]

/**
 * Header members that name a key from outside, change what is signed, or wrap another token (RFC 8725 section 3.10, RFC 7515
 * sections 4.1.2 to 4.1.11). Our tokens have none of them, so a token with one is an attack.
 */
export const REFUSED_HEADER_MEMBERS = ['jku', 'jwk', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'enc', 'cty']

/** RFC 9068 section 2.2 asks for the client that the token was issued to; Porthole is its own. */
const CLIENT_ID = 'porthole'

export interface TokenRequest {
  readonly subject: string
  readonly scopes: readonly Scope[]
  /** Label selectors, each `key` or `key=value`. */
  readonly selectors: readonly string[]
  readonly lifetimeSeconds: number
  /** The sign-in that the token belongs to and ends with. */
  readonly sessionId?: string
}

/** Signs an access token (RFC 9068). `now` is in milliseconds since 1970. Throws if no signing key is configured. */
export function signToken(settings: TokenConfig, request: TokenRequest, now: number): string {
  if (settings.signingKey === null) throw new Error('no signing key is configured')
  const { kid, key } = settings.signingKey
  const issuedAt = Math.floor(now / 1000)
  const claims = {
    iss: settings.issuer,
    aud: settings.audience,
    sub: request.subject,
    client_id: CLIENT_ID,
    iat: issuedAt,
    exp: issuedAt + request.lifetimeSeconds,
    jti: randomUUID(),
    scope: request.scopes.join(' '),
    ...(request.sessionId === undefined ? {} : { sid: request.sessionId }),
    ...(request.selectors.length > 0 ? { containers: request.selectors } : {}),
  }
  return jwt.sign(claims, key, {
    algorithm: settings.algorithm,
    header: { alg: settings.algorithm, typ: TOKEN_TYPE, kid },
  })
}

/**
 * Verifies a token or throws invalid-token; `now` is in milliseconds since 1970. Every fault reads the same to the caller.
 * jsonwebtoken checks signature, algorithm, issuer, audience, `exp` and `nbf`. What it lets pass is checked here: encoding,
 * `typ`, `kid`, header members that bring a key along, duplicate names, a missing or endless `exp`, `iat` in the future,
 * claims of a wrong type (RFC 8725 section 3, RFC 7515 section 4.1, RFC 7519 section 4, RFC 9068 section 4).
 */
export function verifyToken(settings: TokenConfig, token: string, now: number): Caller {
  const seconds = Math.floor(now / 1000)
  const [header, payload, signature] = partsOf(token)
  const keys = keysFor(settings, readObject(header, 'header'))
  demand(isCanonical(signature), 'the signature is not canonical base64url')
  verifySignature(settings, keys, token, seconds)
  const claims = readObject(payload, 'payload')
  const { sub, jti, exp } = readIdentity(claims, seconds)
  const { scope, sid, containers } = claims
  demand(typeof scope === 'string', 'scope is missing')
  demand(sid === undefined || isName(sid), 'sid is malformed')
  const selectors = readSelectors(containers)
  return {
    subject: sub,
    issuer: settings.issuer,
    tokenId: jti,
    sessionId: sid ?? null,
    scopes: new Set(scope.split(' ').filter(isScope)),
    selectors,
    visibilityKey: visibilityKeyOf(selectors),
    expiresAt: exp,
  }
}

/** The caller of a service that runs without authentication (AUTH_ENABLED=false, in development only). */
export const ANONYMOUS: Caller = {
  subject: 'anonymous',
  issuer: 'none',
  tokenId: 'none',
  sessionId: null,
  scopes: new Set(SCOPES),
  selectors: [],
  visibilityKey: '',
  expiresAt: null,
}

function partsOf(token: string): [string, string, string] {
  const [header = '', payload = '', signature = '', ...more] = token.split('.')
  demand(signature !== '' && more.length === 0, 'not three parts')
  return [header, payload, signature]
}

function readObject(part: string, what: string): Readonly<Record<string, unknown>> {
  demand(isCanonical(part), `the ${what} is not canonical base64url`)
  const bytes = Buffer.from(part, 'base64url')
  // RFC 8725 section 3.7.
  demand(isUtf8(bytes), `the ${what} is not UTF-8`)
  const json = parseStrictJson(bytes.toString('utf8'))
  demand(json !== null, `the ${what} is no unambiguous JSON`)
  const { value } = json
  demand(isJsonObject(value), `the ${what} is no object`)
  return value
}

/** Accepts only the canonical encoding. Several spellings decode to the same bytes, but a signed token has one text. */
export function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part
}

/** The key that the header names, or all keys if it names none. A `kid` is only compared, never used to look anything up. */
function keysFor(settings: TokenConfig, header: Readonly<Record<string, unknown>>): readonly TokenKey[] {
  demand(header['alg'] === settings.algorithm, 'alg is not the one that is configured')
  demand(TOKEN_TYPES.includes(header['typ']), 'typ is not at+jwt')
  for (const member of REFUSED_HEADER_MEMBERS) demand(!Object.hasOwn(header, member), `the header has ${member}`)
  if (!Object.hasOwn(header, 'kid')) return settings.verificationKeys
  const named = settings.verificationKeys.filter(({ kid }) => kid === header['kid'])
  demand(named.length > 0, 'kid names no key')
  return named
}

function verifySignature(settings: TokenConfig, keys: readonly TokenKey[], token: string, seconds: number): void {
  let fault: unknown = null
  for (const { key } of keys) {
    try {
      jwt.verify(token, key, {
        algorithms: [settings.algorithm],
        issuer: settings.issuer,
        audience: settings.audience,
        clockTolerance: CLOCK_LEEWAY_SECONDS,
        clockTimestamp: seconds,
      })
      return
    } catch (error) {
      // A hostile payload can cause a SyntaxError or TypeError. That is a fault of the token, like a bad signature.
      fault = error
    }
  }
  const name = fault instanceof Error ? `${fault.name} ${OWN_WORDS.exec(fault.message)?.[0] ?? ''}` : 'no key'
  throw new ApiError('invalid-token', `token refused: ${name.trim()}`)
}

/** The part of jsonwebtoken's messages that is its own. What follows may be the token's text. */
const OWN_WORDS = /^(?:invalid signature|jwt expired|jwt not active|jwt issuer invalid|jwt audience invalid)/
