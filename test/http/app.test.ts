import type { Express } from 'express'
import request from 'supertest'
import { ERROR_CODES } from '../../api/model/error.js'
import { createRig } from '../support/app-parts.js'
import { idOf } from '../support/fake-engine.js'
import { containerOf, hostOf } from '../support/fake-view.js'
import { hostileTokens, tokenFor } from '../support/tokens.js'

const rig = createRig

function get(app: Express, path: string, token = tokenFor()) {
  return request(app).get(path).set('Authorization', `Bearer ${token}`)
}

describe('strangers', () => {
  const { app, lines } = rig()

  test.each([...hostileTokens()])('learn nothing from a refused token: %s', async (_what, token) => {
    const { status, body, headers } = await get(app, '/api/containers', token)
    const { requestId, instance, ...rest } = body
    expect(status).toBe(401)
    expect(instance).toBe(`urn:uuid:${requestId}`)
    expect(rest).toEqual({
      type: 'urn:porthole:problem:invalid-token',
      title: 'Invalid token',
      status: 401,
      detail: 'The access token is missing, malformed, expired or not valid here.',
      code: 'invalid-token',
    })
    expect(headers['www-authenticate']).toBe('Bearer realm="porthole", error="invalid_token"')
  })

  test('get 401 for unknown paths too, and known callers 404', async () => {
    for (const path of [
      '/',
      '/api',
      '/api/',
      '/api/containerz',
      '/API/containers',
      '/api/containers/',
      '//api/containers',
      '/metrics/',
      '/api/containers/x/y/z',
    ]) {
      expect([path, (await request(app).get(path)).status]).toEqual([path, 401])
      const known = await get(app, path)
      expect([path, known.status, known.body.code]).toEqual([path, 404, 'not-found'])
    }
  })

  test('are counted on every path, so that guessing tokens is not free anywhere', async () => {
    const { app } = rig({ limits: { windowMs: 900_000, general: 2, stats: 2 } })
    expect((await get(app, '/nowhere', 'bad')).status).toBe(401)
    expect((await get(app, '/nowhere', 'bad')).status).toBe(401)
    expect((await get(app, '/nowhere', 'bad')).status).toBe(429)
  })

  test('may ask whether the service is alive and ready, and hear nothing else', async () => {
    const { app, view } = rig()
    expect((await request(app).get('/health/live')).body).toEqual({ status: 'ok' })
    expect((await request(app).get('/health/ready')).body).toEqual({ status: 'ok' })
    view.fleet = [hostOf({ state: 'stale' }), hostOf({ id: 'b', state: 'connecting' })]
    const down = await request(app).get('/health/ready')
    expect([down.status, down.body]).toEqual([503, { status: 'unavailable' }])
    expect((await request(app).get('/health/live')).status).toBe(200)
    expect((await request(app).post('/health/live')).status).toBe(405)
    expect((await request(app).get('/health/live?x=1')).status).toBe(400)
  })

  test('leave no token in any log line', () => {
    expect(lines.length).toBeGreaterThan(30)
    for (const [, token] of hostileTokens()) for (const line of lines) expect(line).not.toContain(token)
  })
})

