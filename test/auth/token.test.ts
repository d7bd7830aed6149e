import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { signToken, verifyToken } from '../../api/auth/token.js'
import type { TokenConfig } from '../../api/config/token-keys.js'
import { ApiError } from '../../api/model/error.js'
import { SCOPES } from '../../api/model/scope.js'
import { hostileTokens, TOKEN_SETTINGS, tokenFor } from '../support/tokens.js'

const NOW = Date.UTC(2026, 10, 24)

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return error instanceof ApiError ? error.code : `not an ApiError: ${String(error)}`
  }
  return 'nothing thrown'
}

describe('verifyToken', () => {
  test('verifies what signToken signed', () => {
    const token = tokenFor({ subject: 'grafana', scopes: ['stats:read'], selectors: ['team=web', 'tier'] }, NOW)
    const caller = verifyToken(TOKEN_SETTINGS, token, NOW)
    expect(caller.subject).toBe('grafana')
    expect([...caller.scopes]).toEqual(['stats:read'])
    expect(caller.selectors).toEqual([
      { key: 'team', value: 'web' },
      { key: 'tier', value: null },
    ])
    expect(caller.expiresAt).toBe(NOW / 1000 + 600)
    expect(caller.tokenId).toMatch(/^[0-9a-f-]{36}$/)
  })

  test.each([...hostileTokens(NOW)])('refuses: %s', (_what, token) => {
    expect(codeOf(() => verifyToken(TOKEN_SETTINGS, token, NOW))).toBe('invalid-token')
  })

  test('allows the clocks to differ by 30 s and no more', () => {
    const token = tokenFor({ lifetimeSeconds: 60 }, NOW)
    expect(codeOf(() => verifyToken(TOKEN_SETTINGS, token, NOW + 89_000))).toBe('nothing thrown')
    expect(codeOf(() => verifyToken(TOKEN_SETTINGS, token, NOW + 91_000))).toBe('invalid-token')
    expect(codeOf(() => verifyToken(TOKEN_SETTINGS, token, NOW - 30_000))).toBe('nothing thrown')
    expect(codeOf(() => verifyToken(TOKEN_SETTINGS, token, NOW - 31_000))).toBe('invalid-token')
  })

  test('drops scopes that it does not know', () => {
    const request = {
      subject: 'x',
      scopes: ['containers:read', 'containers:write'] as never,
      selectors: [],
      lifetimeSeconds: 60,
    }
    const token = signToken(TOKEN_SETTINGS, request, NOW)
    expect([...verifyToken(TOKEN_SETTINGS, token, NOW).scopes]).toEqual(['containers:read'])
  })

  test('gives callers with the same selectors the same visibility key, in any order', () => {
    const keyOf = (selectors: string[]) => verifyToken(TOKEN_SETTINGS, tokenFor({ selectors }, NOW), NOW).visibilityKey
    expect(keyOf(['a=1', 'b'])).toBe(keyOf(['b', 'a=1']))
    expect(keyOf(['a=1'])).not.toBe(keyOf(['a=2']))
    expect(keyOf(['a'])).not.toBe(keyOf(['a=']))
    expect(keyOf(['a', 'b'])).not.toBe(keyOf(['a=b']))
    expect(keyOf([])).toBe('')
    expect(SCOPES).toHaveLength(8)
  })
})

