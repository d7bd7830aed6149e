import { generateKeyPairSync } from 'node:crypto'
import { describeFaults, loadConfig } from '../../api/config/config.js'
import { SECRET } from '../support/tokens.js'

const OTHER_SECRET = 'Zq8vWx2YbC6dEfG1hJmLpQsUaXnT4kq0'
const WEAK = 'change-me-change-me-change-me-change-me'
const pem = { type: 'pkcs8', format: 'pem' } as const
const spki = { type: 'spki', format: 'pem' } as const
const pair = (bits: number) =>
  generateKeyPairSync('rsa', { modulusLength: bits, privateKeyEncoding: pem, publicKeyEncoding: spki })
const RSA = pair(2_048)
const RSA_BEFORE = pair(2_048)
const RSA_SHORT = pair(1_024)
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: pem, publicKeyEncoding: spki })
const EC_WIDE = generateKeyPairSync('ec', { namedCurve: 'P-384', privateKeyEncoding: pem, publicKeyEncoding: spki })
const ED = generateKeyPairSync('ed25519', { privateKeyEncoding: pem, publicKeyEncoding: spki })
const LOCKED = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  privateKeyEncoding: { ...pem, cipher: 'aes-256-cbc', passphrase: 'x' },
  publicKeyEncoding: spki,
}).privateKey

const HASH = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$vQvyiVy5WJbFcJL9pmrOaXSFUL9ZGHYqKLTSQ3OdxvE'
const WEAK_HASH = HASH.replace('m=19456', 'm=1024')
const userFile = (user: object) =>
  JSON.stringify({ users: [{ name: 'alice', passwordHash: HASH, roles: ['viewer'], ...user }] })

const TEXTS: Readonly<Record<string, string>> = {
  '/users.json': userFile({}),
  '/open.json': userFile({}),
  '/nobody.json': '{"users":[]}',
  '/unknown-role.json': userFile({ roles: ['root'] }),
  '/weak-hash.json': userFile({ passwordHash: WEAK_HASH }),
  '/plain.json': userFile({ passwordHash: 'hunter2' }),
  '/twice.json': `{"users":[${[1, 2].map(() => JSON.stringify({ name: 'a', passwordHash: HASH, roles: ['viewer'] })).join()}]}`,
  '/no.json': 'users: alice',
  '/revoked.txt': '',
}

const FILES = {
  readFile: (path: string) => {
    const text = TEXTS[path]
    if (path === '/closed.txt') throw Object.assign(new Error('EACCES'), { code: 'EACCES' })
    if (text === undefined) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' })
    return text
  },
  isDirectory: (path: string) => path === '/directory',
  isWritableByAll: (path: string) => path === '/open.json',
}

type Environment = Readonly<Record<string, string>>

function faultsOf(environment: Environment): string[] {
  return (loadConfig(environment, FILES, Date.UTC(2026, 10, 24)).faults ?? []).map(({ variable }) => variable)
}

const S = { JWT_SECRET: SECRET }
const R = { JWT_ALGORITHM: 'RS256', JWT_PRIVATE_KEY: RSA.privateKey }
const U = { ...S, USERS_FILE: '/users.json' }
const J = { JWKS_URL: 'https://id.example/keys', JWKS_ISSUER: 'https://id.example', JWKS_AUDIENCE: 'porthole' }
const DEV = { NODE_ENV: 'development' }

