import { z } from 'zod'
import { isLoopback } from '../model/loopback.js'
import { isRole, isScope, ROLES, SCOPES, type Scope } from '../model/scope.js'
import { parseStrictJson } from '../model/strict-json.js'
import type { SettingsReader } from './settings.js'

/** An outside identity provider whose access tokens are accepted. */
export interface ProviderConfig {
  readonly jwksUrl: string
  readonly issuer: string
  readonly audience: string
  readonly algorithms: readonly ProviderAlgorithm[]
  readonly tokenType: 'at+jwt' | 'JWT'
  /** Maps a claim's name, or a dotted path to it, to values, and each value to the scopes that it grants. */
  readonly claimMap: ReadonlyMap<string, ReadonlyMap<string, readonly Scope[]>>
  readonly containersClaim: string
}

const PROVIDER_ALGORITHMS = ['RS256', 'PS256', 'ES256'] as const
type ProviderAlgorithm = (typeof PROVIDER_ALGORITHMS)[number]

/** Claims that are examined, and values of each: the groups of a company, not its directory. */
const MAX_CLAIMS = 32
const MAX_VALUES = 256

const NEED_URL = [
  'JWKS_ISSUER',
  'JWKS_AUDIENCE',
  'JWKS_ALGORITHMS',
  'JWKS_TOKEN_TYPE',
  'JWKS_CLAIM_MAP',
  'JWKS_CONTAINERS_CLAIM',
] as const

/** The default map: the claim `scope` names our scopes themselves (RFC 9068 section 2.2.3). */
const OWN_SCOPES: ProviderConfig['claimMap'] = new Map([['scope', new Map(SCOPES.map((scope) => [scope, [scope]]))]])

/** Null if JWKS_URL is not set. */
export function readProvider(read: SettingsReader): ProviderConfig | null {
  const jwksUrl = read.text('JWKS_URL')
  if (jwksUrl === undefined) {
    for (const variable of NEED_URL)
      if (read.text(variable) !== undefined)
        read.fault(variable, 'is set without JWKS_URL', 'set JWKS_URL, or unset it')
    return null
  }
  refuseUrl(read, jwksUrl)
  return {
    jwksUrl,
    issuer: required(read, 'JWKS_ISSUER', "set it to the provider's iss claim"),
    audience: required(read, 'JWKS_AUDIENCE', 'set it to what the provider calls this service in aud'),
    algorithms: readAlgorithms(read),
    tokenType: read.oneOf('JWKS_TOKEN_TYPE', ['at+jwt', 'JWT'], 'at+jwt'),
    claimMap: readClaimMap(read),
    containersClaim: read.text('JWKS_CONTAINERS_CLAIM') ?? 'containers',
  }
}

/** Demands https: an attacker who can change the keys in transit can sign any token. */
function refuseUrl(read: SettingsReader, text: string): void {
  const remedy = 'use https://HOST/PATH; http:// only to this machine'
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null) read.fault('JWKS_URL', 'is no URL', remedy)
  else if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))
    read.fault('JWKS_URL', 'is not https', remedy)
  else if (url.username !== '' || url.password !== '')
    read.fault('JWKS_URL', 'holds credentials', 'take them out: keys are public')
  else if (url.hash !== '') read.fault('JWKS_URL', 'has a fragment', remedy)
}

function required(read: SettingsReader, variable: 'JWKS_ISSUER' | 'JWKS_AUDIENCE', remedy: string): string {
  const value = read.text(variable)
  if (value === undefined) read.fault(variable, 'is missing, which JWKS_URL needs', remedy)
  return value ?? ''
}

function readAlgorithms(read: SettingsReader): readonly ProviderAlgorithm[] {
  const words = (read.text('JWKS_ALGORITHMS') ?? 'RS256').split(',').map((word) => word.trim())
  const known = PROVIDER_ALGORITHMS.filter((algorithm) => words.includes(algorithm))
  if (known.length < new Set(words).size)
    read.fault('JWKS_ALGORITHMS', 'names what is not accepted', `use some of: ${PROVIDER_ALGORITHMS.join(', ')}`)
  return known
}

const CLAIM_MAP = z.record(z.string().min(1), z.record(z.string().min(1), z.string()))

function readClaimMap(read: SettingsReader): ProviderConfig['claimMap'] {
  const text = read.text('JWKS_CLAIM_MAP')
  if (text === undefined) return OWN_SCOPES
  const parsed = CLAIM_MAP.safeParse(parseStrictJson(text)?.value)
  const example = 'use JSON such as {"groups":{"ops":"operator","sec":"security:read audit:read"}}'
  const fault = (problem: string, remedy = example) => read.fault('JWKS_CLAIM_MAP', problem, remedy)
  if (!parsed.success) {
    fault('is no JSON object of claims, values and scopes')
    return OWN_SCOPES
  }
  const claims = Object.entries(parsed.data)
  if (claims.length === 0) fault('maps nothing')
  if (claims.length > MAX_CLAIMS) fault(`names more than ${MAX_CLAIMS} claims`)
  if (claims.some(([, values]) => Object.keys(values).length === 0)) fault('names a claim without values')
  if (claims.some(([, values]) => Object.keys(values).length > MAX_VALUES)) fault(`maps more than ${MAX_VALUES} values`)
  const map = new Map(
    claims.map(([claim, values]) => [
      claim,
      new Map(Object.entries(values).map(([value, words]) => [value, scopesOf(words)])),
    ]),
  )
  if ([...map.values()].some((values) => [...values.values()].includes(null)))
    fault('names an unknown role or scope', `use: ${[...Object.keys(ROLES), ...SCOPES].join(' ')}`)
  return map as ProviderConfig['claimMap']
}

/** Null if a word is neither a role nor a scope, or if there is no word. */
function scopesOf(words: string): readonly Scope[] | null {
  const scopes = words.split(/\s+/).flatMap((word): readonly (Scope | null)[] => {
    if (isRole(word)) return ROLES[word]
    return [isScope(word) ? word : null]
  })
  return scopes.includes(null) ? null : [...new Set(scopes as Scope[])]
}