describe('keys', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const request = { subject: 'x', scopes: ['stats:read'], selectors: [], lifetimeSeconds: 60 } as const

  function settingsOf(
    algorithm: TokenConfig['algorithm'],
    pair: { privateKey: KeyObject; publicKey: KeyObject },
  ): TokenConfig {
    return {
      ...TOKEN_SETTINGS,
      algorithm,
      signingKey: { kid: 'now', key: pair.privateKey },
      verificationKeys: [{ kid: 'now', key: pair.publicKey }],
    }
  }

  test.each([
    ['RS256', rsa],
    ['PS256', rsa],
    ['ES256', ec],
  ] as const)('%s signs and verifies, and nothing else does', (algorithm, pair) => {
    const settings = settingsOf(algorithm, pair)
    const token = signToken(settings, request, NOW)
    expect(verifyToken(settings, token, NOW).subject).toBe('x')
    for (const another of ['RS256', 'PS256', 'ES256', 'HS256'] as const)
      if (another !== algorithm) {
        const others = another === 'HS256' ? TOKEN_SETTINGS : { ...settings, algorithm: another }
        expect(codeOf(() => verifyToken(others, token, NOW))).toBe('invalid-token')
      }
    expect(codeOf(() => verifyToken(settingsOf('RS256', other), token, NOW))).toBe('invalid-token')
  })

  test('a public key is never used as a secret (RFC 8725 section 2.1)', () => {
    const settings = settingsOf('RS256', rsa)
    const claims = { iss: 'porthole', aud: 'porthole', sub: 'mallory', jti: 'x', scope: 'stats:read' }
    const seconds = NOW / 1000
    const pems = [
      rsa.publicKey.export({ type: 'spki', format: 'pem' }),
      rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }),
      rsa.publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(rsa.publicKey.export({ format: 'jwk' })),
    ]
    for (const pem of pems)
      for (const alg of ['HS256', 'RS256'])
        for (const kid of [undefined, 'now']) {
          const header = { alg, typ: 'at+jwt', ...(kid === undefined ? {} : { kid }) }
          const payload = { ...claims, iat: seconds, exp: seconds + 60 }
          const signed = [header, payload]
            .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
            .join('.')
          const token = `${signed}.${createHmac('sha256', pem).update(signed).digest('base64url')}`
          expect(codeOf(() => verifyToken(settings, token, NOW))).toBe('invalid-token')
        }
  })

  test('rotate: the key before is still accepted, by its name or without one, and the next service drops it', () => {
    const before = settingsOf('RS256', other)
    const after: TokenConfig = {
      ...settingsOf('RS256', rsa),
      verificationKeys: [
        { kid: 'now', key: rsa.publicKey },
        { kid: 'before', key: other.publicKey },
      ],
    }
    const old = signToken({ ...before, signingKey: { kid: 'before', key: other.privateKey } }, request, NOW)
    expect(verifyToken(after, old, NOW).subject).toBe('x')
    expect(verifyToken(after, signToken(after, request, NOW), NOW).subject).toBe('x')
    expect(codeOf(() => verifyToken(settingsOf('RS256', rsa), old, NOW))).toBe('invalid-token')
    const misnamed = signToken({ ...before, signingKey: { kid: 'now', key: other.privateKey } }, request, NOW)
    expect(codeOf(() => verifyToken(after, misnamed, NOW))).toBe('invalid-token')
    const nameless = jwt.sign(
      { sub: 'x', jti: 'y', scope: '', iat: NOW / 1000, exp: NOW / 1000 + 60 },
      other.privateKey,
      {
        algorithm: 'RS256',
        issuer: 'porthole',
        audience: 'porthole',
        header: { alg: 'RS256', typ: 'application/at+jwt' },
      },
    )
    expect(verifyToken(after, nameless, NOW).subject).toBe('x')
  })

  test('a service that only verifies signs nothing', () => {
    expect(() => signToken({ ...settingsOf('RS256', rsa), signingKey: null }, request, NOW)).toThrow('no signing key')
  })

  test('a signed token has the claims that RFC 9068 section 2.2 asks for', () => {
    const [header, payload] = signToken(TOKEN_SETTINGS, { ...request, sessionId: 's' }, NOW)
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
    expect(header).toEqual({ alg: 'HS256', typ: 'at+jwt', kid: TOKEN_SETTINGS.signingKey?.kid })
    expect(Object.keys(payload).sort()).toEqual(['aud', 'client_id', 'exp', 'iat', 'iss', 'jti', 'scope', 'sid', 'sub'])
  })

  test('a change of any single bit is refused', () => {
    const token = signToken(settingsOf('ES256', ec), request, NOW)
    for (let at = 0; at < token.length; at += 1)
      for (const bit of [1, 2, 4, 8, 16, 32]) {
        const flipped = String.fromCharCode(token.charCodeAt(at) ^ bit)
        const changed = token.slice(0, at) + flipped + token.slice(at + 1)
        expect([at, bit, codeOf(() => verifyToken(settingsOf('ES256', ec), changed, NOW))]).toEqual([
          at,
          bit,
          'invalid-token',
        ])
      }
  })
})