describe('limits', () => {
  const limits = { windowMs: 900_000, general: 5, stats: 2 }

  test('count per subject: at the limit answered, over it 429 with Retry-After and the RateLimit fields', async () => {
    const { app } = rig({ limits })
    for (let i = 0; i < 5; i += 1) expect((await get(app, '/api/containers')).status).toBe(200)
    const over = await get(app, '/api/containers')
    expect([over.status, over.body.code]).toEqual([429, 'rate-limited'])
    expect(Number(over.headers['retry-after'])).toBeGreaterThan(890)
    expect(over.headers['ratelimit']).toMatch(/^"general"; r=0; t=\d+$/)
    expect(over.headers['ratelimit-policy']).toMatch(/^"general"; q=5; w=900; pk=:/)
    expect((await get(app, '/api/containers', tokenFor({ subject: 'another' }))).status).toBe(200)
  })

  test('count stats routes apart, all of them together', async () => {
    const { app, view } = rig({ limits })
    view.all = [containerOf({ id: idOf('a') })]
    expect((await get(app, '/api/stats')).status).toBe(200)
    expect((await get(app, `/api/containers/${idOf('a')}/stats`)).status).toBe(200)
    const over = await get(app, '/api/stats')
    expect([over.status, over.body.code]).toEqual([429, 'rate-limited'])
    expect((await get(app, '/api/containers')).status).toBe(200)
  })

  test('count strangers by address, also those with bad tokens', async () => {
    const { app } = rig({ limits })
    for (let i = 0; i < 5; i += 1) expect((await get(app, '/api/containers', 'bad')).status).toBe(401)
    expect((await get(app, '/api/containers', 'bad')).status).toBe(429)
    expect((await request(app).get('/api/containers')).status).toBe(429)
    expect((await get(app, '/api/containers')).status).toBe(200)
  })

  test('cannot be dodged by a header that claims another address', async () => {
    const { app } = rig({ limits })
    const statuses: number[] = []
    for (let i = 0; i < 6; i += 1) {
      const answer = await request(app)
        .get('/api/containers')
        .set('X-Forwarded-For', `10.0.0.${i}`)
        .set('X-Real-IP', `10.0.0.${i}`)
        .set('Forwarded', `for=10.0.0.${i}`)
      statuses.push(answer.status)
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
  })

  test('count a burst exactly', async () => {
    const { app } = rig({ limits: { windowMs: 900_000, general: 20, stats: 20 } })
    const server = app.listen(0)
    const answers = await Promise.all(
      Array.from({ length: 60 }, () =>
        request(server).get('/api/containers').set('Authorization', `Bearer ${tokenFor()}`),
      ),
    )
    server.close()
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(20)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(40)
  })

  test('leave health checks alone', async () => {
    const { app } = rig({ limits })
    for (let i = 0; i < 10; i += 1) expect((await request(app).get('/health/live')).status).toBe(200)
  })
})

describe('the shape of a request', () => {
  const { app } = rig()

  test('a body on a read is refused and ends the connection', async () => {
    const answer = await get(app, '/api/containers').send({ a: 1 })
    expect([answer.status, answer.body.code, answer.headers['connection']]).toEqual([400, 'invalid-request', 'close'])
    const empty = await get(app, '/api/containers').set('Content-Length', '0')
    expect(empty.status).toBe(200)
  })

  test('two Authorization fields are no credentials', async () => {
    const server = app.listen(0)
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const status = await fetchRaw(port, [
      'GET /api/containers HTTP/1.1',
      'Host: x',
      `Authorization: Bearer ${tokenFor()}`,
      `Authorization: Bearer ${tokenFor()}`,
    ])
    server.close()
    expect(status).toBe('HTTP/1.1 401 Unauthorized')
  })

  test('every answer forbids storing, sniffing, framing and scripts, and names no software', async () => {
    for (const path of ['/api/containers', '/nowhere', '/health/live', '/api/containers/%']) {
      const { headers } = await get(app, path)
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'content-security-policy': "default-src 'none';frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
      })
      expect(headers['x-powered-by']).toBeUndefined()
      expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    }
  })

  test('one line in the log tells who asked for what and how it ended, without query or token', async () => {
    const { app: own, lines } = rig()
    const token = tokenFor({ subject: 'grafana' })
    const answer = await get(own, '/api/containers?name=hunter2', token)
    expect(lines).toHaveLength(1)
    const line = JSON.parse(lines[0] ?? '')
    expect(line).toMatchObject({
      level: 'info',
      method: 'GET',
      path: '/api/containers',
      status: 200,
      subject: 'grafana',
      requestId: answer.headers['x-request-id'],
    })
    expect(lines.join('')).not.toContain('hunter2')
    expect(lines.join('')).not.toContain(token)
    await get(own, `/api/${token}`, token)
    expect(lines.join('')).not.toContain(token)
  })
})

describe('without authentication', () => {
  test('answers requests to this machine by its own names alone', async () => {
    const { app } = rig({ open: true })
    for (const host of ['localhost', 'localhost:3000', '127.0.0.1:3000', '127.1.2.3', '[::1]:3000'])
      expect([host, (await request(app).get('/api/containers').set('Host', host)).status]).toEqual([host, 200])
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', ''])
      expect([host, (await request(app).get('/api/containers').set('Host', host)).status]).toEqual([host, 400])
  })
})

test('there are the error codes of the contract and those of decisions 0011 and 0015', () => {
  expect(ERROR_CODES).toHaveLength(19 + 4)
})

function fetchRaw(port: number, lines: readonly string[]): Promise<string> {
  const { connect } = require('node:net') as typeof import('node:net')
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`))
    socket.once('data', (data) => {
      resolve(data.toString().split('\r\n')[0] ?? '')
      socket.destroy()
    })
    socket.once('error', reject)
  })
}
