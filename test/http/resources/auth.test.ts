import type { Express } from 'express'
import request from 'supertest'
import type { AuthEvent } from '../../../api/audit/event.js'
import { RefreshTokens } from '../../../api/auth/sign-in/refresh-token.js'
import { cleanupAfterEach } from '../../support/cleanup.js'
import { networks } from '../../support/networks.js'
import { createSignInRig, PASSWORD, userOf } from '../../support/sign-in-rig.js'
import { tokenFor } from '../../support/tokens.js'

const cleanup = cleanupAfterEach()
const HOUR = 3_600_000
const GOOD = { username: 'alice', password: PASSWORD }
const BEHIND_PROXY = { trustProxy: { kind: 'networks', networks: networks('127.0.0.0/8', '::1/128') } } as const
const NETWORK = { ...BEHIND_PROXY, allowlist: [], corsOrigins: [] }

function post(app: Express, path: string, body: object | string, fields: Record<string, string> = {}) {
  return request(app)
    .post(`/api/auth/${path}`)
    .set({ 'Content-Type': 'application/json', ...fields })
    .send(body)
}

function from(address: string) {
  return { 'X-Forwarded-For': address }
}

function me(app: Express, token: string) {
  return request(app).get('/api/auth/me').set('Authorization', `Bearer ${token}`)
}

