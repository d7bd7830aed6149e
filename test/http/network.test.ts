/** @slow: thousands of requests over sockets */
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
import fc from 'fast-check'
import request from 'supertest'
import type { TrustProxy } from '../../api/config/network.js'
import { plainAddress } from '../../api/http/middleware/resolve-address.js'
import { createRig, OPEN_NETWORK } from '../support/app-parts.js'
import { createSignInRig, PASSWORD } from '../support/sign-in-rig.js'
import { tokenFor } from '../support/tokens.js'

const LOOPBACK: TrustProxy = { kind: 'networks', networks: ['127.0.0.0/8', '::1/128'] }
const hops = (count: number): TrustProxy => ({ kind: 'hops', hops: count })

/** What the log says of where a request came from. */
async function addressSeen(trustProxy: TrustProxy, fields: Record<string, string>): Promise<string> {
  const { app, lines } = createRig({ network: { ...OPEN_NETWORK, trustProxy } })
  await request(app).get('/api/containers').set(fields)
  return JSON.parse(lines[0] ?? '{}').address
}

describe('the address of a client', () => {
  test.each<[string, TrustProxy, Record<string, string>, string]>([
    ['nobody is trusted', { kind: 'none' }, { 'X-Forwarded-For': '203.0.113.9' }, '127.0.0.1'],
    ['the proxy is trusted', LOOPBACK, { 'X-Forwarded-For': '203.0.113.9' }, '203.0.113.9'],
    ['a client writes a hop before it', LOOPBACK, { 'X-Forwarded-For': '10.9.9.9, 203.0.113.9' }, '203.0.113.9'],
    ['a client claims to be a proxy', LOOPBACK, { 'X-Forwarded-For': '127.0.0.1, 203.0.113.9' }, '203.0.113.9'],
    ['only X-Real-IP is there', LOOPBACK, { 'X-Real-IP': '203.0.113.9' }, '127.0.0.1'],
    ['only Forwarded is there', LOOPBACK, { Forwarded: 'for=203.0.113.9' }, '127.0.0.1'],
    ['other spoofs are there', LOOPBACK, { 'X-Client-IP': '1.2.3.4', 'CF-Connecting-IP': '1.2.3.4' }, '127.0.0.1'],
    ['two proxies of ours', LOOPBACK, { 'X-Forwarded-For': '203.0.113.9, 127.0.0.5' }, '203.0.113.9'],
    ['one hop is trusted', hops(1), { 'X-Forwarded-For': '10.9.9.9, 203.0.113.9' }, '203.0.113.9'],
    ['two hops are trusted', hops(2), { 'X-Forwarded-For': '10.9.9.9, 203.0.113.9, 10.0.0.1' }, '203.0.113.9'],
    ['there is a port', LOOPBACK, { 'X-Forwarded-For': '203.0.113.9:4711' }, '203.0.113.9'],
    ['IPv6', LOOPBACK, { 'X-Forwarded-For': '2001:DB8:0:0::1' }, '2001:db8::1'],
    ['IPv6 in brackets with a port', LOOPBACK, { 'X-Forwarded-For': '[2001:db8::1]:443' }, '2001:db8::1'],
    ['IPv4 inside IPv6', LOOPBACK, { 'X-Forwarded-For': '::ffff:203.0.113.9' }, '203.0.113.9'],
    ['IPv4 inside IPv6, in hex', LOOPBACK, { 'X-Forwarded-For': '::ffff:cb00:7109' }, '203.0.113.9'],
    ['junk', LOOPBACK, { 'X-Forwarded-For': 'unknown' }, '127.0.0.1'],
    ['nothing', LOOPBACK, { 'X-Forwarded-For': '' }, '127.0.0.1'],
    ['a script', hops(1), { 'X-Forwarded-For': '<script>alert(1)</script>' }, '127.0.0.1'],
  ])('where %s', async (_what, trust, fields, expected) => {
    expect(await addressSeen(trust, fields)).toBe(expected)
  })

  test('is an address or nothing, whatever stands in its place', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (text) => {
        const address = plainAddress(text)
        if (address !== null) expect(address).toMatch(/^[\d.]{7,15}$|^[\da-f:.]{2,39}$/)
      }),
    )
    fc.assert(fc.property(fc.ipV4(), (text) => expect(plainAddress(`${text}:1`)).toBe(text)))
    fc.assert(fc.property(fc.ipV6(), (text) => expect(plainAddress(`[${text}]:1`)).toBe(plainAddress(text))))
    fc.assert(fc.property(fc.ipV6(), (text) => expect(plainAddress(plainAddress(text) ?? '')).toBe(plainAddress(text))))
  })
})

