import jwt from 'jsonwebtoken'
import { signToken, type TokenSettings } from '../../api/auth/token.js'
import type { Scope } from '../../api/model/scope.js'
import { SCOPES } from '../../api/model/scope.js'

export const TOKEN_SETTINGS: TokenSettings = {
  algorithm: 'HS256',
  secret: 'nT4kq0Zr8vWx2YbC6dEfG1hJmLpQsUaX',
  issuer: 'porthole',
  audience: 'porthole',
}

interface Wish {
  readonly subject?: string
  readonly scopes?: readonly Scope[]
  readonly selectors?: readonly string[]
  readonly lifetimeSeconds?: number
}

/** A good token, for everything unless told otherwise. */
export function tokenFor(wish: Wish = {}, now = Date.now()): string {
  return signToken(
    TOKEN_SETTINGS,
    { subject: 'tester', scopes: SCOPES, selectors: [], lifetimeSeconds: 600, ...wish },
    now,
  )
}

/** Tokens that no service with TOKEN_SETTINGS may believe, by what is wrong with each. */
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
    secret = TOKEN_SETTINGS.secret,
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
  return tokens
}

/** `"exp":1e999` reads as Infinity, and jsonwebtoken accepts it; JSON.stringify cannot write it, so it is signed by hand. */
function endless(claims: object): string {
  const text = JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999')
  return jwt.sign(text, TOKEN_SETTINGS.secret, { algorithm: 'HS256', header: { alg: 'HS256', typ: 'at+jwt' } })
}