describe('POST /api/auth/login', () => {
  test('issues an access token that can read, and a refresh token, and says what they allow', async () => {
    const { app, time, audit } = createSignInRig()
    const { status, body } = await post(app, 'login', GOOD)
    expect(status).toBe(200)
    expect(Object.keys(body)).toEqual(
      'tokenType accessToken expiresAt refreshToken refreshExpiresAt subject scopes containers'.split(' '),
    )
    expect(body).toMatchObject({ tokenType: 'Bearer', subject: 'alice', scopes: ['containers:read', 'stats:read'] })
    expect(Date.parse(body.expiresAt) - time.now).toBeGreaterThan(890_000)
    const read = await request(app).get('/api/containers').set('Authorization', `Bearer ${body.accessToken}`)
    expect(read.status).toBe(200)
    const known = await me(app, body.accessToken)
    expect(known.body).toMatchObject({ subject: 'alice', scopes: ['containers:read', 'stats:read'], containers: [] })
    expect(audit.authActions).toEqual(['login'])
    expect(JSON.stringify(audit.events)).not.toContain(PASSWORD)
    expect(JSON.stringify(audit.events)).not.toContain(body.accessToken)
    expect(JSON.stringify(audit.events)).not.toContain(body.refreshToken)
  })

  test("carries the user's containers into the token", async () => {
    const { app, users } = createSignInRig()
    users.set('alice', userOf('alice', { selectors: [{ key: 'team', value: 'web' }] }))
    const { body } = await post(app, 'login', GOOD)
    expect((await me(app, body.accessToken)).body.containers).toEqual(['team=web'])
  })

  test('answers an unknown user and a wrong password alike', async () => {
    const { app, audit } = createSignInRig()
    const answers = await Promise.all(
      [
        { username: 'alice', password: 'wrong' },
        { username: 'nobody', password: PASSWORD },
      ].map((body) => post(app, 'login', body)),
    )
    const [wrong, unknown] = answers.map(({ status, body: { requestId: _id, instance: _instance, ...body } }) => ({
      status,
      body,
    }))
    expect(wrong).toEqual(unknown)
    expect(wrong).toMatchObject({ status: 401, body: { code: 'invalid-credentials' } })
    const events = audit.events.map((event) => event as AuthEvent)
    expect(events.map(({ subject, reason }) => [subject, reason]).sort()).toEqual([
      [null, 'unknown user'],
      ['alice', 'wrong password'],
    ])
  })

  test('never stores an unknown name, which may be a password', async () => {
    const { app, audit, lines } = createSignInRig()
    await post(app, 'login', { username: 'hunter2-in-the-wrong-field', password: 'x' })
    expect(JSON.stringify(audit.events) + lines.join('')).not.toContain('hunter2')
  })

  test.each<[string, object | string, number, string]>([
    ['nothing', {}, 400, 'invalid-request'],
    ['no password', { username: 'alice' }, 400, 'invalid-request'],
    ['a role beside', { ...GOOD, role: 'admin' }, 400, 'invalid-request'],
    ['scopes beside', { ...GOOD, scopes: ['security:read'] }, 400, 'invalid-request'],
    ['a session beside', { ...GOOD, sessionId: 'mine' }, 400, 'invalid-request'],
    ['an array', [GOOD], 400, 'invalid-request'],
    ['a number for a name', { username: 1, password: PASSWORD }, 400, 'invalid-request'],
    ['an object for a password', { username: 'alice', password: { $ne: '' } }, 400, 'invalid-request'],
    ['an array for a name', { username: ['alice'], password: PASSWORD }, 400, 'invalid-request'],
    ['an empty name', { username: '', password: PASSWORD }, 400, 'invalid-request'],
    ['a name of 257', { username: 'a'.repeat(257), password: PASSWORD }, 400, 'invalid-request'],
    ['a password of 1025', { username: 'alice', password: 'a'.repeat(1_025) }, 400, 'invalid-request'],
    ['no JSON', 'username=alice', 400, 'invalid-request'],
    ['a name twice', `{"username":"alice","username":"bob","password":"${PASSWORD}"}`, 400, 'invalid-request'],
    ['a prototype', `{"username":"alice","password":"${PASSWORD}","__proto__":{"a":1}}`, 400, 'invalid-request'],
    ['five kilobytes', { username: 'alice', password: 'a'.repeat(5_000) }, 413, 'payload-too-large'],
  ])('refuses %s', async (_what, body, status, code) => {
    const { app } = createSignInRig()
    const answer = await post(app, 'login', body)
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect(answer.text).not.toContain(PASSWORD)
  })

  test('accepts names and passwords up to their bounds', async () => {
    const { app } = createSignInRig()
    const answer = await post(app, 'login', { username: 'a'.repeat(256), password: 'a'.repeat(1_024) })
    expect(answer.status).toBe(401)
  })

  test.each([
    'application/x-www-form-urlencoded',
    'text/plain',
    'application/jsonp',
    'application/json; charset=utf-16',
    'multipart/form-data; boundary=x',
  ])('refuses a body of %s, as a page of another origin could send it', async (type) => {
    const { app } = createSignInRig()
    const answer = await post(app, 'login', JSON.stringify(GOOD), { 'Content-Type': type })
    expect([answer.status, answer.body.code]).toEqual([415, 'unsupported-media-type'])
  })

  test('refuses a compressed body, a query, and every other method', async () => {
    const { app } = createSignInRig()
    const packed = await post(app, 'login', JSON.stringify(GOOD), { 'Content-Encoding': 'gzip' })
    expect([packed.status, packed.body.code]).toEqual([415, 'unsupported-media-type'])
    const query = await request(app)
      .post(`/api/auth/login?password=${encodeURIComponent(PASSWORD)}`)
      .send(GOOD)
    expect([query.status, query.body.code]).toEqual([400, 'invalid-request'])
    for (const method of ['get', 'put', 'delete', 'patch', 'options'] as const) {
      const answer = await request(app)[method]('/api/auth/login')
      expect([method, answer.status, answer.headers['allow']]).toEqual([method, 405, 'POST'])
    }
  })

  test('opens a new session for each sign-in, whatever token the client sends', async () => {
    const { app } = createSignInRig()
    const first = (await post(app, 'login', GOOD)).body
    const again = await post(app, 'login', GOOD, {
      Authorization: `Bearer ${first.accessToken}`,
      Cookie: 'sid=mine; session=mine',
    })
    expect(again.status).toBe(200)
    const [one, two] = await Promise.all([first, again.body].map(({ accessToken }) => me(app, accessToken)))
    expect(one?.body.sessionId).not.toBe(two?.body.sessionId)
    expect(again.headers['set-cookie']).toBeUndefined()
  })
})

