import { trustProxies } from '../../../api/http/middleware/trust-proxies.js'
import { networks } from '../../support/networks.js'

test('trusts no proxy, or that many of them', () => {
  expect(trustProxies({ kind: 'none' })).toBe(false)
  expect(trustProxies({ kind: 'hops', hops: 2 })).toBe(2)
})

test('trusts the proxies of the networks listed, and no other', () => {
  const isTrusted = trustProxies({ kind: 'networks', networks: networks('10.0.0.0/8', '::1') })
  if (typeof isTrusted !== 'function') throw new Error('a setting of another kind')
  expect(['10.1.2.3', '::1', '11.0.0.1', '::2', 'unknown'].map(isTrusted)).toEqual([true, true, false, false, false])
})
