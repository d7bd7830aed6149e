import { BlockList, isIP } from 'node:net'
import type { Network } from '../../config/network.js'

/** Whether an address is in one of the networks. IPv4 inside IPv6 counts as IPv4. Text that is not an address is in none. */
export function matchNetworks(networks: readonly Network[]): (address: string) => boolean {
  const list = new BlockList()
  for (const { address, prefix, family } of networks) list.addSubnet(address, prefix, family)
  return (text) => {
    const address = text.replace(/%.*$/, '')
    const version = isIP(address)
    return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }
}
