import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import jwt from 'jsonwebtoken'
import { Provider } from '../../api/auth/provider.js'
import { type Clock, SYSTEM_CLOCK } from '../../api/clock.js'
import type { ProviderConfig } from '../../api/config/provider-config.js'
import type { Scope } from '../../api/model/scope.js'
import { eventually } from '../support/eventually.js'
import { FakeClock } from '../support/fake-clock.js'

const RSA = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const NEXT = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const SHORT = generateKeyPairSync('rsa', { modulusLength: 1_024 })
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' })

interface KeyServer {
  readonly url: string
  keys: object[]
  requests: number
  /** Replaces the usual answer. */
  answer: ((req: IncomingMessage, res: ServerResponse) => void) | null
  close(): void
}

async function serveKeys(): Promise<KeyServer> {
  const served: KeyServer = { url: '', keys: [jwk('rsa', RSA.publicKey)], requests: 0, answer: null, close: () => {} }
  const server = createServer((req, res) => {
    served.requests += 1
    if (served.answer !== null) served.answer(req, res)
    else res.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: served.keys }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return Object.assign(served, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`, close })
}

function jwk(kid: string, key: KeyObject, more: object = {}): object {
  return { ...key.export({ format: 'jwk' }), kid, use: 'sig', ...more }
}

function settingsFor(url: string, changes: Partial<ProviderConfig> = {}): ProviderConfig {
  return {
    jwksUrl: url,
    issuer: 'https://id.example',
    audience: 'porthole',
    algorithms: ['RS256'],
    tokenType: 'at+jwt',
    claimMap: new Map([['scope', new Map<string, readonly Scope[]>([['stats:read', ['stats:read']]])]]),
    containersClaim: 'containers',
    ...changes,
  }
}

const seconds = () => Math.floor(Date.now() / 1000)
const claims = () => ({
  iss: 'https://id.example',
  aud: 'porthole',
  sub: 'ann',
  jti: 'j1',
  iat: seconds(),
  exp: seconds() + 300,
  scope: 'openid stats:read',
})

function sign(content: object, { key = RSA.privateKey, alg = 'RS256' as jwt.Algorithm, header = {} } = {}): string {
  return jwt.sign(content, key, { algorithm: alg, header: { alg, typ: 'at+jwt', kid: 'rsa', ...header } })
}

/** Any bytes, with a valid signature. */
function byHand(content: string, header: object = { alg: 'RS256', typ: 'at+jwt', kid: 'rsa' }): string {
  const { sign: signBytes } = require('node:crypto') as typeof import('node:crypto')
  const text = [JSON.stringify(header), content].map((part) => Buffer.from(part).toString('base64url')).join('.')
  return `${text}.${signBytes('sha256', Buffer.from(text), RSA.privateKey).toString('base64url')}`
}

describe('Provider', () => {
  let server: KeyServer
  const warnings: string[] = []
  const provider = (changes: Partial<ProviderConfig> = {}, clock: Clock = SYSTEM_CLOCK) =>
    new Provider(settingsFor(server.url, changes), { clock, log: { warn: (_fields, text) => warnings.push(text) } })
  const refused = (token: string, by = provider()) =>
    expect(by.verify(token)).rejects.toMatchObject({ name: 'ApiError', code: 'invalid-token' })

  beforeEach(async () => {
    server = await serveKeys()
    warnings.length = 0
  })
  afterEach(() => server.close())

  test('accepts a valid token, and maps its claims', async () => {
    const caller = await provider().verify(sign({ ...claims(), containers: ['team=web'] }))
    expect(caller).toMatchObject({ subject: 'ann', issuer: 'https://id.example', tokenId: 'j1', sessionId: null })
    expect([...caller.scopes]).toEqual(['stats:read'])
    expect(caller.selectors).toEqual([{ key: 'team', value: 'web' }])
  })

  test.each([
    ['RS256', RSA],
    ['PS256', RSA],
    ['ES256', EC],
  ] as const)('accepts %s where it is configured, and not elsewhere', async (alg, pair) => {
    server.keys = [jwk('k', pair.publicKey)]
    const token = sign(claims(), { key: pair.privateKey, alg, header: { kid: 'k' } })
    expect((await provider({ algorithms: [alg] }).verify(token)).subject).toBe('ann')
    for (const other of ['RS256', 'PS256', 'ES256'] as const)
      if (other !== alg) await refused(token, provider({ algorithms: [other] }))
  })

  test('knows its own tokens by their issuer alone', () => {
    expect(provider().isAddressed(sign(claims()))).toBe(true)
    for (const token of [sign({ ...claims(), iss: 'porthole' }), 'x', 'a.b.c', '', `.${'A'.repeat(9_000)}.`])
      expect(provider().isAddressed(token)).toBe(false)
  })

  test('maps claims by name, by path, by word and by element, and no inherited property', async () => {
    const viewer: readonly Scope[] = ['containers:read']
    const claimMap = new Map([
      ['realm.roles', new Map([['ops', viewer]])],
      ['https://x.example/groups', new Map([['sec', ['audit:read'] as readonly Scope[]]])],
      ['groups', new Map([['web', ['logs:read'] as readonly Scope[]]])],
      ['constructor.name', new Map([['Object', ['security:read'] as readonly Scope[]]])],
      ['__proto__.x', new Map([['y', ['security:read'] as readonly Scope[]]])],
    ])
    const by = provider({ claimMap })
    const scopesOf = async (more: object) => [...(await by.verify(sign({ ...claims(), ...more }))).scopes].sort()
    expect(await scopesOf({ realm: { roles: ['ops', 7, null] }, groups: 'dev web' })).toEqual([
      'containers:read',
      'logs:read',
    ])
    expect(await scopesOf({ 'https://x.example/groups': ['sec'] })).toEqual(['audit:read'])
    expect(await scopesOf({ 'realm.roles': 'ops' })).toEqual(['containers:read'])
    expect(await scopesOf({ groups: { web: true }, realm: [{ roles: 'ops' }] })).toEqual([])
    expect(await scopesOf({})).toEqual([])
  })

  test.each<[string, () => string]>([
    ['expired', () => sign({ ...claims(), iat: seconds() - 900, exp: seconds() - 60 })],
    ['not yet', () => sign({ ...claims(), nbf: seconds() + 600 })],
    ['of the future', () => sign({ ...claims(), iat: seconds() + 600 })],
    ['of another issuer', () => sign({ ...claims(), iss: 'https://evil.example' })],
    ['of an issuer that contains ours', () => sign({ ...claims(), iss: 'https://id.example.evil' })],
    ['for another audience', () => sign({ ...claims(), aud: 'other' })],
    ['for audiences without ours', () => sign({ ...claims(), aud: ['a', 'b'] })],
    ['of another type', () => sign(claims(), { header: { typ: 'JWT' } })],
    ['without a kid', () => byHand(JSON.stringify(claims()), { alg: 'RS256', typ: 'at+jwt' })],
    ['without a jti', () => sign({ ...claims(), jti: undefined })],
    ['without a sub', () => sign({ ...claims(), sub: undefined })],
    ['without an exp', () => byHand(JSON.stringify({ ...claims(), exp: undefined }))],
    ['with an endless exp', () => byHand(JSON.stringify(claims()).replace(/"exp":\d+/, '"exp":1e999'))],
    ['with a sub that is an object', () => byHand(JSON.stringify({ ...claims(), sub: { a: 1 } }))],
    ['with containers that are no list', () => sign({ ...claims(), containers: 'team=web' })],
    ['with no containers in the list', () => sign({ ...claims(), containers: [] })],
    ['with a claim twice', () => byHand(JSON.stringify(claims()).replace('{', '{"sub":"admin",'))],
    ['nested a thousand deep', () => byHand(`{"a":${'['.repeat(1_000)}${']'.repeat(1_000)}}`)],
    ['no object', () => byHand('[1]')],
    ['no JSON', () => byHand('hello')],
    ['signed by another key', () => sign(claims(), { key: NEXT.privateKey })],
    ['with a signature cut off', () => sign(claims()).replace(/\.[^.]*$/, '.')],
    ['with four parts', () => `${sign(claims())}.x`],
    ['in the standard alphabet', () => `${sign(claims())}=`],
    ['HS256 by the public key', () => confused(RSA.publicKey.export({ type: 'spki', format: 'pem' }).toString())],
    ['HS256 by the JWK', () => confused(JSON.stringify(jwk('rsa', RSA.publicKey)))],
    ...['none', 'None', 'nOnE', 'HS256', 'RS512'].map((alg): [string, () => string] => [
      `alg ${alg}`,
      () => byHand(JSON.stringify(claims()), { alg, typ: 'at+jwt', kid: 'rsa' }),
    ]),
    ...['jku', 'x5u', 'jwk', 'x5c', 'crit', 'zip', 'enc', 'cty'].map((member): [string, () => string] => [
      `with ${member}`,
      () => sign(claims(), { header: { [member]: 'https://evil.example/keys' } }),
    ]),
    ...['../../dev/null', '/etc/passwd', "x' OR 1=1", '| id', '__proto__', 'constructor', '', 'k'.repeat(300)].map(
      (kid): [string, () => string] => [`kid ${kid.slice(0, 20)}`, () => sign(claims(), { header: { kid } })],
    ),
  ])('refuses a token that is %s', async (_what, token) => {
    await refused(token())
    // Only the configured address is asked, for any header.
    expect(server.requests).toBeLessThanOrEqual(2)
  })

  test('accepts the type JWT where that is configured', async () => {
    const by = provider({ tokenType: 'JWT' })
    expect((await by.verify(sign(claims(), { header: { typ: 'JWT' } }))).subject).toBe('ann')
    await refused(sign(claims()), by)
  })

  test('fetches the keys once, and again for an unknown kid, at a bounded rate', async () => {
    const by = provider()
    for (let i = 0; i < 5; i += 1) await by.verify(sign(claims()))
    expect(server.requests).toBe(1)
    server.keys = [jwk('rsa', RSA.publicKey), jwk('next', NEXT.publicKey)]
    // The first set was fetched a moment ago, so an unknown kid does not fetch it again.
    const flood = Array.from({ length: 200 }, (_, i) => by.verify(sign(claims(), { header: { kid: `k${i}` } })))
    for (const outcome of await Promise.allSettled(flood)) expect(outcome.status).toBe('rejected')
    expect(server.requests).toBe(1)
    jest.useFakeTimers({
      now: Date.now() + 31_000,
      doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'performance'],
    })
    try {
      const rotated = { key: NEXT.privateKey, header: { kid: 'next' } }
      await Promise.all(Array.from({ length: 20 }, () => by.verify(sign(claims(), rotated))))
      expect(server.requests).toBe(2)
    } finally {
      jest.useRealTimers()
    }
  })

  test('refuses a key that the provider removed, once its copy is five minutes old', async () => {
    const by = provider()
    await by.verify(sign(claims()))
    server.keys = [jwk('next', NEXT.publicKey)]
    const later = Date.now() + 301_000
    jest.useFakeTimers({ now: later, doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'performance'] })
    try {
      await refused(sign({ ...claims(), exp: Math.floor(later / 1000) + 60 }), by)
    } finally {
      jest.useRealTimers()
    }
  })

  test.each<[string, (req: IncomingMessage, res: ServerResponse) => void]>([
    ['an error', (_req, res) => res.writeHead(500).end()],
    ['garbage', (_req, res) => res.end('hello')],
    ['a page', (_req, res) => res.setHeader('Content-Type', 'text/html').end('<html></html>')],
    ['no set', (_req, res) => res.end('{"keys":{}}')],
    ['nothing', (_req, res) => res.end()],
    [
      'a cut answer',
      (_req, res) => res.writeHead(200, { 'Content-Length': '1000' }).write('{"keys":[') && res.destroy(),
    ],
    [
      'half a megabyte',
      (_req, res) => res.end(JSON.stringify({ keys: [jwk('rsa', RSA.publicKey)], x: 'x'.repeat(500_000) })),
    ],
    ['a redirect', (_req, res) => res.writeHead(302, { Location: '/elsewhere' }).end()],
  ])('refuses every token while the keys answer with %s, asks once, and logs it once', async (_what, answer) => {
    server.answer = answer
    const by = provider()
    for (let i = 0; i < 10; i += 1) await refused(sign(claims()), by)
    expect(server.requests).toBe(1)
    expect(warnings).toHaveLength(1)
  })

  test('refuses every token while the keys cannot be reached', async () => {
    server.close()
    await refused(sign(claims()))
    expect(warnings).toHaveLength(1)
  })

  test('waits five seconds for keys that never come, and no longer', async () => {
    server.answer = () => {}
    const clock = new FakeClock()
    const verdict = refused(sign(claims()), provider({}, clock))
    await eventually(
      () => server.requests,
      (count) => count === 1,
      10_000,
    )
    await clock.advance(4_999)
    expect([clock.pending, warnings]).toEqual([1, []])
    await clock.advance(1)
    await verdict
    expect([clock.pending, warnings.length]).toEqual([0, 1])
  })

  test.each<[string, () => object]>([
    [
      'a secret',
      () => ({ kty: 'oct', kid: 'rsa', k: Buffer.from('x'.repeat(32)).toString('base64url'), alg: 'HS256' }),
    ],
    ['a key for encryption', () => jwk('rsa', RSA.publicKey, { use: 'enc' })],
    ['a key of another algorithm', () => jwk('rsa', RSA.publicKey, { alg: 'RS512' })],
    ['a key of another type', () => jwk('rsa', EC.publicKey)],
    ['no key', () => ({ kid: 'rsa' })],
  ])('does not use %s of the set', async (_what, key) => {
    server.keys = [key()]
    await refused(sign(claims()))
  })

  test('does not use an RSA key of 1024 bits', async () => {
    server.keys = [jwk('rsa', SHORT.publicKey)]
    const { sign: signBytes } = require('node:crypto') as typeof import('node:crypto')
    const text = [{ alg: 'RS256', typ: 'at+jwt', kid: 'rsa' }, claims()]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    await refused(`${text}.${signBytes('sha256', Buffer.from(text), SHORT.privateKey).toString('base64url')}`)
  })
})

function confused(secret: string): string {
  const header = { alg: 'HS256', typ: 'at+jwt', kid: 'rsa' }
  const text = [header, claims()].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}
