import { randomUUID } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { ApiError } from '../model/error.js'
import { type LabelSelector, parseLabelSelector } from '../model/label-selector.js'
import { isScope, SCOPES, type Scope } from '../model/scope.js'
import type { Caller } from './caller.js'

/** RFC 9068 section 2.1: keeps an access token apart from every other JWT that the same key may sign. */
const TOKEN_TYPE = 'at+jwt'

/** Seconds by which the clocks of signer and verifier may differ. */
const CLOCK_LEEWAY_SECONDS = 30

/** Characters of `sub` and `jti`: enough for a DN or an address, too few to fill a log line. */
const MAX_NAME_LENGTH = 256

/** Selectors in the `containers` claim. */
const MAX_SELECTORS = 32

/** The last second that RFC 3339 can write (9999-12-31): an `exp` beyond it would never come. */
const LAST_SECOND = 253_402_300_799

export interface TokenSettings {
  readonly algorithm: 'HS256'
  readonly secret: string
  readonly issuer: string
  readonly audience: string
}

export interface TokenRequest {
  readonly subject: string
  readonly scopes: readonly Scope[]
  readonly selectors: readonly string[]
  readonly lifetimeSeconds: number
}

/** Signs an access token (RFC 9068). `now` is in milliseconds since 1970. */
export function signToken(settings: TokenSettings, request: TokenRequest, now: number): string {
  const issuedAt = Math.floor(now / 1000)
  const claims = {
    iss: settings.issuer,
    aud: settings.audience,
    sub: request.subject,
    iat: issuedAt,
    exp: issuedAt + request.lifetimeSeconds,
    jti: randomUUID(),
    scope: request.scopes.join(' '),
    ...(request.selectors.length > 0 ? { containers: request.selectors } : {}),
  }
  return jwt.sign(claims, settings.secret, {
    algorithm: settings.algorithm,
    header: { alg: settings.algorithm, typ: TOKEN_TYPE },
  })
}

/**
 * Believes a token or throws invalid-token; `now` is in milliseconds since 1970. Every fault reads the same to the caller,
 * whatever failed. jsonwebtoken checks signature, algorithm, issuer, audience, `exp` and `nbf`; what it lets pass is checked
 * here: `typ`, `crit`, a missing or endless `exp`, `iat` ahead of time, claims of a wrong type (RFC 8725 section 3, RFC 7515
 * section 4.1.11, RFC 9068 section 4).
 */
export function verifyToken(settings: TokenSettings, token: string, now: number): Caller {
  const seconds = Math.floor(now / 1000)
  const { header, payload } = verifySignature(settings, token, seconds)
  demand(header.typ === TOKEN_TYPE, 'typ is not at+jwt')
  demand(!('crit' in header), 'crit names extensions that nobody here understands')
  demand(typeof payload === 'object' && payload !== null && !Array.isArray(payload), 'the payload is no object')
  const { sub, jti, iat, exp, scope, containers } = payload as Record<string, unknown>
  demand(isName(sub), 'sub is missing or malformed')
  demand(isName(jti), 'jti is missing or malformed')
  demand(isSecond(exp), 'exp is missing or out of range')
  demand(isSecond(iat) && iat <= seconds + CLOCK_LEEWAY_SECONDS, 'iat is missing or in the future')
  demand(typeof scope === 'string', 'scope is missing')
  const selectors = readSelectors(containers)
  return {
    subject: sub,
    tokenId: jti,
    scopes: new Set(scope.split(' ').filter(isScope)),
    selectors,
    visibilityKey: visibilityKeyOf(selectors),
    expiresAt: exp,
  }
}

/** The caller of a service that runs without authentication (AUTH_ENABLED=false, development alone). */
export const ANONYMOUS: Caller = {
  subject: 'anonymous',
  tokenId: 'none',
  scopes: new Set(SCOPES),
  selectors: [],
  visibilityKey: '',
  expiresAt: null,
}

function verifySignature(settings: TokenSettings, token: string, seconds: number): jwt.Jwt {
  try {
    return jwt.verify(token, settings.secret, {
      algorithms: [settings.algorithm],
      issuer: settings.issuer,
      audience: settings.audience,
      clockTolerance: CLOCK_LEEWAY_SECONDS,
      clockTimestamp: seconds,
      complete: true,
    })
  } catch (cause) {
    // A SyntaxError or TypeError from a hostile payload is as much the token's fault as a bad signature.
    throw new ApiError('invalid-token', `token refused: ${cause instanceof Error ? cause.name : 'unknown'}`, { cause })
  }
}

function readSelectors(claim: unknown): readonly LabelSelector[] {
  if (claim === undefined) return []
  demand(
    Array.isArray(claim) && claim.length > 0 && claim.length <= MAX_SELECTORS,
    'containers is no list of selectors',
  )
  return claim.map((text: unknown) => {
    const selector = typeof text === 'string' ? parseLabelSelector(text) : null
    demand(selector !== null, 'containers holds what is no label selector')
    return selector
  })
}

function visibilityKeyOf(selectors: readonly LabelSelector[]): string {
  return selectors.length === 0
    ? ''
    : JSON.stringify(selectors.map(({ key, value }) => (value === null ? [key] : [key, value])).sort())
}

function isName(value: unknown): value is string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
  return typeof value === 'string' && value !== '' && value.length <= MAX_NAME_LENGTH && !/[\x00-\x1f\x7f]/.test(value)
}

function isSecond(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= LAST_SECOND
}

function demand(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new ApiError('invalid-token', `token refused: ${reason}`)
}
