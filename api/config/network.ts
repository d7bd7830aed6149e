import { isIP } from 'node:net'
import type { SettingsReader } from './settings.js'

/** Whose X-Forwarded-For counts. */
export type TrustProxy =
  | { readonly kind: 'none' }
  | { readonly kind: 'hops'; readonly hops: number }
  | { readonly kind: 'networks'; readonly networks: readonly string[] }

export interface NetworkConfig {
  readonly trustProxy: TrustProxy
  /** Addresses and networks in CIDR notation; empty is everybody. */
  readonly allowlist: readonly string[]
  readonly corsOrigins: readonly string[]
}

/** Proxies in a row: a CDN, a load balancer, an ingress and some to spare. */
const MAX_HOPS = 10

/** Entries of one list: more than a person keeps by hand. */
const MAX_ENTRIES = 64

/** Networks that proxy-addr knows by name. */
const NAMED_NETWORKS: ReadonlySet<string> = new Set(['loopback', 'linklocal', 'uniquelocal'])

/** `isOpen`: whether requests need no token, when a page of another machine must not read. */
export function readNetwork(read: SettingsReader, isOpen: boolean): NetworkConfig {
  return {
    trustProxy: readTrustProxy(read),
    allowlist: readNetworks(read, 'IP_ALLOWLIST', new Set(), 'unset it to allow everyone'),
    corsOrigins: readOrigins(read, isOpen),
  }
}

function readTrustProxy(read: SettingsReader): TrustProxy {
  const text = read.text('TRUST_PROXY')
  if (text === undefined) return { kind: 'none' }
  if (/^\d+$/.test(text)) {
    const hops = text.length <= 2 ? Number(text) : 0
    if (hops < 1 || hops > MAX_HOPS)
      read.fault(
        'TRUST_PROXY',
        'is no number of hops',
        `use 1 to ${MAX_HOPS}, or the proxies' addresses; unset it for none`,
      )
    return { kind: 'hops', hops }
  }
  if (text === 'true' || text === 'false') {
    const remedy = "list the proxies' addresses or networks, or their number; unset it for none"
    read.fault('TRUST_PROXY', 'does not say whom to trust', remedy)
    return { kind: 'none' }
  }
  const networks = readNetworks(read, 'TRUST_PROXY', NAMED_NETWORKS, "list the proxies' own networks")
  return { kind: 'networks', networks }
}

function readNetworks(
  read: SettingsReader,
  variable: string,
  names: ReadonlySet<string>,
  remedyForAll: string,
): readonly string[] {
  const entries = readList(read, variable)
  for (const [index, entry] of entries.entries()) {
    if (names.has(entry)) continue
    const problem = networkProblem(entry)
    if (problem === null) continue
    const remedy =
      problem === CONTAINS_ALL
        ? remedyForAll
        : 'use addresses and networks such as 10.0.0.0/8, 192.0.2.1 or 2001:db8::/32'
    read.fault(variable, `${problem} (entry ${index + 1})`, remedy)
  }
  return entries
}

const CONTAINS_ALL = 'contains every address'

function networkProblem(entry: string): string | null {
  const [address = '', prefix, ...more] = entry.split('/')
  const family = isIP(address)
  if (family === 0 || address.includes('%') || more.length > 0) return 'holds what is no address or network'
  if (prefix === undefined) return null
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1
  if (bits < 0 || bits > (family === 6 ? 128 : 32)) return 'holds a prefix that is out of range'
  if (bits === 0 || (family === 6 && bits <= MAPPED_PREFIX && isMapped(address))) return CONTAINS_ALL
  return hasHostBits(address, family, bits) ? 'holds a network with host bits set: clear them' : null
}

/** RFC 4291, section 2.5.5.2: ::ffff:0:0/96 is every IPv4 address. */
const MAPPED_PREFIX = 96

function isMapped(address: string): boolean {
  return groupsOf(address).every((group, index) => index > 5 || group === (index === 5 ? 0xffff : 0))
}

/** 10.0.0.1/8 may mean the host or the network: whichever was meant, the other is what would be allowed. */
function hasHostBits(address: string, family: number, bits: number): boolean {
  const bytes =
    family === 6 ? groupsOf(address).flatMap((group) => [group >> 8, group & 255]) : address.split('.').map(Number)
  return bytes.some((byte, index) => {
    const networkBits = Math.min(8, Math.max(0, bits - 8 * index))
    return (byte & (255 >> networkBits)) !== 0
  })
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

function readOrigins(read: SettingsReader, isOpen: boolean): readonly string[] {
  const origins = readList(read, 'CORS_ORIGINS')
  for (const [index, origin] of origins.entries()) {
    const which = `(entry ${index + 1})`
    if (!isOrigin(origin)) {
      const remedy = 'use exact origins such as https://dash.example.com, in lower case, without a path and without *'
      read.fault('CORS_ORIGINS', `holds what is no origin ${which}`, remedy)
    } else if (isOpen && !LOOPBACK_ORIGIN.test(origin))
      read.fault(
        'CORS_ORIGINS',
        `lets a page from elsewhere read while authentication is off ${which}`,
        'list pages of localhost alone',
      )
  }
  return origins
}

const LOOPBACK_ORIGIN = /^https?:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/

/** As a browser writes it into the Origin field: it is compared letter by letter. */
function isOrigin(text: string): boolean {
  try {
    const { origin, protocol, hostname } = new URL(text)
    return origin === text && (protocol === 'https:' || protocol === 'http:') && !hostname.includes('*')
  } catch {
    return false
  }
}

function readList(read: SettingsReader, variable: string): readonly string[] {
  const text = read.text(variable)
  if (text === undefined) return []
  const entries = text.split(',').map((entry) => entry.trim())
  if (entries.includes('')) read.fault(variable, 'has an empty entry', 'separate entries by single commas')
  if (entries.length > MAX_ENTRIES) read.fault(variable, `has more than ${MAX_ENTRIES} entries`, 'use wider networks')
  return entries.filter((entry) => entry !== '').slice(0, MAX_ENTRIES)
}
