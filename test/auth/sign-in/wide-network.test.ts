import { wideNetworkOf } from '../../../api/auth/sign-in/wide-network.js'

test.each([
  ['192.0.2.1', '192.0'],
  ['10.255.0.1', '10.255'],
  ['2001:db8:0:100::/56', '2001:db8'],
  ['2001:db8::/56', '2001:db8'],
  ['2001::/56', '2001:0'],
  ['0:1::/56', '0:1'],
  ['::/56', '0:0'],
  ['unknown', 'unknown'],
])('the wide network of %s is %s', (addressKey, network) => {
  expect(wideNetworkOf(addressKey)).toBe(network)
})
