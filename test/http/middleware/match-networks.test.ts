import { matchNetworks } from '../../../api/http/middleware/match-networks.js'
import { networks } from '../../support/networks.js'

describe('matchNetworks', () => {
  const isOurs = matchNetworks(networks('127.0.0.0/8', '192.0.2.1', '2001:db8::/32', 'fe80::/10'))

  test.each([
    ...['127.0.0.1', '127.255.255.255', '192.0.2.1', '2001:db8::1', '2001:DB8:FFFF::1'],
    // IPv4 inside IPv6, and an address with its zone, as sockets report them.
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', 'fe80::1%eth0'],
  ])('finds %s', (address) => {
    expect(isOurs(address)).toBe(true)
  })

  test.each([
    ...['128.0.0.1', '192.0.2.2', '2001:db9::1', '::ffff:192.0.2.2', '::7f00:1', ''],
    ...['unknown', '127.0.0.1:80', '[2001:db8::1]', '127.1', ' 127.0.0.1', '0x7f.0.0.1'],
  ])('does not find %j', (address) => {
    expect(isOurs(address)).toBe(false)
  })

  test('finds nothing without networks', () => {
    expect(matchNetworks([])('127.0.0.1')).toBe(false)
  })
})
