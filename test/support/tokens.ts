import { createHmac } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { signToken } from '../../api/auth/token.js'
import type { TokenConfig } from '../../api/config/token-keys.js'
import { secretKey } from '../../api/config/token-keys.js'
import type { Scope } from '../../api/model/scope.js'
import { SCOPES } from '../../api/model/scope.js'

/** The signing secret of every test. */
export const SECRET = 'nT4kq0Zr8vWx2YbC6dEfG1hJmLpQsUaX'
const KEY = secretKey(SECRET)

export const TOKEN_SETTINGS: TokenConfig = {
  algorithm: 'HS256',
  signingKey: KEY,
  verificationKeys: [KEY],
  issuer: 'porthole',
  audience: 'porthole',
}

interface TokenOptions {
  readonly subject?: string
  readonly scopes?: readonly Scope[]
  readonly selectors?: readonly string[]
  readonly lifetimeSeconds?: number
  readonly sessionId?: string
}

/** A valid token with every scope by default. */
export function tokenFor(options: TokenOptions = {}, now = Date.now()): string {
  return signToken(
    TOKEN_SETTINGS,
    { subject: 'tester', scopes: SCOPES, selectors: [], lifetimeSeconds: 600, ...options },
    now,
  )
}

/** Tokens that no service with TOKEN_SETTINGS may accept, by what is wrong with each. */
export function hostileTokens(now = Date.now()): ReadonlyMap<string, string> {
  const seconds = Math.floor(now / 1000)
  const claims = {
    iss: 'porthole',
    aud: 'porthole',
    sub: 'mallory',
    iat: seconds,
    exp: seconds + 600,
    jti: 'x',
    scope: 'containers:read',
  }
  const good = tokenFor({}, now)
  const [header = '', payload = '', signature = ''] = good.split('.')
  const without = (name: keyof typeof claims) =>
    Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name))
  const sign = (
    content: object | string,
    options: Omit<jwt.SignOptions, 'header'> & { header?: object } = {},
    secret = SECRET,
  ) =>
    jwt.sign(content, secret, {
      algorithm: 'HS256',
      ...options,
      header: { alg: 'HS256', typ: 'at+jwt', ...options.header },
    } as jwt.SignOptions)
  const raw = (head: object, body: string) =>
    `${Buffer.from(JSON.stringify(head)).toString('base64url')}.${Buffer.from(body).toString('base64url')}.`
  const tokens = new Map<string, string>([
    ['not a token', 'hello'],
    ['two parts', `${header}.${payload}`],
    ['signature stripped', `${header}.${payload}.`],
    ['signature of another', `${header}.${payload}.${sign(claims).split('.')[2]}`],
    ['bit flipped', `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`],
    ['another secret', sign(claims, {}, 'another-secret-of-sufficient-length-1')],
    ['HS512', sign(claims, { algorithm: 'HS512', header: { alg: 'HS512' } })],
    ['unsigned, payload no JSON', `${raw({ alg: 'none', typ: 'at+jwt' }, 'not json')}`],
    ['signed null', sign('null')],
    ['signed string', sign('"hello"')],
    ['signed array', sign('[1]')],
    ['expired', sign({ ...claims, iat: seconds - 900, exp: seconds - 60 })],
    ['not yet', sign({ ...claims, nbf: seconds + 600 })],
    ['issued in the future', sign({ ...claims, iat: seconds + 600 })],
    ['endless', endless(claims)],
    ['far beyond', sign({ ...claims, exp: 1e15 })],
    ['wrong issuer', sign({ ...claims, iss: 'evil' })],
    ['wrong audience', sign({ ...claims, aud: 'evil' })],
    ['audience that merely contains ours', sign({ ...claims, aud: 'porthole-evil' })],
    ['a type of another use', sign(claims, { header: { typ: 'JWT' } })],
    ['crit', sign(claims, { header: { crit: ['x'] } })],
    ['sub no string', sign({ ...claims, sub: undefined, scope: 'a', subject: 1 })],
    ['sub with a line break', sign({ ...claims, sub: 'a\nb' })],
    ['sub empty', sign({ ...claims, sub: '' })],
    ['scope a list', sign({ ...claims, scope: ['containers:read'] })],
    ['containers no list', sign({ ...claims, containers: 'team=web' })],
    ['containers empty list', sign({ ...claims, containers: [] })],
    ['containers with what is no selector', sign({ ...claims, containers: [''] })],
    ['containers with too many', sign({ ...claims, containers: Array.from({ length: 33 }, () => 'team') })],
  ])
  for (const alg of ['none', 'None', 'NONE', 'nOnE'])
    tokens.set(`alg ${alg}`, raw({ alg, typ: 'at+jwt' }, JSON.stringify(claims)))
  for (const name of ['iss', 'aud', 'sub', 'exp', 'jti', 'scope'] as const)
    tokens.set(`no ${name}`, sign(without(name)))
  tokens.set('no iat', sign(without('iat'), { noTimestamp: true }))
  for (const member of ['jku', 'x5u', 'jwk', 'x5c', 'b64', 'zip', 'enc', 'cty'])
    tokens.set(`a header with ${member}`, sign(claims, { header: { [member]: 'https://evil.example/keys' } }))
  for (const kid of HOSTILE_KIDS)
    tokens.set(`kid ${JSON.stringify(kid).slice(0, 40)}`, sign(claims, { header: { kid } }))
  for (const name of ['iss', 'sub', 'iat', 'exp', 'jti', 'scope', 'containers'] as const)
    for (const value of [[7], { a: 1 }, null, true])
      tokens.set(`${name} ${JSON.stringify(value)}`, byHand({ ...claims, [name]: value }))
  for (const sid of ['', 7, ['x'], {}, 'a\u0000b']) tokens.set(`sid ${JSON.stringify(sid)}`, byHand({ ...claims, sid }))
  const text = JSON.stringify(claims)
  tokens.set('a claim twice', byHand(text.replace('{', '{"sub":"admin",')))
  tokens.set('a claim twice, once escaped', byHand(text.replace('{', '{"s\\u0075b":"admin",')))
  tokens.set('exp twice', byHand(text.replace('{', '{"exp":9999999999,')))
  tokens.set('a header member twice', byHand(claims, '{"alg":"HS256","alg":"none","typ":"at+jwt"}'))
  tokens.set('a claim nested 17 deep', byHand({ ...claims, a: JSON.parse(`${'['.repeat(17)}${']'.repeat(17)}`) }))
  tokens.set('a claim nested 2,000 deep', byHand(text.replace('{', `{"a":${'['.repeat(2_000)}${']'.repeat(2_000)},`)))
  tokens.set('bytes that are no UTF-8', byHand(Buffer.from(text.replace('mallory', 'm\u00e9'), 'latin1')))
  for (const alg of ['HS384', 'hs256', 'HS256 ', 'RS256', 'ES256', 'PS256', '', 'HS256\u0000'])
    tokens.set(`alg ${JSON.stringify(alg)}, signed as HS256`, byHand(claims, JSON.stringify({ alg, typ: 'at+jwt' })))
  for (const typ of ['JWT', 'AT+JWT', 'at+jwt ', 'application/jwt', 'rt+jwt', ['at+jwt'], null])
    tokens.set(`typ ${JSON.stringify(typ)}`, byHand(claims, JSON.stringify({ alg: 'HS256', typ })))
  tokens.set('padding', `${good}=`)
  tokens.set('four parts', `${good}.`)
  tokens.set('five parts, as encrypted ones have', `${good}.x.y`)
  tokens.set('unused bits of the signature set', `${good.slice(0, -1)}${nextDigit(good.at(-1) ?? 'A')}`)
  tokens.set(
    'the standard alphabet of base64',
    `${header}.${payload}.${signature.replaceAll('-', '+').replaceAll('_', '/')}+`,
  )
  return tokens
}

