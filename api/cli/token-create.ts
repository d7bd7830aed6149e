import { signToken } from '../auth/token.js'
import { describeFaults, loadSigningConfig } from '../config/config.js'
import { CONFIG_FILES } from '../config/config-files.js'
import { hasControlCharacter } from '../model/control-character.js'
import { parseDuration } from '../model/duration.js'
import { parseLabelSelector } from '../model/label-selector.js'
import { ROLES, SCOPES, type Scope } from '../model/scope.js'
import { type Arguments, type Command, type Io, UsageError } from './command.js'
import { EXIT_OK, EXIT_USAGE } from './exit-code.js'
import { readRoles, readScopes } from './scope-options.js'

/** A token with a longer lifetime would be a password. Sign a new one instead. */
const MAX_LIFETIME_MS = 400 * 86_400_000
const MIN_LIFETIME_MS = 1_000

const HELP = `Usage: porthole token create --sub NAME (--scope "SCOPE ..." | --role ROLE) [options]

Signs an access token with the same JWT_SECRET (or JWT_SECRET_FILE), JWT_ISSUER and JWT_AUDIENCE that the service reads,
and prints it. Nothing is stored: a token is valid until it expires or the secret changes.

Options:
  --sub NAME             who the token speaks for; limits count by it, logs name it
  --scope "SCOPE ..."    what it may read, separated by spaces: ${SCOPES.join(' ')}
  --role ROLE            a bundle of scopes instead: ${Object.keys(ROLES).join(' ')}
  --expires DURATION     how long it is valid, such as 15m, 12h or 90d (default: ACCESS_TOKEN_TTL, at most 400d)
  --containers SELECTOR  only containers with this label, as team=web or team; repeat it and all must hold
  --json                 print token, subject, scope and expiry as JSON
  -h, --help             this text

Example: porthole token create --sub grafana --scope "containers:read stats:read" --expires 90d --containers team=web
`

export const tokenCreate: Command = {
  name: 'token create',
  help: HELP,
  options: {
    sub: { type: 'string' },
    scope: { type: 'string', multiple: true },
    role: { type: 'string', multiple: true },
    expires: { type: 'string' },
    containers: { type: 'string', multiple: true },
    json: { type: 'boolean' },
  },
  run: createToken,
}

async function createToken(given: Arguments, io: Io): Promise<number> {
  const subject = readSubject(given)
  const scopes = readBoth(given)
  const selectors = given.texts('containers')
  for (const selector of selectors)
    if (parseLabelSelector(selector) === null) throw new UsageError('token create: --containers takes key or key=value')
  const asked = readLifetime(given)
  const loaded = loadSigningConfig(io.env, CONFIG_FILES)
  if (loaded.faults !== undefined) {
    io.stderr.write(`porthole: the configuration is not valid:\n${describeFaults(loaded.faults)}\n`)
    return EXIT_USAGE
  }
  const now = io.clock.now()
  const lifetimeSeconds = Math.floor((asked ?? loaded.config.accessTokenTtlMs) / 1000)
  const token = signToken(loaded.config.token, { subject, scopes, selectors, lifetimeSeconds }, now)
  const expiresAt = new Date((Math.floor(now / 1000) + lifetimeSeconds) * 1000).toISOString()
  const described = { token, subject, scope: scopes.join(' '), containers: selectors, expiresAt }
  io.stdout.write(given.flag('json') ? `${JSON.stringify(described, null, 2)}\n` : `${token}\n`)
  return EXIT_OK
}

function readSubject(given: Arguments): string {
  const subject = given.text('sub')
  if (subject === undefined || subject === '' || subject.length > 256 || hasControlCharacter(subject))
    throw new UsageError('token create: --sub takes a name of 1 to 256 printable characters')
  return subject
}

function readBoth(given: Arguments): readonly Scope[] {
  const ofRoles = readRoles('token create', given).flatMap((role): readonly Scope[] => ROLES[role])
  const all = [...new Set([...readScopes('token create', given), ...ofRoles])]
  if (all.length === 0) throw new UsageError('token create: give --scope or --role')
  return all
}

function readLifetime(given: Arguments): number | null {
  const text = given.text('expires')
  if (text === undefined) return null
  const lifetime = parseDuration(text)
  if (lifetime === null || lifetime < MIN_LIFETIME_MS || lifetime > MAX_LIFETIME_MS)
    throw new UsageError('token create: --expires takes 1s to 400d, such as 15m, 12h or 90d')
  return lifetime
}