describe('failed sign-ins', () => {
  const wrong = { username: 'alice', password: 'wrong' }

  test('block an address after the allowed number, and say when to retry', async () => {
    const { app, time, audit } = createSignInRig({ loginLimit: 3 })
    for (let i = 0; i < 3; i += 1) expect((await post(app, 'login', wrong)).status).toBe(401)
    const over = await post(app, 'login', GOOD)
    expect([over.status, over.body.code]).toEqual([429, 'rate-limited'])
    expect(Number(over.headers['retry-after'])).toBeGreaterThan(890)
    expect(audit.authActions.at(-1)).toBe('login-limited')
    time.now += 900_000
    expect((await post(app, 'login', GOOD)).status).toBe(200)
  })

  test('alone are counted: a user whose sign-ins succeed may sign in as often as they like', async () => {
    const { app } = createSignInRig({ loginLimit: 2 })
    for (let i = 0; i < 6; i += 1) expect((await post(app, 'login', GOOD)).status).toBe(200)
    expect((await post(app, 'login', wrong)).status).toBe(401)
    for (let i = 0; i < 6; i += 1) expect((await post(app, 'login', GOOD)).status).toBe(200)
  })

  test('are counted exactly when they are concurrent', async () => {
    const { app } = createSignInRig({ loginLimit: 5 })
    const server = app.listen(0)
    cleanup(() => server.close())
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => request(server).post('/api/auth/login').send(wrong)),
    )
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(25)
  })

  test('close a name to the addresses that failed with it, not to its owner at another', async () => {
    const { app, time } = createSignInRig({ loginLimit: 4, network: NETWORK })
    // An attacker who keeps guessing from new addresses.
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < 12; i += 1) {
        const answer = await post(app, 'login', wrong, from(`198.51.100.${round * 12 + i + 1}`))
        expect(answer.status).toBe(401)
      }
      const again = await post(app, 'login', wrong, from(`198.51.100.${round * 12 + 1}`))
      expect([again.status, again.body.code]).toEqual([429, 'rate-limited'])
      expect((await post(app, 'login', GOOD, from(`203.0.113.${round + 1}`))).status).toBe(200)
      time.now += 899_000
    }
  })

  test('never affect an address from which the user has signed in before', async () => {
    const { app } = createSignInRig({ loginLimit: 4, network: NETWORK })
    expect((await post(app, 'login', GOOD, from('203.0.113.1'))).status).toBe(200)
    for (let i = 1; i <= 10; i += 1) await post(app, 'login', wrong, from(`198.51.100.${i}`))
    // The owner mistypes, and others' failures do not lock them out.
    for (let i = 0; i < 3; i += 1) expect((await post(app, 'login', wrong, from('203.0.113.1'))).status).toBe(401)
    expect((await post(app, 'login', GOOD, from('203.0.113.1'))).status).toBe(200)
    for (let i = 0; i < 1; i += 1) await post(app, 'login', wrong, from('203.0.113.1'))
    expect((await post(app, 'login', GOOD, from('203.0.113.1'))).status).toBe(429)
  })

  test('of an unknown name are counted like those of a known one', async () => {
    const { app } = createSignInRig({ loginLimit: 2, network: NETWORK })
    const statuses = async (username: string, subnet: string) => {
      const seen: number[] = []
      for (const host of [1, 2, 3, 1])
        seen.push((await post(app, 'login', { username, password: 'x' }, from(`${subnet}.${host}`))).status)
      return seen
    }
    expect(await statuses('nobody', '198.51.100')).toEqual(await statuses('alice', '203.0.113'))
  })

  test('count IPv6 by /56', async () => {
    const { app } = createSignInRig({ loginLimit: 2, network: NETWORK })
    for (const host of ['2001:db8:0:100::1', '2001:db8:0:1ff::2'])
      expect((await post(app, 'login', wrong, from(host))).status).toBe(401)
    expect((await post(app, 'login', wrong, from('2001:db8:0:1aa::3'))).status).toBe(429)
    expect((await post(app, 'login', wrong, from('2001:db8:0:200::3'))).status).toBe(401)
  })
})

