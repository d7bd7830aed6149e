import { trustProxies } from '../../../api/http/middleware/trust-proxies.js'

test('trusts no proxy, so many of them, or those of the networks listed', () => {
  expect(trustProxies({ kind: 'none' })).toBe(false)
  expect(trustProxies({ kind: 'hops', hops: 2 })).toBe(2)
  expect(trustProxies({ kind: 'networks', networks: ['10.0.0.0/8', 'loopback'] })).toEqual(['10.0.0.0/8', 'loopback'])
})