describe('what starts', () => {
  test.each<[string, Environment]>([
    ['one secret', S],
    ['a secret and the one before it', { ...S, JWT_SECRET_PREVIOUS: OTHER_SECRET }],
    ['an RSA key', R],
    ['an RSA key for PS256', { ...R, JWT_ALGORITHM: 'PS256' }],
    ['an RSA key and its public half', { ...R, JWT_PUBLIC_KEY: RSA.publicKey }],
    ['an RSA key and the public key before it', { ...R, JWT_PUBLIC_KEY_PREVIOUS: RSA_BEFORE.publicKey }],
    ['a public key alone', { JWT_ALGORITHM: 'RS256', JWT_PUBLIC_KEY: RSA.publicKey }],
    ['a P-256 key', { JWT_ALGORITHM: 'ES256', JWT_PRIVATE_KEY: EC.privateKey }],
    ['users', U],
    ['users and RSA', { ...R, USERS_FILE: '/users.json' }],
    ['an outside provider alone', J],
    ['an outside provider beside a secret', { ...S, ...J }],
    ['an outside provider beside users', { ...U, ...J }],
    ['a provider on this machine', { ...J, JWKS_URL: 'http://127.0.0.1:8080/keys' }],
    ['a claim map', { ...J, JWKS_CLAIM_MAP: '{"groups":{"ops":"operator","sec":"security:read audit:read"}}' }],
    ['revoked tokens that are not there yet', { ...S, REVOKED_TOKENS_FILE: '/not/yet.txt' }],
    ['a proxy network', { ...S, TRUST_PROXY: '172.18.0.0/16, 2001:db8::/32, loopback' }],
    ['hops', { ...S, TRUST_PROXY: '10' }],
    ['an allow-list', { ...S, IP_ALLOWLIST: '10.0.0.0/8,192.0.2.1,2001:db8::1/128' }],
    ['origins', { ...S, CORS_ORIGINS: 'https://dash.example.com,http://localhost:5173' }],
    ['an audit file', { ...S, AUDIT_LOG: '/var/log/porthole/audit.log', AUDIT_ON_FAILURE: 'serve' }],
    ['development', DEV],
    [
      'development with a page of this machine',
      { ...DEV, CORS_ORIGINS: 'http://localhost:5173,http://127.0.0.1:8080' },
    ],
    ['development with users, on purpose', { ...DEV, ...U, AUTH_ENABLED: 'true' }],
  ])('%s', (_what, environment) => {
    for (const mode of environment['NODE_ENV'] === undefined ? ['', 'production', 'test'] : [environment['NODE_ENV']]) {
      const loaded = loadConfig({ ...environment, NODE_ENV: mode }, FILES, Date.UTC(2026, 10, 24))
      expect(describeFaults(loaded.faults ?? [])).toBe('')
    }
  })
})

