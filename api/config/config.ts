import { isAbsolute } from 'node:path'
import { ACCESS_TOKEN_TTL, type AuthConfig, readAuth, readSigningKeys, refuseUnguarded } from './auth-config.js'
import { resolveEndpoint } from './docker-host.js'
import { type HostConfig, parseHosts } from './hosts-file.js'
import { type NetworkConfig, readNetwork } from './network.js'
import { type ConfigFault, type ConfigFiles, SettingsReader } from './settings.js'
import type { TokenConfig } from './token-keys.js'

export type { AuthConfig } from './auth-config.js'
export type { HostConfig } from './hosts-file.js'
export type { ConfigFault, ConfigFiles } from './settings.js'

/** The whole configuration, checked. Durations are in milliseconds. */
export interface Config {
  readonly environment: Environment
  readonly listen: { readonly host: string; readonly port: number }
  readonly logLevel: LogLevel
  /** Null where AUTH_ENABLED=false. */
  readonly auth: AuthConfig | null
  readonly hosts: readonly HostConfig[]
  readonly limits: {
    readonly windowMs: number
    readonly general: number
    readonly stats: number
    /** Failed sign-ins. */
    readonly login: number
  }
  readonly network: NetworkConfig
  readonly audit: AuditConfig
  readonly sampling: SamplingConfig
  readonly logs: {
    /** Whether secrets are taken out of the lines of containers' logs. */
    readonly scrub: boolean
  }
}

export interface SamplingConfig {
  /** Between two readings of a container that nobody watches. */
  readonly intervalMs: number
  /** How far back readings are kept. */
  readonly historyMs: number
}

export interface AuditConfig {
  readonly destination: { readonly kind: 'stdout' } | { readonly kind: 'file'; readonly path: string }
  /** What becomes of a request whose record cannot be written. */
  readonly onFailure: 'refuse' | 'serve'
}

const ENVIRONMENTS = ['production', 'development', 'test'] as const
type Environment = (typeof ENVIRONMENTS)[number] | 'unset'

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
type LogLevel = (typeof LOG_LEVELS)[number]

/** The host of a fleet of one. */
const SINGLE_HOST_ID = 'local'

/** Samples of one container in the window: a day at the usual interval, some 400 KB (docs/performance.md). */
const MAX_HISTORY_SAMPLES = 8_640

/** A limit beyond this is none; it still is a number that express-rate-limit counts with. */
const MAX_RATE_LIMIT = 1_000_000_000

/** Guesses at passwords in one window: beyond this there is no limit to speak of. */
const MAX_LOGIN_LIMIT = 1_000

/** What this version reads. docs/configuration.md has a row for each. */
export const VARIABLES = [
  'NODE_ENV',
  'HOST',
  'PORT',
  'LOG_LEVEL',
  'AUTH_ENABLED',
  'JWT_ALGORITHM',
  'JWT_SECRET',
  'JWT_SECRET_FILE',
  'JWT_SECRET_PREVIOUS',
  'JWT_SECRET_PREVIOUS_FILE',
  'JWT_PRIVATE_KEY',
  'JWT_PRIVATE_KEY_FILE',
  'JWT_PUBLIC_KEY',
  'JWT_PUBLIC_KEY_FILE',
  'JWT_PUBLIC_KEY_PREVIOUS',
  'JWT_PUBLIC_KEY_PREVIOUS_FILE',
  'JWT_ISSUER',
  'JWT_AUDIENCE',
  'ACCESS_TOKEN_TTL',
  'REFRESH_TOKEN_TTL',
  'USERS_FILE',
  'REVOKED_TOKENS_FILE',
  'JWKS_URL',
  'JWKS_ISSUER',
  'JWKS_AUDIENCE',
  'JWKS_ALGORITHMS',
  'JWKS_TOKEN_TYPE',
  'JWKS_CLAIM_MAP',
  'JWKS_CONTAINERS_CLAIM',
  'DOCKER_HOST',
  'DOCKER_PORT',
  'DOCKER_TLS_VERIFY',
  'DOCKER_CA_PATH',
  'DOCKER_CERT_PATH',
  'DOCKER_KEY_PATH',
  'HOSTS_FILE',
  'RATE_LIMIT_WINDOW',
  'RATE_LIMIT_GENERAL',
  'RATE_LIMIT_STATS',
  'RATE_LIMIT_LOGIN',
  'TRUST_PROXY',
  'IP_ALLOWLIST',
  'CORS_ORIGINS',
  'AUDIT_LOG',
  'AUDIT_ON_FAILURE',
  'SAMPLE_INTERVAL',
  'HISTORY_WINDOW',
  'LOG_REDACTION',
] as const

