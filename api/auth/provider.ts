import { isUtf8 } from 'node:buffer'
import type { JWTVerifyOptions } from 'jose'
import type { Clock } from '../clock.js'
import type { ProviderConfig } from '../config/provider-config.js'
import { ApiError } from '../model/error.js'
import { isJsonObject } from '../model/json-object.js'
import type { Scope } from '../model/scope.js'
import { parseStrictJson } from '../model/strict-json.js'
import type { OutsideProvider } from './authenticator.js'
import type { Caller } from './caller.js'
import { CLOCK_LEEWAY_SECONDS, demand, isName, readIdentity, readSelectors, visibilityKeyOf } from './claims.js'
import { isCanonical, REFUSED_HEADER_MEMBERS } from './token.js'

/** A caller waits for this. A provider that takes longer counts as down. */
const FETCH_TIMEOUT_MS = 5_000

/** Bytes of a key set: the largest providers publish a dozen keys, some with certificates. */
const MAX_JWKS_BYTES = 256 * 1024

/** A removed key is accepted for at most this time, plus the time that the authenticator caches a token. */
const CACHE_MAX_AGE_MS = 5 * 60_000

/** An unknown `kid` may be a new key or an invented one, so the provider is asked at most this often. */
const COOLDOWN_MS = 30_000

/** After a failure the provider is not asked for this long, however many tokens come in. */
const FAILURE_COOLDOWN_MS = 5_000

/** A failing provider is logged at most this often. */
const LOG_INTERVAL_MS = 60_000

/** Levels in a dotted path into the claims. */
const MAX_PATH_DEPTH = 8

export interface ProviderParts {
  readonly clock: Clock
  readonly log: { warn(fields: object, message: string): void }
}

/**
 * Verifies access tokens of an outside identity provider with the keys that it publishes (RFC 7517). The address of the keys is
 * configured, never read from a token. While the provider is unreachable and no key is cached, all its tokens are refused.
 */
export class Provider implements OutsideProvider {
  readonly #settings: ProviderConfig
  readonly #clock: Clock
  readonly #fetch: Fetch
  #verifier: Promise<Verifier> | null = null

  constructor(settings: ProviderConfig, { clock, log }: ProviderParts) {
    this.#settings = settings
    this.#clock = clock
    this.#fetch = boundedFetch(clock, log)
  }

  /** Reads the payload before it is verified: this only selects the verifier (RFC 8725 section 3.8). */
  isAddressed(token: string): boolean {
    const payload = objectIn(token.split('.')[1] ?? '')
    return payload?.['iss'] === this.#settings.issuer
  }

  /** Throws invalid-token for every kind of failure. */
  async verify(token: string): Promise<Caller> {
    const seconds = Math.floor(this.#clock.now() / 1000)
    const [header, payload, signature, ...more] = token.split('.')
    demand(signature !== undefined && signature !== '' && more.length === 0, 'not three parts')
    demand(isCanonical(signature), 'the signature is not canonical base64url')
    this.#checkHeader(objectIn(header ?? ''))
    await this.#checkSignature(token)
    const claims = objectIn(payload ?? '')
    demand(claims !== null, 'the payload is no unambiguous JSON object')
    const { sub, jti, exp } = readIdentity(claims, seconds)
    const { claimMap, containersClaim, issuer } = this.#settings
    const selectors = readSelectors(claimAt(claims, containersClaim))
    return {
      subject: sub,
      issuer,
      tokenId: jti,
      sessionId: null,
      scopes: scopesIn(claims, claimMap),
      selectors,
      visibilityKey: visibilityKeyOf(selectors),
      expiresAt: exp,
    }
  }

  #checkHeader(header: Readonly<Record<string, unknown>> | null): void {
    demand(header !== null, 'the header is no unambiguous JSON object')
    const { algorithms, tokenType } = this.#settings
    demand(
      algorithms.some((algorithm) => algorithm === header['alg']),
      'alg is none of those that are configured',
    )
    demand(isType(header['typ'], tokenType), `typ is not ${tokenType}`)
    demand(isName(header['kid']), 'kid is missing or malformed')
    for (const member of REFUSED_HEADER_MEMBERS) demand(!Object.hasOwn(header, member), `the header has ${member}`)
  }