describe('what does not start, and which variables are named', () => {
  test.each<[string, Environment, string[]]>([
    ['nothing to verify tokens with', {}, ['JWT_SECRET']],
    ['an algorithm without its key', { JWT_ALGORITHM: 'RS256' }, ['JWT_PRIVATE_KEY']],
    ['no algorithm of ours', { ...S, JWT_ALGORITHM: 'none' }, ['JWT_ALGORITHM']],
    ['a weak secret', { JWT_SECRET: WEAK }, ['JWT_SECRET']],
    ['a weak secret before it', { ...S, JWT_SECRET_PREVIOUS: WEAK }, ['JWT_SECRET_PREVIOUS']],
    ['the same secret twice', { ...S, JWT_SECRET_PREVIOUS: SECRET }, ['JWT_SECRET_PREVIOUS']],
    ['only the secret before it', { JWT_SECRET_PREVIOUS: SECRET }, ['JWT_SECRET_PREVIOUS']],
    ['a public key as the secret', { JWT_SECRET: RSA.publicKey }, ['JWT_SECRET']],
    ['a secret beside RS256', { ...R, ...S }, ['JWT_SECRET']],
    ['a private key beside HS256', { ...S, JWT_PRIVATE_KEY: RSA.privateKey }, ['JWT_PRIVATE_KEY']],
    ['a public key beside HS256', { ...S, JWT_PUBLIC_KEY: RSA.publicKey }, ['JWT_PUBLIC_KEY']],
    ['a short RSA key', { ...R, JWT_PRIVATE_KEY: RSA_SHORT.privateKey }, ['JWT_PRIVATE_KEY']],
    ['an encrypted key', { ...R, JWT_PRIVATE_KEY: LOCKED }, ['JWT_PRIVATE_KEY']],
    ['an EC key for RS256', { ...R, JWT_PRIVATE_KEY: EC.privateKey }, ['JWT_PRIVATE_KEY']],
    ['an RSA key for ES256', { JWT_ALGORITHM: 'ES256', JWT_PRIVATE_KEY: RSA.privateKey }, ['JWT_PRIVATE_KEY']],
    ['a P-384 key for ES256', { JWT_ALGORITHM: 'ES256', JWT_PRIVATE_KEY: EC_WIDE.privateKey }, ['JWT_PRIVATE_KEY']],
    ['an Ed25519 key', { ...R, JWT_PRIVATE_KEY: ED.privateKey }, ['JWT_PRIVATE_KEY']],
    ['a public key where the private one belongs', { ...R, JWT_PRIVATE_KEY: RSA.publicKey }, ['JWT_PRIVATE_KEY']],
    ['no PEM', { ...R, JWT_PRIVATE_KEY: 'hunter2' }, ['JWT_PRIVATE_KEY']],
    ['a private key where the public one belongs', { ...R, JWT_PUBLIC_KEY: RSA.privateKey }, ['JWT_PUBLIC_KEY']],
    ['halves of two keys', { ...R, JWT_PUBLIC_KEY: RSA_BEFORE.publicKey }, ['JWT_PUBLIC_KEY']],
    ['the same public key twice', { ...R, JWT_PUBLIC_KEY_PREVIOUS: RSA.publicKey }, ['JWT_PUBLIC_KEY_PREVIOUS']],
    [
      'users that nobody can sign for',
      { JWT_ALGORITHM: 'RS256', JWT_PUBLIC_KEY: RSA.publicKey, USERS_FILE: '/users.json' },
      ['USERS_FILE'],
    ],
    ['users beside a provider alone', { ...J, USERS_FILE: '/users.json' }, ['USERS_FILE']],
    ['no users file', { ...S, USERS_FILE: '/nowhere' }, ['USERS_FILE']],
    ['a users file that everybody may write', { ...S, USERS_FILE: '/open.json' }, ['USERS_FILE']],
    ['a users file without users', { ...S, USERS_FILE: '/nobody.json' }, ['USERS_FILE']],
    ['an unknown role', { ...S, USERS_FILE: '/unknown-role.json' }, ['USERS_FILE']],
    ['a weak hash', { ...S, USERS_FILE: '/weak-hash.json' }, ['USERS_FILE']],
    ['a password in clear', { ...S, USERS_FILE: '/plain.json' }, ['USERS_FILE']],
    ['a user twice', { ...S, USERS_FILE: '/twice.json' }, ['USERS_FILE']],
    ['a users file of another form', { ...S, USERS_FILE: '/no.json' }, ['USERS_FILE']],
    [
      'tokens that outlive their session',
      { ...U, ACCESS_TOKEN_TTL: '2h', REFRESH_TOKEN_TTL: '1h' },
      ['ACCESS_TOKEN_TTL'],
    ],
    ['revoked tokens at a relative path', { ...S, REVOKED_TOKENS_FILE: 'revoked.txt' }, ['REVOKED_TOKENS_FILE']],
    ['revoked tokens that cannot be read', { ...S, REVOKED_TOKENS_FILE: '/closed.txt' }, ['REVOKED_TOKENS_FILE']],
    ['revoked tokens in a directory', { ...S, REVOKED_TOKENS_FILE: '/directory' }, ['REVOKED_TOKENS_FILE']],
    ['a provider without its names', { JWKS_URL: J.JWKS_URL }, ['JWKS_ISSUER', 'JWKS_AUDIENCE']],
    ['a provider without its URL', { ...S, JWKS_ISSUER: 'x', JWKS_CLAIM_MAP: '{}' }, ['JWKS_ISSUER', 'JWKS_CLAIM_MAP']],
    ['keys over plain HTTP', { ...J, JWKS_URL: 'http://id.example/keys' }, ['JWKS_URL']],
    ['keys from a file', { ...J, JWKS_URL: 'file:///keys' }, ['JWKS_URL']],
    ['credentials in the URL', { ...J, JWKS_URL: 'https://u:p@id.example/keys' }, ['JWKS_URL']],
    ['no URL', { ...J, JWKS_URL: 'keys' }, ['JWKS_URL']],
    ['two issuers of one name', { ...S, ...J, JWKS_ISSUER: 'porthole' }, ['JWKS_ISSUER']],
    ['a symmetric algorithm of a provider', { ...J, JWKS_ALGORITHMS: 'RS256,HS256' }, ['JWKS_ALGORITHMS']],
    ['none of a provider', { ...J, JWKS_ALGORITHMS: 'none' }, ['JWKS_ALGORITHMS']],
    ['a claim map that is no JSON', { ...J, JWKS_CLAIM_MAP: 'groups=ops' }, ['JWKS_CLAIM_MAP']],
    [
      'a claim map with a claim twice',
      { ...J, JWKS_CLAIM_MAP: '{"a":{"x":"viewer"},"a":{"y":"admin"}}' },
      ['JWKS_CLAIM_MAP'],
    ],
    ['a claim map to an unknown role', { ...J, JWKS_CLAIM_MAP: '{"groups":{"ops":"root"}}' }, ['JWKS_CLAIM_MAP']],
    ['a claim map to nothing', { ...J, JWKS_CLAIM_MAP: '{"groups":{"ops":""}}' }, ['JWKS_CLAIM_MAP']],
    ['an empty claim map', { ...J, JWKS_CLAIM_MAP: '{}' }, ['JWKS_CLAIM_MAP']],
    ['every proxy trusted', { ...S, TRUST_PROXY: 'true' }, ['TRUST_PROXY']],
    ['no proxy, said so', { ...S, TRUST_PROXY: 'false' }, ['TRUST_PROXY']],
    ['no hops', { ...S, TRUST_PROXY: '0' }, ['TRUST_PROXY']],
    ['eleven hops', { ...S, TRUST_PROXY: '11' }, ['TRUST_PROXY']],
    ['the whole world as a proxy', { ...S, TRUST_PROXY: '0.0.0.0/0' }, ['TRUST_PROXY']],
    ['the whole world as a proxy, in IPv6', { ...S, TRUST_PROXY: '::/0' }, ['TRUST_PROXY']],
    ['a proxy by name', { ...S, TRUST_PROXY: 'traefik' }, ['TRUST_PROXY']],
    ['a star', { ...S, TRUST_PROXY: '*' }, ['TRUST_PROXY']],
    ['host bits', { ...S, TRUST_PROXY: '10.0.0.1/8' }, ['TRUST_PROXY']],
    ['host bits in IPv6', { ...S, TRUST_PROXY: '2001:db8::1/32' }, ['TRUST_PROXY']],
    ['a prefix of 33', { ...S, IP_ALLOWLIST: '10.0.0.0/33' }, ['IP_ALLOWLIST']],
    ['a prefix of 129', { ...S, IP_ALLOWLIST: '::1/129' }, ['IP_ALLOWLIST']],
    ['all of IPv4 as a proxy, in IPv6', { ...S, TRUST_PROXY: '::ffff:0:0/96' }, ['TRUST_PROXY']],
    ['all of IPv4 allowed, in IPv6', { ...S, IP_ALLOWLIST: '::ffff:0.0.0.0/96' }, ['IP_ALLOWLIST']],
    ['everybody allowed', { ...S, IP_ALLOWLIST: '10.0.0.0/8,0.0.0.0/0' }, ['IP_ALLOWLIST']],
    ['an empty entry', { ...S, IP_ALLOWLIST: '10.0.0.0/8,,192.0.2.1' }, ['IP_ALLOWLIST']],
    ['a name allowed', { ...S, IP_ALLOWLIST: 'loopback' }, ['IP_ALLOWLIST']],
    ['every origin', { ...S, CORS_ORIGINS: '*' }, ['CORS_ORIGINS']],
    ['the null origin', { ...S, CORS_ORIGINS: 'null' }, ['CORS_ORIGINS']],
    ['a wildcard origin', { ...S, CORS_ORIGINS: 'https://*.example.com' }, ['CORS_ORIGINS']],
    ['an origin with a path', { ...S, CORS_ORIGINS: 'https://dash.example.com/' }, ['CORS_ORIGINS']],
    ['an origin in upper case', { ...S, CORS_ORIGINS: 'https://Dash.example.com' }, ['CORS_ORIGINS']],
    ['an origin with its default port', { ...S, CORS_ORIGINS: 'https://dash.example.com:443' }, ['CORS_ORIGINS']],
    ['a file as an origin', { ...S, CORS_ORIGINS: 'file:///x' }, ['CORS_ORIGINS']],
    ['an audit at a relative path', { ...S, AUDIT_LOG: 'audit.log' }, ['AUDIT_LOG']],
    ['an audit in a directory', { ...S, AUDIT_LOG: '/directory' }, ['AUDIT_LOG']],
    ['an audit to nowhere', { ...S, AUDIT_LOG: 'off' }, ['AUDIT_LOG']],
    ['an audit that may fail somehow', { ...S, AUDIT_ON_FAILURE: 'ignore' }, ['AUDIT_ON_FAILURE']],
    ['open doors with users', { ...DEV, ...U }, ['USERS_FILE']],
    ['open doors with a provider', { ...DEV, ...J }, ['JWKS_URL']],
    ['open doors with revoked tokens', { ...DEV, REVOKED_TOKENS_FILE: '/revoked.txt' }, ['REVOKED_TOKENS_FILE']],
    ['open doors for a page of elsewhere', { ...DEV, CORS_ORIGINS: 'https://dash.example.com' }, ['CORS_ORIGINS']],
    [
      'open doors in production, everywhere',
      { NODE_ENV: 'production', AUTH_ENABLED: 'false', HOST: '0.0.0.0' },
      ['AUTH_ENABLED', 'HOST'],
    ],
    ['a slip of the pen', { ...S, IP_ALLOW_LIST: '10.0.0.0/8' }, ['IP_ALLOW_LIST']],
    ['another', { ...S, TRUST_PROXYS: '1' }, ['TRUST_PROXYS']],
    [
      'many faults, all of them named at once',
      {
        JWT_SECRET: WEAK,
        USERS_FILE: '/nobody.json',
        TRUST_PROXY: 'true',
        IP_ALLOWLIST: '0.0.0.0/0',
        CORS_ORIGINS: '*',
        AUDIT_LOG: 'off',
        RATE_LIMIT_LOGIN: 'NaN',
        REDIS_URL: 'redis://x',
      },
      [
        'JWT_SECRET',
        'USERS_FILE',
        'RATE_LIMIT_LOGIN',
        'TRUST_PROXY',
        'IP_ALLOWLIST',
        'CORS_ORIGINS',
        'AUDIT_LOG',
        'REDIS_URL',
      ],
    ],
  ])('%s', (_what, environment, variables) => {
    const modes = environment['NODE_ENV'] === undefined ? ['', 'production'] : [environment['NODE_ENV']]
    for (const mode of modes) expect(faultsOf({ ...environment, NODE_ENV: mode }).sort()).toEqual([...variables].sort())
    const text = describeFaults(loadConfig(environment, FILES, 0).faults ?? [])
    for (const secret of [SECRET, WEAK, 'hunter2', HASH, 'u:p@', '-----BEGIN']) expect(text).not.toContain(secret)
  })

  test.each<[string, string, string, string, string]>([
    ['RATE_LIMIT_LOGIN', '1', '1000', '0', '1001'],
    ['ACCESS_TOKEN_TTL', '1m', '7d', '59s', '8d'],
    ['REFRESH_TOKEN_TTL', '5m', '90d', '299s', '91d'],
    ['TRUST_PROXY', '1', '10', '0', '11'],
  ])('%s from %s to %s, not %s and not %s', (variable, least, most, under, over) => {
    for (const good of [least, most]) expect(faultsOf({ ...S, [variable]: good })).toEqual([])
    for (const bad of [under, over]) expect(faultsOf({ ...S, [variable]: bad })).toEqual([variable])
  })

  test('accepts 64 entries of a list and not 65', () => {
    const entries = (count: number) => Array.from({ length: count }, (_, i) => `10.0.${i}.0/24`).join()
    for (const variable of ['TRUST_PROXY', 'IP_ALLOWLIST']) {
      expect(faultsOf({ ...S, [variable]: entries(64) })).toEqual([])
      expect(faultsOf({ ...S, [variable]: entries(65) })).toEqual([variable])
    }
  })
})
