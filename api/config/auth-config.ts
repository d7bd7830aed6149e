import { isAbsolute } from 'node:path'
import { type ProviderConfig, readProvider } from './provider-config.js'
import type { ConfigFiles, SettingsReader } from './settings.js'
import { KEY_VARIABLES, readTokenKeys, SECRET_VARIABLES, type TokenConfig } from './token-keys.js'
import { parseUsers } from './users-file.js'

/** Whose tokens are accepted, and which users sign in. Durations are in milliseconds. */
export interface AuthConfig {
  /** Null if only an outside provider's tokens are accepted. */
  readonly token: TokenConfig | null
  /** Null if only our own tokens are accepted. */
  readonly provider: ProviderConfig | null
  /** Null if sign-in is off. */
  readonly users: UsersConfig | null
  readonly revokedTokensFile: string | null
}

export interface UsersConfig {
  readonly path: string
  readonly accessTokenTtlMs: number
  /** A session lasts at most this long, however often it is refreshed (ASVS 7.3.2). */
  readonly refreshTokenTtlMs: number
}

export const ACCESS_TOKEN_TTL = { min: '1m', max: '7d', fallback: '15m' }
export const REFRESH_TOKEN_TTL = { min: '5m', max: '90d', fallback: '7d' }

/** Guards that have no effect without authentication. An operator who sets one relies on it, so that is a fault. */
const AUTH_ONLY = ['USERS_FILE', 'JWKS_URL', 'REVOKED_TOKENS_FILE'] as const

export function refuseUnguarded(read: SettingsReader): void {
  for (const variable of AUTH_ONLY)
    if (read.text(variable) !== undefined)
      read.fault(variable, 'is set while authentication is off', 'set AUTH_ENABLED=true, or unset it')
}

export function readAuth(read: SettingsReader, files: ConfigFiles): AuthConfig {
  const before = read.faults.length
  const token = readTokenKeys(read)
  const provider = readProvider(read)
  const accessTokenTtlMs = read.duration('ACCESS_TOKEN_TTL', ACCESS_TOKEN_TTL)
  const refreshTokenTtlMs = read.duration('REFRESH_TOKEN_TTL', REFRESH_TOKEN_TTL)
  const usersPath = read.text('USERS_FILE') ?? null
  const isKeySet = [...SECRET_VARIABLES, ...KEY_VARIABLES].some(
    (name) => read.text(name) !== undefined || read.text(`${name}_FILE`) !== undefined,
  )
  if (token === null && provider === null && read.faults.length === before && !isKeySet) missingKey(read)
  if (usersPath !== null) {
    if (
      (token === null || token.signingKey === null) &&
      (isKeySet || provider !== null) &&
      read.faults.length === before
    )
      read.fault(
        'USERS_FILE',
        'is set without a key to sign tokens with',
        'set JWT_SECRET or JWT_PRIVATE_KEY, or unset it',
      )
    if (accessTokenTtlMs > refreshTokenTtlMs)
      read.fault(
        'ACCESS_TOKEN_TTL',
        'is longer than REFRESH_TOKEN_TTL',
        'make it shorter: a session outlives its tokens',
      )
    refuseUsersFile(read, files, usersPath)
  }
  if (provider !== null && token !== null && provider.issuer === token.issuer)
    read.fault('JWKS_ISSUER', 'is the same as JWT_ISSUER', 'name our own tokens otherwise: set JWT_ISSUER')
  return {
    token,
    provider,
    users: usersPath === null ? null : { path: usersPath, accessTokenTtlMs, refreshTokenTtlMs },
    revokedTokensFile: readRevokedTokens(read, files),
  }
}

/** Demands a signing key, or reports a fault. */
export function readSigningKeys(read: SettingsReader): TokenConfig | null {
  const before = read.faults.length
  const token = readTokenKeys(read)
  if (read.faults.length > before) return null
  if (token === null) missingKey(read)
  else if (token.signingKey === null)
    read.fault('JWT_PRIVATE_KEY', 'is missing', 'set it, or JWT_PRIVATE_KEY_FILE: a public key signs nothing')
  return token
}

function missingKey(read: SettingsReader): void {
  if (read.oneOf('JWT_ALGORITHM', ['HS256', 'RS256', 'ES256', 'PS256'], 'HS256') === 'HS256')
    read.fault('JWT_SECRET', 'is missing', 'set it, or JWT_SECRET_FILE; make one with: openssl rand -base64 48')
  else read.fault('JWT_PRIVATE_KEY', 'is missing', 'set it, or JWT_PRIVATE_KEY_FILE; or JWT_PUBLIC_KEY to verify alone')
}

function refuseUsersFile(read: SettingsReader, files: ConfigFiles, path: string): void {
  let text: string
  try {
    text = files.readFile(path)
  } catch {
    read.fault('USERS_FILE', 'names a file that cannot be read', 'make it with: porthole user add')
    return
  }
  if (files.isWritableByAll(path)) read.fault('USERS_FILE', 'may be written by every user', 'chmod 600 the file')
  // The first fault is enough: the rest often follow from it.
  const [fault] = parseUsers(text).faults ?? []
  if (fault !== undefined)
    read.fault('USERS_FILE', fault.problem, 'mend it, or make it anew with: porthole user add', fault.place)
}

function readRevokedTokens(read: SettingsReader, files: ConfigFiles): string | null {
  const path = read.text('REVOKED_TOKENS_FILE') ?? null
  if (path === null) return null
  if (!isAbsolute(path)) read.fault('REVOKED_TOKENS_FILE', 'is no absolute path', 'begin it with a slash')
  else if (files.isDirectory(path)) read.fault('REVOKED_TOKENS_FILE', 'names a directory', 'name a file in it')
  else if (files.isWritableByAll(path))
    read.fault('REVOKED_TOKENS_FILE', 'may be written by every user', 'chmod 600 the file')
  else refuseUnreadable(read, files, path)
  return path
}

/** A missing file revokes nothing, which is fine. An unreadable one would silently do the same, so it is a fault. */
function refuseUnreadable(read: SettingsReader, files: ConfigFiles, path: string): void {
  try {
    files.readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    read.fault('REVOKED_TOKENS_FILE', 'names a file that cannot be read', 'give this user the right to read it')
  }
}
