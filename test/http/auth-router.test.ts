import type { Express } from 'express'
import request from 'supertest'
import { RefreshTokens } from '../../api/auth/sign-in/refresh-token.js'
import { createRig, GENEROUS } from '../support/app-parts.js'
import { createSignInRig, PASSWORD } from '../support/sign-in-rig.js'
import { tokenFor } from '../support/tokens.js'

const GOOD = { username: 'alice', password: PASSWORD }

/** The limit of the shipped configuration. */
const LIMITS = { ...GENEROUS, general: 100 }

function post(app: Express, path: string, body: object | string = {}, token?: string) {
  const fields = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  return request(app)
    .post(`/api/auth/${path}`)
    .set({ 'Content-Type': 'application/json', ...fields })
    .send(body)
}

/** The statuses of so many requests, and how often each came. */
async function countsOf(count: number, ask: (i: number) => PromiseLike<{ readonly status: number }>) {
  const counts: Record<number, number> = {}
  for (let i = 0; i < count; i += 1) {
    const { status } = await ask(i)
    counts[status] = (counts[status] ?? 0) + 1
  }
  return counts
}

describe('an address that a stranger has used up', () => {
  const usedUp = async (general: number) => {
    const rig = createSignInRig({ limits: { ...LIMITS, general } })
    const session = (await post(rig.app, 'login', GOOD)).body
    const asked = await countsOf(2 * general, () => request(rig.app).get('/api/containers'))
    expect(asked).toEqual({ 401: general, 429: general })
    return { ...rig, session }
  }

  test('still signs in, refreshes and signs out', async () => {
    const { app, session } = await usedUp(100)
    const refreshed = await post(app, 'refresh', { refreshToken: session.refreshToken })
    expect(refreshed.status).toBe(200)
    expect((await post(app, 'login', GOOD)).status).toBe(200)
    expect((await post(app, 'logout', { refreshToken: refreshed.body.refreshToken })).status).toBe(204)
  })

  test('still refreshes and signs out where made-up refresh tokens have used up that limit too', async () => {
    const { app, session } = await usedUp(10)
    const made = await countsOf(12, (i) => post(app, i % 2 === 0 ? 'refresh' : 'logout', { refreshToken: 'made up' }))
    expect(made[429]).toBe(2)
    const refreshed = await post(app, 'refresh', { refreshToken: session.refreshToken })
    expect(refreshed.status).toBe(200)
    expect((await post(app, 'logout', { refreshToken: refreshed.body.refreshToken })).status).toBe(204)
  })

  test('gets nothing else by it: the routes that ask for a token stay closed', async () => {
    const { app } = await usedUp(10)
    expect((await request(app).get('/api/auth/me')).status).toBe(429)
    expect((await request(app).get('/api/auth/login')).status).toBe(429)
    expect((await post(app, 'stream-ticket', { path: '/api/stats/stream' })).status).toBe(429)
    expect((await post(app, 'nothing')).status).toBe(429)
  })
})

describe('the session limit', () => {
  test('counts refreshes of one session, at the limit answered, over it 429 with the fields; not those of another', async () => {
    const { app, audit } = createSignInRig({ limits: LIMITS })
    let { refreshToken } = (await post(app, 'login', GOOD)).body
    const other = (await post(app, 'login', GOOD)).body
    const asked = await countsOf(100, async () => {
      const answer = await post(app, 'refresh', { refreshToken })
      refreshToken = answer.body.refreshToken
      return answer
    })
    expect(asked).toEqual({ 200: 100 })
    const over = await post(app, 'refresh', { refreshToken })
    expect([over.status, over.body.code]).toEqual([429, 'rate-limited'])
    expect(over.headers['ratelimit']).toMatch(/^"session"; r=0; t=\d+$/)
    expect(over.headers['ratelimit-policy']).toMatch(/^"session"; q=100; w=900; pk=:/)
    expect(Number(over.headers['retry-after'])).toBeGreaterThan(890)
    expect(audit.authActions.at(-1)).toBe('rate-limited')
    expect((await post(app, 'refresh', { refreshToken: other.refreshToken })).status).toBe(200)
  })

  test('counts made-up tokens by address, and each request whose body is refused', async () => {
    const { app } = createSignInRig({ limits: { ...LIMITS, general: 5 } })
    const { accessToken } = (await post(app, 'login', GOOD)).body
    const forged = new RefreshTokens(Buffer.alloc(32, 8))
    const bodies: readonly (readonly [object | string, number])[] = [
      [{ refreshToken: forged.write({ sessionId: '7f2f4b5e-8a34-4d0e-9a39-0c6f7a3f9c11', generation: 0 }) }, 401],
      ['no json', 400],
      [{}, 400],
      [{ refreshToken: 'a'.repeat(5_000) }, 413],
      [{ refreshToken: ['x'] }, 400],
      ['no json', 429],
      [{ refreshToken: 'x' }, 429],
    ]
    for (const [body, status] of bodies)
      expect([body, (await post(app, 'refresh', body)).status]).toEqual([body, status])
    expect((await post(app, 'refresh?x=1', {})).status).toBe(429)
    // With a valid token the sender is known.
    expect((await post(app, 'refresh', { refreshToken: 'x' }, accessToken)).status).toBe(401)
  })

  test('counts sign-outs without a refresh token by subject', async () => {
    const { app } = createSignInRig({ limits: { ...LIMITS, general: 3 } })
    const statuses = []
    for (let i = 0; i < 4; i += 1) statuses.push((await post(app, 'logout', {}, tokenFor({ subject: 'eager' }))).status)
    expect(statuses).toEqual([204, 204, 204, 429])
    expect((await post(app, 'logout', {}, tokenFor({ subject: 'another' }))).status).toBe(204)
  })
})

describe('the sign-in limit', () => {
  test('counts by address, whatever token is sent, before the body is read', async () => {
    const { app } = createSignInRig({ limits: { ...LIMITS, general: 4 } })
    const { accessToken, refreshToken } = (await post(app, 'login', GOOD)).body
    const statuses = []
    for (const [body, token] of [
      [GOOD],
      ['no json'],
      [GOOD, accessToken],
      [GOOD],
      ['no json'],
      [GOOD, accessToken],
    ] as const)
      statuses.push((await post(app, 'login', body, token)).status)
    expect(statuses).toEqual([200, 400, 200, 429, 429, 429])
    const over = await post(app, 'login', GOOD)
    expect(over.headers['ratelimit']).toMatch(/^"sign-in"; r=0; t=\d+$/)
    expect((await post(app, 'refresh', { refreshToken })).status).toBe(200)
    const list = await request(app).get('/api/containers').set('Authorization', `Bearer ${accessToken}`)
    expect(list.headers['ratelimit']).toMatch(/^"general"; r=3; t=\d+$/)
  })
})

test('without users the paths of signing in count like any other', async () => {
  const { app } = createRig({ limits: { ...LIMITS, general: 2 } })
  const statuses = []
  for (let i = 0; i < 3; i += 1) statuses.push((await post(app, 'login', GOOD)).status)
  expect(statuses).toEqual([401, 401, 429])
})
