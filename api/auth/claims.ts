import { hasControlCharacter } from '../model/control-character.js'
import { ApiError } from '../model/error.js'
import { type LabelSelector, parseLabelSelector } from '../model/label-selector.js'

/** How many seconds the clocks of signer and verifier may differ. */
export const CLOCK_LEEWAY_SECONDS = 30

/** Characters of `sub` and `jti`: enough for a DN or an address, too few to fill a log line. */
const MAX_NAME_LENGTH = 256

/** Selectors in the `containers` claim. */
const MAX_SELECTORS = 32

/** The last second that RFC 3339 can write (9999-12-31). A token with a later `exp` would never expire. */
const LAST_SECOND = 253_402_300_799

export interface IdentityClaims {
  readonly sub: string
  readonly jti: string
  readonly exp: number
}

/**
 * Checks the claims that every access token carries, from any issuer (RFC 9068 section 2.2), and their types. `seconds` is the
 * time now, since 1970. Throws invalid-token.
 */
export function readIdentity(claims: Readonly<Record<string, unknown>>, seconds: number): IdentityClaims {
  const { sub, jti, iat, exp } = claims
  demand(isName(sub), 'sub is missing or malformed')
  demand(isName(jti), 'jti is missing or malformed')
  demand(isSecond(exp), 'exp is missing or out of range')
  demand(isSecond(iat) && iat <= seconds + CLOCK_LEEWAY_SECONDS, 'iat is missing or in the future')
  return { sub, jti, exp }
}

/** The `containers` claim: absent, or one to 32 label selectors. */
export function readSelectors(claim: unknown): readonly LabelSelector[] {
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

/** Equal for callers who see the same containers; empty for callers who see all. */
export function visibilityKeyOf(selectors: readonly LabelSelector[]): string {
  return selectors.length === 0
    ? ''
    : JSON.stringify(selectors.map(({ key, value }) => (value === null ? [key] : [key, value])).sort())
}

export function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_NAME_LENGTH && !hasControlCharacter(value)
}

function isSecond(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= LAST_SECOND
}

/** Refuses a token. Every fault reads the same to the caller; `reason` goes to the log and the audit alone. */
export function demand(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new ApiError('invalid-token', `token refused: ${reason}`)
}
