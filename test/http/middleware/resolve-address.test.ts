import fc from 'fast-check'
import request from 'supertest'
import type { TrustProxy } from '../../../api/config/network.js'
import { addressKeyOf, addressOf, plainAddress, resolveAddress } from '../../../api/http/middleware/resolve-address.js'
import { trustProxies } from '../../../api/http/middleware/trust-proxies.js'
import { appOf } from '../../support/middleware-app.js'
import { networks } from '../../support/networks.js'

const LOOPBACK: TrustProxy = { kind: 'networks', networks: networks('127.0.0.0/8', '::1/128') }
const hops = (count: number): TrustProxy => ({ kind: 'hops', hops: count })

async function seen(trust: TrustProxy, fields: Record<string, string>): Promise<{ address: string; key: string }> {
  const app = appOf([resolveAddress(trust)], (res) => ({ address: addressOf(res), key: addressKeyOf(res) }))
  app.set('trust proxy', trustProxies(trust))
  return (await request(app).get('/').set(fields)).body
}

describe('the address of a client', () => {
  test.each<[string, TrustProxy, Record<string, string>, string]>([
    ['no proxy is trusted', { kind: 'none' }, { 'X-Forwarded-For': '203.0.113.9' }, '127.0.0.1'],
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
    expect((await seen(trust, fields)).address).toBe(expected)
  })

  test('is an address or null, for any text in the field', () => {
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

describe('the key that limits count by', () => {
  const keyOf = async (address: string) => (await seen(LOOPBACK, { 'X-Forwarded-For': address })).key

  test('is one for each IPv4 address', async () => {
    expect(await keyOf('203.0.113.1')).toBe(await keyOf('::ffff:203.0.113.1'))
    expect(await keyOf('203.0.113.1')).not.toBe(await keyOf('203.0.113.2'))
  })

  test('is one for each /56 of IPv6', async () => {
    const first = await keyOf('2001:db8:0:100::1')
    expect(await keyOf('2001:db8:0:1ff::2')).toBe(first)
    expect(await keyOf('2001:db8:0:200::1')).not.toBe(first)
  })
})