/** Settings of the contract that a later version reads. Ignoring one would leave a guard open that its owner takes for closed. */
const NOT_YET = ['REDIS_URL', 'REDIS_URL_FILE', 'ALERT_WEBHOOK_URL', 'ALERT_WEBHOOK_URL_FILE'] as const

type Loaded<T> = { readonly config: T; readonly faults?: never } | { readonly faults: readonly ConfigFault[] }
type RawEnvironment = Readonly<Record<string, string | undefined>>

/** Environment -> configuration, or every fault at once. `now` (milliseconds since 1970) decides whether certificates hold. */
export function loadConfig(environment: RawEnvironment, files: ConfigFiles, now: number): Loaded<Config> {
  const read = new SettingsReader(environment, files)
  const mode = read.text('NODE_ENV') === undefined ? 'unset' : read.oneOf('NODE_ENV', ENVIRONMENTS, 'production')
  const host = read.text('HOST') ?? '127.0.0.1'
  const authEnabled = read.flag('AUTH_ENABLED', mode !== 'development')
  if (!authEnabled) refuseOpenDoors(read, mode, host)
  const config: Config = {
    environment: mode,
    listen: { host, port: read.wholeNumber('PORT', { min: 0, max: 65_535, fallback: 3000 }) },
    logLevel: read.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    auth: authEnabled ? readAuth(read, files) : null,
    hosts: readHosts(read, files, now),
    limits: {
      windowMs: read.duration('RATE_LIMIT_WINDOW', { min: '1s', max: '24h', fallback: '15m' }),
      general: read.wholeNumber('RATE_LIMIT_GENERAL', { min: 1, max: MAX_RATE_LIMIT, fallback: 100 }),
      stats: read.wholeNumber('RATE_LIMIT_STATS', { min: 1, max: MAX_RATE_LIMIT, fallback: 10 }),
      login: read.wholeNumber('RATE_LIMIT_LOGIN', { min: 1, max: MAX_LOGIN_LIMIT, fallback: 10 }),
    },
    network: readNetwork(read, !authEnabled),
    audit: readAudit(read, files),
    sampling: readSampling(read),
    logs: { scrub: read.flag('LOG_REDACTION', true) },
  }
  refuseUnknown(read)
  return read.faults.length > 0 ? { faults: read.faults } : { config }
}

export interface SigningConfig {
  readonly token: TokenConfig
  readonly accessTokenTtlMs: number
}

/** What `porthole token create` needs: the signing side alone, so that it runs where no engine is configured. */
export function loadSigningConfig(environment: RawEnvironment, files: ConfigFiles): Loaded<SigningConfig> {
  const read = new SettingsReader(environment, files)
  const token = readSigningKeys(read)
  const accessTokenTtlMs = read.duration('ACCESS_TOKEN_TTL', ACCESS_TOKEN_TTL)
  refuseUnknown(read)
  return read.faults.length > 0 || token === null ? { faults: read.faults } : { config: { token, accessTokenTtlMs } }
}

/** Text for a terminal: one line a fault. */
export function describeFaults(faults: readonly ConfigFault[]): string {
  return faults.map(({ variable, problem, remedy }) => `  ${variable} ${problem}: ${remedy}`).join('\n')
}