describe('limits', () => {
  const limits = { windowMs: 900_000, general: 3, stats: 3 }
  const behindProxy = { limits, network: { ...OPEN_NETWORK, trustProxy: LOOPBACK } }

  test('count each client behind a trusted proxy apart, whatever else it claims', async () => {
    const { app } = createRig(behindProxy)
    const statuses = async (address: string, count: number) => {
      const seen: number[] = []
      for (let i = 0; i < count; i += 1) {
        const spoofed = { 'X-Forwarded-For': `10.0.0.${i}, ${address}`, 'X-Real-IP': `10.0.1.${i}` }
        seen.push((await request(app).get('/api/containers').set(spoofed)).status)
      }
      return seen
    }
    expect(await statuses('203.0.113.1', 4)).toEqual([401, 401, 401, 429])
    expect(await statuses('203.0.113.2', 4)).toEqual([401, 401, 401, 429])
  })

  test('count a /56 of IPv6 as one, and the next one apart', async () => {
    const { app } = createRig(behindProxy)
    const status = async (address: string) =>
      (await request(app).get('/api/containers').set('X-Forwarded-For', address)).status
    const seen: number[] = []
    for (const address of ['2001:db8:0:100::1', '2001:db8:0:1ff::1', '2001:db8:0:180:1::', '2001:db8:0:1aa::2'])
      seen.push(await status(address))
    expect(seen).toEqual([401, 401, 401, 429])
    expect(await status('2001:db8:0:200::1')).toBe(401)
  })

  test('count a burst from 50 addresses at once exactly', async () => {
    const { app } = createRig({ limits: { windowMs: 900_000, general: 7, stats: 7 } })
    const server = app.listen(0)
    const { port } = server.address() as AddressInfo
    const ask = (localAddress: string) =>
      new Promise<string>((resolve, reject) => {
        const options = { port, host: '127.0.0.1', localAddress, path: '/api/containers', agent: false }
        httpRequest(options, (answer) => {
          answer.resume()
          answer.on('end', () => resolve(`${localAddress} ${answer.statusCode}`))
        })
          .on('error', reject)
          .end()
      })
    const addresses = Array.from({ length: 50 }, (_, i) => `127.0.7.${i + 1}`)
    const answers = await Promise.all(Array.from({ length: 10 }, () => addresses.map(ask)).flat())
    server.close()
    for (const address of addresses) {
      expect(answers.filter((answer) => answer === `${address} 401`)).toHaveLength(7)
      expect(answers.filter((answer) => answer === `${address} 429`)).toHaveLength(3)
    }
  })

  test('are told to the audit once a window, not for each request that is over', async () => {
    const { app, audit } = createRig({ limits })
    const token = tokenFor({ subject: 'eager' })
    for (let i = 0; i < 8; i += 1) await request(app).get('/api/hosts').set('Authorization', `Bearer ${token}`)
    const reached = audit.events.filter((event) => event.kind === 'auth' && event.action === 'rate-limited')
    expect(reached).toHaveLength(1)
    expect(reached[0]).toMatchObject({ subject: 'eager', decision: 'deny', reason: 'the general limit' })
  })
})

describe('IP_ALLOWLIST', () => {
  const network = {
    ...OPEN_NETWORK,
    trustProxy: LOOPBACK,
    allowlist: ['203.0.113.0/24', '2001:db8::/32', '198.51.100.7'],
  }

  test.each<[string, number]>([
    ['203.0.113.0', 401],
    ['203.0.113.255', 401],
    ['203.0.114.0', 403],
    ['203.0.112.255', 403],
    ['198.51.100.7', 401],
    ['198.51.100.8', 403],
    ['2001:db8:ffff::1', 401],
    ['2001:db9::1', 403],
    ['::ffff:203.0.113.5', 401],
    ['203.0.113.5, 192.0.2.1', 403],
    ['junk', 403],
  ])('%s gets %d', async (address, status) => {
    const { app } = createRig({ network })
    const answer = await request(app).get('/api/containers').set('X-Forwarded-For', address)
    expect(answer.status).toBe(status)
    if (status === 403) expect(answer.body.code).toBe('address-not-allowed')
  })

  test('concerns a good token and a login too, leaves the health checks alone, and is audited once', async () => {
    const { app, audit } = createRig({ network })
    for (let i = 0; i < 3; i += 1) {
      const answer = await request(app).get('/api/containers').set('Authorization', `Bearer ${tokenFor()}`)
      expect(answer.status).toBe(403)
    }
    expect((await request(app).post('/api/auth/logout').send({ refreshToken: 'x' })).status).toBe(403)
    expect((await request(app).get('/health/live')).status).toBe(200)
    expect(audit.authActions).toEqual(['address-refused'])
  })
})

