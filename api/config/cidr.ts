import { BlockList, isIP } from 'node:net'

/** A block of addresses, in the words of node:net's BlockList. A single address has a prefix of full length. */
export interface Network {
  readonly address: string
  /** Bits. */
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

export type ParsedNetwork =
  | { readonly network: Network; readonly problem?: never }
  | { readonly problem: string; readonly network?: never }

/** Bits of an address. */
const BITS = { ipv4: 32, ipv6: 128 } as const

export const CONTAINS_ALL = 'contains every address'

/** Reads an address or a network in CIDR notation. A problem does not quote the text. */
export function parseNetwork(text: string): ParsedNetwork {
  const [address = '', written, ...more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || address.includes('%') || more.length > 0)
    return { problem: 'holds what is no address or network' }
  const family = version === 6 ? 'ipv6' : 'ipv4'
  const prefix = written === undefined ? BITS[family] : /^\d{1,3}$/.test(written) ? Number(written) : -1
  if (prefix < 0 || prefix > BITS[family]) return { problem: 'holds a prefix that is out of range' }
  const network: Network = { address, prefix, family }
  if (containsAll(network)) return { problem: CONTAINS_ALL }
  return hasHostBits(network) ? { problem: 'holds a network with host bits set: clear them' } : { network }
}

/** Contains all of IPv4, judged by its two ends. IPv6 networks around ::ffff:0:0/96 do too (RFC 4291, section 2.5.5.2). */
function containsAll({ address, prefix, family }: Network): boolean {
  const list = new BlockList()
  list.addSubnet(address, prefix, family)
  return list.check('0.0.0.0') && list.check('255.255.255.255')
}

/** 10.0.0.1/8 may mean the host or the network. It is refused, so that the wrong one is never allowed. */
function hasHostBits({ address, prefix, family }: Network): boolean {
  const hostBits = BigInt(BITS[family] - prefix)
  const value = family === 'ipv4' ? join(address.split('.').map(Number), 8n) : join(groupsOf(address), 16n)
  return BigInt.asUintN(Number(hostBits), value) !== 0n
}

function join(parts: readonly number[], bits: bigint): bigint {
  return parts.reduce((value, part) => (value << bits) | BigInt(part), 0n)
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))
  const before = groups(head)
  const after = groups(tail ?? '')
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
}
