import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import request from 'supertest'
import { limitRequests } from '../../../api/http/middleware/limit-requests.js'
import { createMemoryStore } from '../../../api/store/memory.js'
import { createRig, OPEN_NETWORK } from '../../support/app-parts.js'
import { cleanupAfterEach } from '../../support/cleanup.js'
import { FakeAudit } from '../../support/fake-audit.js'
import { idOf } from '../../support/fake-engine.js'
import { containerOf } from '../../support/fake-view.js'
import { get } from '../../support/get.js'
import { appOf } from '../../support/middleware-app.js'
import { networks } from '../../support/networks.js'
import { tokenFor } from '../../support/tokens.js'

const cleanup = cleanupAfterEach()

describe('a limit', () => {
  const open = () => {
    const time = { now: 1_000_000 }
    const now = () => time.now
    const audit = new FakeAudit()
    const recorded: string[] = []
    const settings = { windowMs: 60_000, general: 2, stats: 1, metrics: 1 }
    const recordRefusal = async ({ action }: { readonly action: string }) => {
      recorded.push(action)
    }
    const app = appOf([
      limitRequests('general', { settings, store: createMemoryStore(now), audit, recordRefusal, now }),
    ])
    return { app, time, recorded }
  }

  test('shows how long its window lasts on the given clock, and begins again after that', async () => {
    const { app, time } = open()
    for (let i = 0; i < 2; i += 1) expect((await request(app).get('/')).status).toBe(200)
    time.now += 12_500
    const over = await request(app).get('/')
    expect([over.status, over.headers['retry-after']]).toEqual([429, '48'])
    time.now += 48_000
    expect((await request(app).get('/')).status).toBe(200)
  })

  test('records the first request of a window that goes over, and no other', async () => {
    const { app, recorded } = open()
    for (let i = 0; i < 5; i += 1) await request(app).get('/')
    expect(recorded).toEqual(['rate-limited'])
  })
})

describe('limits', () => {
  const limits = { windowMs: 900_000, general: 5, stats: 2, metrics: 2 }

  test('count per subject: at the limit answered, over it 429 with Retry-After and the RateLimit fields', async () => {
    const { app } = createRig({ limits })
    for (let i = 0; i < 5; i += 1) expect((await get(app, '/api/containers')).status).toBe(200)
    const over = await get(app, '/api/containers')
    expect([over.status, over.body.code]).toEqual([429, 'rate-limited'])
    expect(Number(over.headers['retry-after'])).toBeGreaterThan(890)
    expect(over.headers['ratelimit']).toMatch(/^"general"; r=0; t=\d+$/)
    expect(over.headers['ratelimit-policy']).toMatch(/^"general"; q=5; w=900; pk=:/)
    expect((await get(app, '/api/containers', tokenFor({ subject: 'another' }))).status).toBe(200)
  })

  test('count stats routes apart, all of them together', async () => {
    const { app, view } = createRig({ limits })
    view.all = [containerOf({ id: idOf('a') })]
    expect((await get(app, '/api/stats')).status).toBe(200)
    expect((await get(app, `/api/containers/${idOf('a')}/stats`)).status).toBe(200)
    const over = await get(app, '/api/stats')
    expect([over.status, over.body.code]).toEqual([429, 'rate-limited'])
    expect((await get(app, '/api/containers')).status).toBe(200)
  })

  test('count unverified clients by address, including those with invalid tokens', async () => {
    const { app } = createRig({ limits })
    for (let i = 0; i < 5; i += 1) expect((await get(app, '/api/containers', 'bad')).status).toBe(401)
    expect((await get(app, '/api/containers', 'bad')).status).toBe(429)
    expect((await request(app).get('/api/containers')).status).toBe(429)
    expect((await get(app, '/api/containers')).status).toBe(200)
  })

  test('cannot be dodged by a header that claims another address', async () => {
    const { app } = createRig({ limits })
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
    const { app } = createRig({ limits: { windowMs: 900_000, general: 20, stats: 20, metrics: 20 } })
    const server = app.listen(0)
    cleanup(() => server.close())
    const answers = await Promise.all(
      Array.from({ length: 60 }, () =>
        request(server).get('/api/containers').set('Authorization', `Bearer ${tokenFor()}`),
      ),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(20)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(40)
  })

  test('leave health checks alone', async () => {
    const { app } = createRig({ limits })
    for (let i = 0; i < 10; i += 1) expect((await request(app).get('/health/live')).status).toBe(200)
  })

  test('count unverified clients on every path, so that guessing tokens is never free', async () => {
    const { app } = createRig({ limits: { windowMs: 900_000, general: 2, stats: 2, metrics: 2 } })
    expect((await get(app, '/nowhere', 'bad')).status).toBe(401)
    expect((await get(app, '/nowhere', 'bad')).status).toBe(401)
    expect((await get(app, '/nowhere', 'bad')).status).toBe(429)
  })

  const behindProxy = {
    limits: { ...limits, general: 3 },
    network: {
      ...OPEN_NETWORK,
      trustProxy: { kind: 'networks', networks: networks('127.0.0.0/8', '::1/128') } as const,
    },
  }

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
    const { app } = createRig({ limits: { windowMs: 900_000, general: 7, stats: 7, metrics: 7 } })
    const server = app.listen(0)
    cleanup(() => server.close())
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
    for (const address of addresses) {
      expect(answers.filter((answer) => answer === `${address} 401`)).toHaveLength(7)
      expect(answers.filter((answer) => answer === `${address} 429`)).toHaveLength(3)
    }
  })

  test('are recorded once per window, not for each request over the limit', async () => {
    const { app, audit } = createRig({ limits: { ...limits, general: 3 } })
    const token = tokenFor({ subject: 'eager' })
    for (let i = 0; i < 8; i += 1) await request(app).get('/api/hosts').set('Authorization', `Bearer ${token}`)
    const reached = audit.events.filter((event) => event.kind === 'auth' && event.action === 'rate-limited')
    expect(reached).toHaveLength(1)
    expect(reached[0]).toMatchObject({ subject: 'eager', decision: 'deny', reason: 'the general limit' })
  })
})
