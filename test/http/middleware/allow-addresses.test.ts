import request from 'supertest'
import type { TrustProxy } from '../../../api/config/network.js'
import { allowAddresses } from '../../../api/http/middleware/allow-addresses.js'
import { resolveAddress } from '../../../api/http/middleware/resolve-address.js'
import { createRig, OPEN_NETWORK } from '../../support/app-parts.js'
import { appOf } from '../../support/middleware-app.js'
import { networks } from '../../support/networks.js'
import { tokenFor } from '../../support/tokens.js'

const LOOPBACK: TrustProxy = { kind: 'networks', networks: networks('127.0.0.0/8', '::1/128') }

describe('allowAddresses', () => {
  test('lets a client of the networks pass, and records and refuses any other', async () => {
    const recorded: unknown[] = []
    const record = async (...given: readonly unknown[]) => {
      recorded.push(given)
    }
    const appFor = (...texts: readonly string[]) =>
      appOf([resolveAddress({ kind: 'none' }), allowAddresses(networks(...texts), record)])
    expect((await request(appFor('127.0.0.0/8', '::1')).get('/')).status).toBe(200)
    expect(recorded).toEqual([])
    const refused = await request(appFor('192.0.2.0/24')).get('/')
    expect([refused.status, refused.body.code]).toEqual([403, 'address-not-allowed'])
    expect(recorded).toEqual([[expect.objectContaining({ action: 'address-refused', decision: 'deny' }), 1]])
  })

  test('refuses a client with an unknown address', async () => {
    const app = appOf([allowAddresses(networks('0.0.0.0/1', '128.0.0.0/1', '8000::/1'), async () => {})])
    expect((await request(app).get('/')).status).toBe(403)
  })

  test('refuses no client without a record', async () => {
    const app = appOf([
      allowAddresses(networks('192.0.2.1'), async () => {
        throw new Error('broken')
      }),
    ])
    expect((await request(app).get('/')).status).toBe(500)
  })
})

describe('IP_ALLOWLIST', () => {
  const network = {
    ...OPEN_NETWORK,
    trustProxy: LOOPBACK,
    allowlist: networks('203.0.113.0/24', '2001:db8::/32', '198.51.100.7'),
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

  test('applies to a valid token and a login too, exempts the health checks, and is audited once', async () => {
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