describe('POST /api/auth/refresh', () => {
  test('issues new tokens, and ends the session when the old one is used again', async () => {
    const { app, audit } = createSignInRig()
    const first = (await post(app, 'login', GOOD)).body
    const second = await post(app, 'refresh', { refreshToken: first.refreshToken })
    expect(second.status).toBe(200)
    expect(second.body.refreshToken).not.toBe(first.refreshToken)
    expect((await me(app, second.body.accessToken)).status).toBe(200)
    const replay = await post(app, 'refresh', { refreshToken: first.refreshToken })
    expect([replay.status, replay.body.code]).toEqual([401, 'invalid-token'])
    expect((await post(app, 'refresh', { refreshToken: second.body.refreshToken })).status).toBe(401)
    for (const { accessToken } of [first, second.body]) expect((await me(app, accessToken)).status).toBe(401)
    expect(audit.authActions).toContain('refresh-reuse')
    const reuse = audit.events.find((event) => event.kind === 'auth' && event.action === 'refresh-reuse') as AuthEvent
    expect(reuse).toMatchObject({ subject: 'alice', decision: 'deny' })
    expect(audit.counts.get('auth refresh-reuse')).toBe(1)
    expect(audit.warnings).toEqual([expect.objectContaining({ alert: 'refresh-reuse', subject: 'alice' })])
  })

  test('lets at most one of two concurrent clients with one token through, and ends both', async () => {
    const { app } = createSignInRig()
    const { refreshToken } = (await post(app, 'login', GOOD)).body
    const server = app.listen(0)
    cleanup(() => server.close())
    const answers = await Promise.all(
      [1, 2].map(() => request(server).post('/api/auth/refresh').send({ refreshToken })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401])
    const winner = answers.find(({ status }) => status === 200)?.body
    const again = await request(server).post('/api/auth/refresh').send({ refreshToken: winner.refreshToken })
    expect(again.status).toBe(401)
    expect((await me(app, winner.accessToken)).status).toBe(401)
  })

  test('does not let an invented token end a session', async () => {
    const { app } = createSignInRig()
    const { refreshToken, accessToken } = (await post(app, 'login', GOOD)).body
    const { sessionId } = (await me(app, accessToken)).body
    const forged = [
      `${refreshToken}x`,
      refreshToken.slice(0, -1),
      refreshToken.replace('.0.', '.1.'),
      refreshToken.toUpperCase(),
      new RefreshTokens(Buffer.alloc(32, 8)).write({ sessionId, generation: 0 }),
      `phr.${sessionId}.0.${'A'.repeat(43)}.${'A'.repeat(43)}`,
      accessToken.slice(0, 256),
      'x',
    ]
    for (const forgery of forged) expect((await post(app, 'refresh', { refreshToken: forgery })).status).toBe(401)
    expect((await post(app, 'refresh', { refreshToken })).status).toBe(200)
  })

  test('applies current roles, and ends with the user, the password, idling and the end of the session', async () => {
    const { app, users, time } = createSignInRig()
    const signIn = async () => (await post(app, 'login', GOOD)).body.refreshToken as string
    const refresh = (refreshToken: string) => post(app, 'refresh', { refreshToken })
    const [a, b, c, d] = [await signIn(), await signIn(), await signIn(), await signIn()]
    users.set('alice', userOf('alice', { scopes: ['system:read'] }))
    const changed = await refresh(a)
    expect((await me(app, changed.body.accessToken)).body.scopes).toEqual(['system:read'])
    users.set('alice', userOf('alice', { passwordHash: 'hash of another' }))
    expect((await refresh(b)).status).toBe(401)
    users.delete('alice')
    expect((await refresh(c)).status).toBe(401)
    users.set('alice', userOf('alice'))
    time.now += 24 * HOUR - 1
    const late = await refresh(d)
    expect(late.status).toBe(200)
    time.now += 24 * HOUR
    expect((await refresh(late.body.refreshToken)).status).toBe(401)

    let token = await signIn()
    let last = 200
    for (let hours = 0; hours < 8 * 24 && last === 200; hours += 12) {
      const answer = await refresh(token)
      last = answer.status
      if (last === 200) token = answer.body.refreshToken
      time.now += 12 * HOUR
    }
    expect(last).toBe(401)
  })
})