  async #checkSignature(token: string): Promise<void> {
    const { algorithms, issuer, audience, jwksUrl } = this.#settings
    this.#verifier ??= loadVerifier(jwksUrl, this.#fetch)
    const { verify } = await this.#verifier
    const expected = { algorithms: [...algorithms], issuer, audience, clockTolerance: CLOCK_LEEWAY_SECONDS }
    try {
      await verify(token, { ...expected, currentDate: new Date(this.#clock.now()) })
    } catch (error) {
      const code = (error as { code?: unknown } | null)?.code
      throw new ApiError('invalid-token', `token refused: ${typeof code === 'string' ? code : 'no key to verify with'}`)
    }
  }
}

interface Verifier {
  verify(token: string, options: JWTVerifyOptions): Promise<unknown>
}

/** Loads jose with the first token: it would take a tenth of the start, and most services have no outside provider. */
async function loadVerifier(jwksUrl: string, fetch: Fetch): Promise<Verifier> {
  const { createRemoteJWKSet, customFetch, jwtVerify } = await import('jose')
  const options = { cacheMaxAge: CACHE_MAX_AGE_MS, cooldownDuration: COOLDOWN_MS, [customFetch]: fetch }
  const keys = createRemoteJWKSet(new URL(jwksUrl), options)
  return { verify: (token, expected) => jwtVerify(token, keys, expected) }
}

/** RFC 9068 section 4 has two spellings of its type; RFC 7519 section 5.1 recommends JWT in upper case and does not insist. */
function isType(typ: unknown, wanted: 'at+jwt' | 'JWT'): boolean {
  if (wanted === 'at+jwt') return typ === 'at+jwt' || typ === 'application/at+jwt'
  return typeof typ === 'string' && typ.toUpperCase() === 'JWT'
}

/** Null if the part is not canonical base64url of an unambiguous JSON object. */
function objectIn(part: string): Readonly<Record<string, unknown>> | null {
  if (!isCanonical(part)) return null
  const bytes = Buffer.from(part, 'base64url')
  const json = isUtf8(bytes) ? parseStrictJson(bytes.toString('utf8')) : null
  return json !== null && isJsonObject(json.value) ? json.value : null
}

function scopesIn(claims: Readonly<Record<string, unknown>>, claimMap: ProviderConfig['claimMap']): Set<Scope> {
  const scopes = new Set<Scope>()
  for (const [claim, values] of claimMap)
    for (const word of wordsOf(claimAt(claims, claim))) for (const scope of values.get(word) ?? []) scopes.add(scope)
  return scopes
}

/** The words of a string claim, or the strings of a list claim. A claim of any other type has no values. */
function wordsOf(claim: unknown): readonly string[] {
  if (typeof claim === 'string') return claim.split(' ')
  return Array.isArray(claim) ? claim.filter((element) => typeof element === 'string') : []
}

/** Looks up the whole name first, since names may hold dots, then the path. Inherited properties are not claims. */
function claimAt(claims: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  let at: unknown = claims
  for (const name of path.split('.', MAX_PATH_DEPTH)) {
    if (!isJsonObject(at) || !Object.hasOwn(at, name)) return undefined
    at = at[name]
  }
  return at
}

type Fetch = (url: string, options: RequestInit) => Promise<Response>

/** A fetch that follows no redirect, reads at most MAX_JWKS_BYTES, and leaves a provider alone that has just failed. */
function boundedFetch(clock: Clock, log: ProviderParts['log']): Fetch {
  let failedAt = Number.NEGATIVE_INFINITY
  let loggedAt = Number.NEGATIVE_INFINITY
  return async (url, options) => {
    // A monotonic clock, because this only spaces the attempts.
    const started = performance.now()
    if (started - failedAt < FAILURE_COOLDOWN_MS) throw new Error('the provider failed a moment ago')
    const deadline = new AbortController()
    const cancelDeadline = clock.after(FETCH_TIMEOUT_MS, () => deadline.abort(TIMED_OUT))
    try {
      // In place of jose's own signal, which goes by a clock that no test can pass.
      const answer = await fetch(url, { ...options, redirect: 'error', signal: deadline.signal })
      if (answer.status !== 200) throw new Error(`status ${answer.status}`)
      const body = await readBounded(answer)
      const { keys } = JSON.parse(body) as { keys?: unknown }
      if (!Array.isArray(keys)) throw new Error('no key set')
      return new Response(body, { status: 200 })
    } catch (error) {
      failedAt = performance.now()
      if (failedAt - loggedAt >= LOG_INTERVAL_MS) {
        loggedAt = failedAt
        log.warn(
          { err: error },
          'the keys of JWKS_URL cannot be read: once the cached ones are too old, all its tokens are refused',
        )
      }
      throw error
    } finally {
      cancelDeadline()
    }
  }
}

/** As AbortSignal.timeout has it, which jose knows by its name. */
const TIMED_OUT = new DOMException('the provider did not answer in time', 'TimeoutError')

async function readBounded(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length
    // Leaving the loop cancels the rest of the body.
    if (bytes > MAX_JWKS_BYTES) throw new Error(`more than ${MAX_JWKS_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
