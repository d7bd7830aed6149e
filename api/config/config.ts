import { isAbsolute } from 'node:path'
import { isLoopback } from '../model/loopback.js'
import { ACCESS_TOKEN_TTL, type AuthConfig, readAuth, readSigningKeys, refuseUnguarded } from './auth-config.js'
import { readHosts } from './host-config.js'
import type { HostConfig } from './hosts-file.js'
import { type NetworkConfig, readNetwork } from './network.js'
import { type ConfigFault, type ConfigFiles, SettingsReader } from './settings.js'
import type { TokenConfig } from './token-keys.js'
import { NOT_YET, VARIABLES } from './variables.js'

export type { AuthConfig } from './auth-config.js'
export type { HostConfig } from './hosts-file.js'
export type { NetworkConfig } from './network.js'
export type { ConfigFault, ConfigFiles } from './settings.js'
export { VARIABLES } from './variables.js'

/** The whole, valid configuration. Durations are in milliseconds. */
export interface Config {
  readonly environment: Environment
  readonly listen: { readonly host: string; readonly port: number }
  readonly logLevel: LogLevel
  /** Null if AUTH_ENABLED=false. */
  readonly auth: AuthConfig | null
  readonly hosts: readonly HostConfig[]
  readonly limits: LimitConfig
  readonly network: NetworkConfig
  readonly audit: AuditConfig
  readonly sampling: SamplingConfig
  readonly logs: {
    /** Whether secrets in containers' logs are redacted. */
    readonly scrub: boolean
  }
}

/** How much one caller may do in one window. */
export interface LimitConfig {
  readonly windowMs: number
  /** Requests. */
  readonly general: number
  /** Requests for statistics. */
  readonly stats: number
  /** Requests for the metrics. */
  readonly metrics: number
  /** Failed sign-ins. */
  readonly login: number
}

export interface SamplingConfig {
  /** Milliseconds between two readings of an unwatched container. */
  readonly intervalMs: number
  /** How many milliseconds back samples reach. */
  readonly historyMs: number
}

export interface AuditConfig {
  readonly destination: { readonly kind: 'stdout' } | { readonly kind: 'file'; readonly path: string }
  /** What happens to a request whose record cannot be written. */
  readonly onFailure: 'refuse' | 'serve'
}

const ENVIRONMENTS = ['production', 'development', 'test'] as const
type Environment = (typeof ENVIRONMENTS)[number] | 'unset'

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
type LogLevel = (typeof LOG_LEVELS)[number]

/** Samples of one container in the window: a day at the default interval, some 400 KB (docs/performance.md). */
const MAX_HISTORY_SAMPLES = 8_640

/** A higher limit would limit nothing. express-rate-limit can still count to this number. */
const MAX_RATE_LIMIT = 1_000_000_000

/**
 * Scrapes in one window of 15 minutes: one a second. Two Prometheus servers that ask each 5 s with the same token take 360; a loop
 * without a pause has used them up within seconds.
 */
const METRICS_LIMIT = 900

/** Guesses at passwords in one window. A higher limit would hardly be one. */
const MAX_LOGIN_LIMIT = 1_000

type Loaded<T> = { readonly config: T; readonly faults?: never } | { readonly faults: readonly ConfigFault[] }
type RawEnvironment = Readonly<Record<string, string | undefined>>

/** Environment -> configuration, or all faults at once. Certificates must be valid at `now` (milliseconds since 1970). */
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
      metrics: read.wholeNumber('RATE_LIMIT_METRICS', { min: 1, max: MAX_RATE_LIMIT, fallback: METRICS_LIMIT }),
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

/** The signing settings alone, for `porthole token create`, which runs where no engine is configured. */
export function loadSigningConfig(environment: RawEnvironment, files: ConfigFiles): Loaded<SigningConfig> {
  const read = new SettingsReader(environment, files)
  const token = readSigningKeys(read)
  const accessTokenTtlMs = read.duration('ACCESS_TOKEN_TTL', ACCESS_TOKEN_TTL)
  refuseUnknown(read)
  return read.faults.length > 0 || token === null ? { faults: read.faults } : { config: { token, accessTokenTtlMs } }
}

/** Text for a terminal, one line per fault. */
export function describeFaults(faults: readonly ConfigFault[]): string {
  return faults
    .map(({ variable, place, problem, remedy }) => {
      const source = place === null ? variable : `${variable}: ${place}:`
      return `  ${source} ${problem}: ${remedy}`
    })
    .join('\n')
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