describe('POST /api/auth/logout', () => {
  test('ends the session of the access token: both tokens are invalid at once', async () => {
    const { app, audit } = createSignInRig()
    const { accessToken, refreshToken } = (await post(app, 'login', GOOD)).body
    expect((await me(app, accessToken)).status).toBe(200)
    const done = await post(app, 'logout', {}, { Authorization: `Bearer ${accessToken}` })
    expect([done.status, done.text]).toEqual([204, ''])
    expect((await me(app, accessToken)).status).toBe(401)
    expect((await post(app, 'refresh', { refreshToken })).status).toBe(401)
    expect(audit.authActions).toContain('logout')
  })

  test('accepts the refresh token alone, and answers the same if the session has already ended', async () => {
    const { app } = createSignInRig()
    const { accessToken, refreshToken } = (await post(app, 'login', GOOD)).body
    for (let i = 0; i < 2; i += 1) expect((await post(app, 'logout', { refreshToken })).status).toBe(204)
    expect((await me(app, accessToken)).status).toBe(401)
    expect((await post(app, 'logout', { refreshToken: 'made up' })).status).toBe(204)
  })

  test('revokes a token that has no session, and no other token of its subject', async () => {
    const { app } = createSignInRig()
    const [lost, kept] = [tokenFor({ subject: 'grafana' }), tokenFor({ subject: 'grafana' })]
    expect((await me(app, lost)).status).toBe(200)
    expect((await me(app, kept)).status).toBe(200)
    const done = await request(app).post('/api/auth/logout').set('Authorization', `Bearer ${lost}`)
    expect(done.status).toBe(204)
    expect((await me(app, lost)).status).toBe(401)
    expect((await me(app, kept)).status).toBe(200)
  })

  test('refuses a client without any token', async () => {
    const { app } = createSignInRig()
    expect((await request(app).post('/api/auth/logout')).body.code).toBe('unauthenticated')
    const bad = await request(app).post('/api/auth/logout').set('Authorization', 'Bearer bad')
    expect(bad.body.code).toBe('invalid-token')
  })
})

describe('a logout', () => {
  test('of two sessions is recorded for both, under the name of their user', async () => {
    const { app, audit } = createSignInRig({ network: NETWORK })
    const login = async () =>
      (await request(app).post('/api/auth/login').send({ username: 'alice', password: PASSWORD })).body
    const [one, two] = [await login(), await login()]
    const answer = await request(app)
      .post('/api/auth/logout')
      .set('Authorization', `Bearer ${one.accessToken}`)
      .send({ refreshToken: two.refreshToken })
    expect(answer.status).toBe(204)
    const records = audit.events.filter((event) => event.kind === 'auth' && event.action === 'logout')
    expect(records).toHaveLength(2)
    expect(new Set(records.map((event) => (event.kind === 'auth' ? event.sessionId : null))).size).toBe(2)
    for (const record of records) expect(record).toMatchObject({ subject: 'alice', decision: 'allow' })
  })
})

describe('a trail that cannot be written', () => {
  test('opens, refreshes and ends no session, and leaves a refresh token valid', async () => {
    const { app, audit } = createSignInRig()
    const post = (path: string, body: object) => request(app).post(`/api/auth/${path}`).send(body)
    const { refreshToken } = (await post('login', { username: 'alice', password: PASSWORD })).body
    audit.isBroken = true
    // The first request finds the fault; later ones know it.
    expect((await post('refresh', { refreshToken: 'made up' })).status).toBe(503)
    for (const [path, body] of [
      ['login', { username: 'alice', password: PASSWORD }],
      ['refresh', { refreshToken }],
      ['logout', { refreshToken }],
    ] as const)
      expect([path, (await post(path, body)).body.code]).toEqual([path, 'audit-unavailable'])
    audit.isBroken = false
    expect((await post('refresh', { refreshToken })).status).toBe(200)
  })
})