/** Loopback addresses, as a listener may be told to bind to them. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

function refuseUnknown(read: SettingsReader): void {
  for (const variable of NOT_YET)
    if (read.text(variable) !== undefined)
      read.fault(variable, 'is not supported by this version', 'unset it; docs/configuration.md lists what is')
  read.refuseNearMisses(new Set<string>([...VARIABLES, ...NOT_YET]))
}

function refuseOpenDoors(read: SettingsReader, mode: Environment, host: string): void {
  if (mode !== 'development')
    read.fault('AUTH_ENABLED', 'is false outside of NODE_ENV=development', 'set AUTH_ENABLED=true and a JWT_SECRET')
  if (!isLoopback(host))
    read.fault('HOST', 'is no loopback address while authentication is off', 'use 127.0.0.1, or AUTH_ENABLED=true')
  refuseUnguarded(read)
}

function readAudit(read: SettingsReader, files: ConfigFiles): AuditConfig {
  const onFailure = read.oneOf('AUDIT_ON_FAILURE', ['refuse', 'serve'], 'refuse')
  const path = read.text('AUDIT_LOG')
  if (path === undefined || path === 'stdout') return { destination: { kind: 'stdout' }, onFailure }
  if (!isAbsolute(path)) read.fault('AUDIT_LOG', 'is neither stdout nor an absolute path', 'begin it with a slash')
  else if (files.isDirectory(path)) read.fault('AUDIT_LOG', 'names a directory', 'name a file in it')
  return { destination: { kind: 'file', path }, onFailure }
}

function readSampling(read: SettingsReader): SamplingConfig {
  const intervalMs = read.duration('SAMPLE_INTERVAL', { min: '1s', max: '10m', fallback: '10s' })
  const historyMs = read.duration('HISTORY_WINDOW', { min: '1m', max: '24h', fallback: '1h' })
  if (historyMs > intervalMs * MAX_HISTORY_SAMPLES)
    read.fault(
      'HISTORY_WINDOW',
      `holds more than ${MAX_HISTORY_SAMPLES} samples of a container`,
      'shorten it, or raise SAMPLE_INTERVAL',
    )
  return { intervalMs, historyMs }
}

/** The environment's settings of one engine: all of them stand in HOSTS_FILE where there is one. */
const SINGLE_HOST_VARIABLES = [
  'DOCKER_HOST',
  'DOCKER_PORT',
  'DOCKER_TLS_VERIFY',
  'DOCKER_CA_PATH',
  'DOCKER_CERT_PATH',
  'DOCKER_KEY_PATH',
]

function readHostsFile(read: SettingsReader, path: string, files: ConfigFiles, now: number): readonly HostConfig[] {
  for (const variable of SINGLE_HOST_VARIABLES)
    if (read.text(variable) !== undefined)
      read.fault(variable, 'is set together with HOSTS_FILE', 'name that engine in the file, and unset it')
  let text: string
  try {
    text = files.readFile(path)
  } catch {
    read.fault('HOSTS_FILE', 'names a file that cannot be read', 'check the path and its permissions')
    return []
  }
  if (files.isWritableByAll(path))
    read.fault('HOSTS_FILE', 'names a file that every user may write', 'take that right away: chmod o-w')
  const machine = { readFile: files.readFile, isDirectory: files.isDirectory, now }
  const { hosts, problems } = parseHosts(text, machine)
  for (const problem of problems ?? [])
    read.fault('HOSTS_FILE', 'is refused', `${problem}; docs/configuration.md shows the file`)
  return hosts ?? []
}

function readHosts(read: SettingsReader, files: ConfigFiles, now: number): readonly HostConfig[] {
  const hostsFile = read.text('HOSTS_FILE')
  if (hostsFile !== undefined) return readHostsFile(read, hostsFile, files, now)
  if (read.text('DOCKER_TLS') !== undefined && read.text('DOCKER_TLS_VERIFY') === undefined)
    read.fault('DOCKER_TLS', 'asks for TLS without verifying the engine', 'set DOCKER_TLS_VERIFY=1 and unset it')
  if (read.text('DOCKER_CONTEXT') !== undefined && read.text('DOCKER_HOST') === undefined)
    read.fault('DOCKER_CONTEXT', 'is not read', "set DOCKER_HOST to that context's endpoint and unset it")
  const resolved = resolveEndpoint(
    {
      dockerHost: read.text('DOCKER_HOST'),
      dockerPort: read.text('DOCKER_PORT'),
      tlsVerify: read.text('DOCKER_TLS_VERIFY'),
      caPath: read.text('DOCKER_CA_PATH'),
      certPath: read.text('DOCKER_CERT_PATH'),
      keyPath: read.text('DOCKER_KEY_PATH'),
    },
    (path) => files.readFile(path),
    (path) => files.isDirectory(path),
    now,
  )
  if ('faults' in resolved) {
    for (const { variable, problem, remedy } of resolved.faults) read.fault(variable, problem, remedy)
    return []
  }
  return [{ id: SINGLE_HOST_ID, endpoint: resolved.endpoint, labels: {} }]
}
