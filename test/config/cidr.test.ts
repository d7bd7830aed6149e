import { type Network, parseNetwork } from '../../api/config/cidr.js'

describe('parseNetwork', () => {
  test.each<[string, Network]>([
    ['192.0.2.1', { address: '192.0.2.1', prefix: 32, family: 'ipv4' }],
    ['10.0.0.0/8', { address: '10.0.0.0', prefix: 8, family: 'ipv4' }],
    ['128.0.0.0/1', { address: '128.0.0.0', prefix: 1, family: 'ipv4' }],
    ['2001:db8::1', { address: '2001:db8::1', prefix: 128, family: 'ipv6' }],
    ['2001:db8::/32', { address: '2001:db8::', prefix: 32, family: 'ipv6' }],
    ['::ffff:10.0.0.0/104', { address: '::ffff:10.0.0.0', prefix: 104, family: 'ipv6' }],
    ['::1/128', { address: '::1', prefix: 128, family: 'ipv6' }],
  ])('reads %s', (text, network) => {
    expect(parseNetwork(text)).toEqual({ network })
  })

  test.each(['0.0.0.0/0', '::/0', '::/1', '::/64', '::/80', '::ffff:0:0/96', '::ffff:0.0.0.0/96'])(
    'refuses %s, which holds every IPv4 address',
    (text) => {
      expect(parseNetwork(text).problem).toBe('contains every address')
    },
  )

  test.each([
    '10.0.0.1/8',
    '192.0.2.1/31',
    '128.0.0.1/1',
    '2001:db8::1/32',
    '2001:db8:8000::/32',
    '::ffff:10.0.0.1/104',
  ])('refuses %s, which may mean the host or the network', (text) => {
    expect(parseNetwork(text).problem).toContain('host bits set')
  })

  test.each(['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8.0', '10.0.0.0/ 8'])(
    'refuses the prefix of %s',
    (text) => {
      expect(parseNetwork(text).problem).toContain('prefix')
    },
  )

  test.each(['', 'loopback', '10.0.0', '010.0.0.1', '10.0.0.0/8/8', 'fe80::1%eth0', '[::1]', '10.0.0.1:80'])(
    'refuses %j, which is not an address',
    (text) => {
      expect(parseNetwork(text).problem).toContain('no address or network')
    },
  )
})