describe('CORS_ORIGINS', () => {
  const network = { ...OPEN_NETWORK, corsOrigins: ['https://dash.example', 'http://localhost:5173'] }
  const preflight = (app: Express, origin: string) =>
    request(app).options('/api/containers').set({ Origin: origin, 'Access-Control-Request-Method': 'GET' })

  test('answers the preflight of a listed origin, and lets it read, without credentials', async () => {
    const { app } = createRig({ network })
    const before = await preflight(app, 'https://dash.example')
    expect(before.status).toBe(204)
    expect(before.headers).toMatchObject({
      'access-control-allow-origin': 'https://dash.example',
      'access-control-allow-methods': 'GET, HEAD, POST',
      vary: 'Origin',
    })
    expect(before.headers['access-control-allow-credentials']).toBeUndefined()
    const read = await request(app)
      .get('/api/containers')
      .set({ Origin: 'https://dash.example', Authorization: `Bearer ${tokenFor()}` })
    expect(read.headers['access-control-allow-origin']).toBe('https://dash.example')
    expect(read.headers['access-control-expose-headers']).toContain('ETag')
  })

  test.each([
    'https://dash.example.evil.example',
    'https://evil.example',
    'http://dash.example',
    'https://dash.example:8443',
    'https://DASH.example',
    'null',
    '*',
    '',
    'https://dash.example, https://evil.example',
  ])('says nothing to the origin %j', async (origin) => {
    const { app } = createRig({ network })
    const before = await preflight(app, origin)
    expect(before.status).toBe(401)
    expect(before.headers['access-control-allow-origin']).toBeUndefined()
    const read = await request(app)
      .get('/api/containers')
      .set({ Origin: origin, Authorization: `Bearer ${tokenFor()}` })
    expect(read.headers['access-control-allow-origin']).toBeUndefined()
    expect(read.headers['vary']).toBe('Origin')
  })

  test('tells a page why it was refused too', async () => {
    const { app } = createRig({ network })
    const answer = await request(app).get('/api/containers').set('Origin', 'http://localhost:5173')
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([401, 'http://localhost:5173'])
  })

  test('is off unless it is set', async () => {
    const { app } = createRig()
    const before = await preflight(app, 'https://dash.example')
    expect(before.headers['access-control-allow-origin']).toBeUndefined()
    expect(before.headers['vary']).toBeUndefined()
  })
})

const network = { ...OPEN_NETWORK, trustProxy: LOOPBACK }

describe('refusals of strangers', () => {
  const refuse = (app: Express, i: number) =>
    request(app)
      .get('/api/containers')
      .set({ 'X-Forwarded-For': `2001:db8:${i.toString(16)}::1`, Authorization: 'Bearer bad' })

  test('are recorded a thousand times a window and no more, and the last record says so', async () => {
    const { app, audit } = createRig({ network })
    const server = app.listen(0)
    for (let i = 0; i < 1_010; i += 10)
      await Promise.all(Array.from({ length: 10 }, (_, j) => refuse(server as unknown as Express, i + j)))
    server.close()
    const refusals = audit.events.filter((event) => event.kind === 'auth' && event.action === 'token-refused')
    expect(refusals).toHaveLength(1_000)
    expect(refusals.at(-1)).toMatchObject({ reason: expect.stringContaining('too many') })
    expect(refusals.at(-2)).toMatchObject({ reason: 'token refused: not three parts' })
  })
})

describe('what strangers send to the sign-in', () => {
  test('is recorded a thousand times a window and no more, and ends nothing that would be worth a record', async () => {
    const { app, audit } = createSignInRig({ network })
    const server = app.listen(0)
    const send = (path: string, i: number) =>
      request(server as unknown as Express)
        .post(`/api/auth/${path}`)
        .set('X-Forwarded-For', `2001:db8:${i.toString(16)}::1`)
        .send({ refreshToken: 'x' })
    for (let i = 0; i < 1_010; i += 10) await Promise.all(Array.from({ length: 10 }, (_, j) => send('refresh', i + j)))
    expect(audit.authActions.filter((action) => action === 'refresh-refused')).toHaveLength(1_000)
    const before = audit.events.length
    for (let i = 0; i < 20; i += 1) expect((await send('logout', i)).status).toBe(204)
    expect(audit.events).toHaveLength(before)
    server.close()
  })
})

describe('a logout', () => {
  test('of two sessions at once is on record for both, under the name of whose they are', async () => {
    const { app, audit } = createSignInRig({ network })
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
  test('opens, turns and ends no session, and leaves a refresh token good', async () => {
    const { app, audit } = createSignInRig()
    const post = (path: string, body: object) => request(app).post(`/api/auth/${path}`).send(body)
    const { refreshToken } = (await post('login', { username: 'alice', password: PASSWORD })).body
    audit.isBroken = true
    // The first finds out; from then on it is known.
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
