import { type Config, describeFaults, loadConfig } from '../../api/config/config.js'
import { secretKey } from '../../api/config/token-keys.js'

const SECRET = 'nT4kq0Zr8vWx2YbC6dEfG1hJmLpQsUaX'
const NOW = Date.UTC(2026, 10, 24)
const FILES = {
  readFile: (path: string) => {
    if (path === '/run/secrets/jwt') return `${SECRET}\n`
    if (path === '/run/secrets/empty') return '\n'
    throw new Error('ENOENT: no such file')
  },
  isDirectory: () => false,
  isWritableByAll: () => false,
}

function load(environment: Record<string, string>): Config {
  const loaded = loadConfig(environment, FILES, NOW)
  if (loaded.faults !== undefined) throw new Error(describeFaults(loaded.faults))
  return loaded.config
}

function faultyVariables(environment: Record<string, string>): string[] {
  const loaded = loadConfig(environment, FILES, NOW)
  return (loaded.faults ?? []).map(({ variable }) => variable)
}

describe('loadConfig', () => {
  test('has safe defaults: authentication on, loopback, the limits of the contract', () => {
    expect(load({ JWT_SECRET: SECRET })).toEqual({
      environment: 'unset',
      listen: { host: '127.0.0.1', port: 3000 },
      logLevel: 'info',
      auth: {
        token: {
          algorithm: 'HS256',
          signingKey: secretKey(SECRET),
          verificationKeys: [secretKey(SECRET)],
          issuer: 'porthole',
          audience: 'porthole',
        },
        provider: null,
        users: null,
        revokedTokensFile: null,
      },
      hosts: [{ id: 'local', endpoint: { kind: 'unix', socketPath: '/var/run/docker.sock' }, labels: {} }],
      limits: { windowMs: 900_000, general: 100, stats: 10, metrics: 900, login: 10 },
      network: { trustProxy: { kind: 'none' }, allowlist: [], corsOrigins: [] },
      audit: { destination: { kind: 'stdout' }, onFailure: 'refuse' },
      sampling: { intervalMs: 10_000, historyMs: 3_600_000 },
      logs: { scrub: true },
    })
  })

  test('reads a secret from a file and strips its one line break', () => {
    expect(load({ JWT_SECRET_FILE: '/run/secrets/jwt' }).auth?.token?.signingKey?.kid).toBe(secretKey(SECRET).kid)
  })

  test('treats an empty variable as absent', () => {
    expect(load({ JWT_SECRET: SECRET, PORT: '', HOST: '' }).listen).toEqual({ host: '127.0.0.1', port: 3000 })
  })

  test.each<[string, Record<string, string>, string[]]>([
    ['no secret', {}, ['JWT_SECRET']],
    ['a short secret', { JWT_SECRET: 'short' }, ['JWT_SECRET']],
    ['a secret twice', { JWT_SECRET: SECRET, JWT_SECRET_FILE: '/run/secrets/jwt' }, ['JWT_SECRET']],
    ['an empty secret file', { JWT_SECRET_FILE: '/run/secrets/empty' }, ['JWT_SECRET_FILE']],
    ['a missing secret file', { JWT_SECRET_FILE: '/nowhere' }, ['JWT_SECRET_FILE']],
    ['an unknown algorithm', { JWT_SECRET: SECRET, JWT_ALGORITHM: 'none' }, ['JWT_ALGORITHM']],
    ['a mistyped environment', { JWT_SECRET: SECRET, NODE_ENV: 'prod' }, ['NODE_ENV']],
    ['an environment named unset', { JWT_SECRET: SECRET, NODE_ENV: 'unset' }, ['NODE_ENV']],
    ['a flag that is neither true nor false', { JWT_SECRET: SECRET, AUTH_ENABLED: 'yes' }, ['AUTH_ENABLED']],
    ['a limit that is no number', { JWT_SECRET: SECRET, RATE_LIMIT_STATS: 'NaN' }, ['RATE_LIMIT_STATS']],
    ['a limit of nothing', { JWT_SECRET: SECRET, RATE_LIMIT_GENERAL: '0' }, ['RATE_LIMIT_GENERAL']],
    ['a fractional limit', { JWT_SECRET: SECRET, RATE_LIMIT_GENERAL: '1.5' }, ['RATE_LIMIT_GENERAL']],
    ['a window without unit', { JWT_SECRET: SECRET, RATE_LIMIT_WINDOW: '900' }, ['RATE_LIMIT_WINDOW']],
    ['a setting of a later version', { JWT_SECRET: SECRET, REDIS_URL: 'redis://r' }, ['REDIS_URL']],
    ['a slip of the pen', { JWT_SECRET: SECRET, JWT_SECRETS: 'x' }, ['JWT_SECRETS']],
    ['another slip', { JWT_SECRET: SECRET, RATE_LIMITS_GENERAL: '5' }, ['RATE_LIMITS_GENERAL']],
    ['TLS without verification', { JWT_SECRET: SECRET, DOCKER_TLS: '1' }, ['DOCKER_TLS']],
    ['a docker context', { JWT_SECRET: SECRET, DOCKER_CONTEXT: 'remote' }, ['DOCKER_CONTEXT']],
    ['open doors in production', { NODE_ENV: 'production', AUTH_ENABLED: 'false' }, ['AUTH_ENABLED']],
    ['open doors with NODE_ENV unset', { AUTH_ENABLED: 'false' }, ['AUTH_ENABLED']],
    ['open doors under test', { NODE_ENV: 'test', AUTH_ENABLED: 'false' }, ['AUTH_ENABLED']],
    ['development on all addresses', { NODE_ENV: 'development', HOST: '0.0.0.0' }, ['HOST']],
    ['development on all IPv6 addresses', { NODE_ENV: 'development', HOST: '::' }, ['HOST']],
    [
      'production, open, on all addresses',
      { NODE_ENV: 'production', AUTH_ENABLED: 'false', HOST: '0.0.0.0' },
      ['AUTH_ENABLED', 'HOST'],
    ],
  ])('refuses %s', (_what, environment, variables) => {
    expect(faultyVariables(environment)).toEqual(variables)
  })

  test.each<[string, string, string, string]>([
    ['PORT', '0', '65535', '65536'],
    ['RATE_LIMIT_GENERAL', '1', '1000000000', '1000000001'],
    ['RATE_LIMIT_STATS', '1', '1000000000', '1000000001'],
    ['RATE_LIMIT_METRICS', '1', '1000000000', '1000000001'],
    ['RATE_LIMIT_WINDOW', '1s', '24h', '25h'],
    ['SAMPLE_INTERVAL', '1s', '10m', '11m'],
    ['HISTORY_WINDOW', '1m', '24h', '25h'],
  ])('bounds %s: at the lowest, at the highest, over', (variable, lowest, highest, over) => {
    expect(faultyVariables({ JWT_SECRET: SECRET, [variable]: lowest })).toEqual([])
    expect(faultyVariables({ JWT_SECRET: SECRET, [variable]: highest })).toEqual([])
    expect(faultyVariables({ JWT_SECRET: SECRET, [variable]: over })).toEqual([variable])
    expect(faultyVariables({ JWT_SECRET: SECRET, [variable]: '-1' })).toEqual([variable])
  })

  test('names every fault at once, with a remedy and never a value', () => {
    const loaded = loadConfig({ JWT_SECRET: 'hunter2', PORT: 'hunter3', SAMPLE_INTERVAL: 'hunter4' }, FILES, NOW)
    const text = describeFaults(loaded.faults ?? [])
    expect(text).toContain('JWT_SECRET')
    expect(text).toContain('PORT')
    expect(text).toContain('SAMPLE_INTERVAL')
    expect(text).not.toContain('hunter')
    for (const { problem, remedy } of loaded.faults ?? []) expect(`${problem}${remedy}`).not.toBe('')
  })

  test('turns authentication off only in development, and only on loopback', () => {
    expect(load({ NODE_ENV: 'development' }).auth).toBeNull()
    expect(load({ NODE_ENV: 'development', HOST: 'localhost' }).auth).toBeNull()
    expect(load({ NODE_ENV: 'development', HOST: '::1' }).auth).toBeNull()
    expect(load({ NODE_ENV: 'development', AUTH_ENABLED: 'true', JWT_SECRET: SECRET }).auth).not.toBeNull()
    expect(load({ NODE_ENV: 'production', JWT_SECRET: SECRET }).auth).not.toBeNull()
  })

  test("leaves other programs' variables alone", () => {
    const others = {
      PATH: '/bin',
      HOME: '/root',
      HOSTNAME: 'x',
      PWD: '/',
      LANG: 'C',
      DOCKER_CONFIG: '/x',
      NODE_OPTIONS: '',
      LOGNAME: 'x',
    }
    expect(faultyVariables({ ...others, JWT_SECRET: SECRET })).toEqual([])
  })
})

describe('HISTORY_WINDOW', () => {
  const faults = (interval: string, window: string) =>
    loadConfig({ JWT_SECRET: SECRET, SAMPLE_INTERVAL: interval, HISTORY_WINDOW: window }, FILES, NOW).faults

  test('holds 8,640 samples, and no more', () => {
    expect(faults('10s', '24h')).toBeUndefined()
    expect(faults('1s', '144m')).toBeUndefined()
    expect(faults('1s', '145m')?.map(({ variable }) => variable)).toEqual(['HISTORY_WINDOW'])
  })
})