/** Where a `kid` ends up in a path, a query, a shell or a prototype in careless code (RFC 8725 section 3.10). */
const HOSTILE_KIDS: readonly unknown[] = [
  '',
  'previous',
  '../../../../dev/null',
  '/dev/null',
  '/etc/passwd',
  'file:///dev/null',
  "x' UNION SELECT 'key",
  '| sleep 10',
  '$(sleep 10)',
  '__proto__',
  'constructor',
  'toString',
  'CURRENT',
  'current\u0000',
  'current\n',
  ' current',
  ['current'],
  { kid: 'current' },
  0,
  null,
  true,
  'k'.repeat(5_000),
]

/** A valid signature over any bytes. */
function byHand(content: object | string | Buffer, header = '{"alg":"HS256","typ":"at+jwt"}'): string {
  const bytes = Buffer.isBuffer(content) ? content : typeof content === 'string' ? content : JSON.stringify(content)
  const signed = `${Buffer.from(header).toString('base64url')}.${Buffer.from(bytes).toString('base64url')}`
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`
}

/** Another last digit that decodes to the same bytes: a SHA-256 leaves the last two bits of it unused. */
function nextDigit(digit: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return digits[digits.indexOf(digit) + 1] ?? 'B'
}

/** `"exp":1e999` reads as Infinity, and jsonwebtoken accepts it; JSON.stringify cannot write it, so it is signed by hand. */
function endless(claims: object): string {
  const text = JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999')
  return jwt.sign(text, SECRET, { algorithm: 'HS256', header: { alg: 'HS256', typ: 'at+jwt' } })
}
