import { isLoopback } from '../model/loopback.js'
import { CONTAINS_ALL, type Network, parseNetwork } from './cidr.js'
import type { SettingsReader } from './settings.js'

export type { Network } from './cidr.js'

/** The proxies whose X-Forwarded-For is trusted. */
export type TrustProxy =
  | { readonly kind: 'none' }
  | { readonly kind: 'hops'; readonly hops: number }
  | { readonly kind: 'networks'; readonly networks: readonly Network[] }

export interface NetworkConfig {
  readonly trustProxy: TrustProxy
  /** The networks that are answered; empty means every address. */
  readonly allowlist: readonly Network[]
  readonly corsOrigins: readonly string[]
}

/** Proxies in a row: a CDN, a load balancer, an ingress and some to spare. */
const MAX_HOPS = 10

/** Entries of one list: more than a person maintains by hand. */
const MAX_ENTRIES = 64

/** The names of Express's setting `trust proxy`, which operators know. */
const NAMED_NETWORKS: ReadonlyMap<string, readonly string[]> = new Map([
  ['loopback', ['127.0.0.0/8', '::1/128']],
  // RFC 3927, RFC 4291 section 2.5.6.
  ['linklocal', ['169.254.0.0/16', 'fe80::/10']],
  // RFC 1918, RFC 4193.
  ['uniquelocal', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']],
])

/** `isOpen`: requests need no token, so pages of other machines must not be allowed to read. */
export function readNetwork(read: SettingsReader, isOpen: boolean): NetworkConfig {
  return {
    trustProxy: readTrustProxy(read),
    allowlist: readNetworks(read, 'IP_ALLOWLIST', new Map(), 'unset it to allow everyone'),
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
  variable: 'TRUST_PROXY' | 'IP_ALLOWLIST',
  named: ReadonlyMap<string, readonly string[]>,
  remedyForAll: string,
): readonly Network[] {
  const remedy = 'use addresses and networks such as 10.0.0.0/8, 192.0.2.1 or 2001:db8::/32'
  return readList(read, variable).flatMap((entry, index) =>
    (named.get(entry) ?? [entry]).flatMap((text) => {
      const { network, problem } = parseNetwork(text)
      if (network !== undefined) return [network]
      read.fault(variable, `${problem} (entry ${index + 1})`, problem === CONTAINS_ALL ? remedyForAll : remedy)
      return []
    }),
  )
}

function readOrigins(read: SettingsReader, isOpen: boolean): readonly string[] {
  const origins = readList(read, 'CORS_ORIGINS')
  for (const [index, origin] of origins.entries()) {
    const which = `(entry ${index + 1})`
    if (!isOrigin(origin)) {
      const remedy = 'use exact origins such as https://dash.example.com, in lower case, without a path and without *'
      read.fault('CORS_ORIGINS', `holds what is no origin ${which}`, remedy)
    } else if (isOpen && !isLoopback(new URL(origin).hostname))
      read.fault(
        'CORS_ORIGINS',
        `lets a page from elsewhere read while authentication is off ${which}`,
        'list pages of localhost alone',
      )
  }
  return origins
}

/** Accepts an origin as a browser writes it into the Origin field, because the two are compared literally. */
function isOrigin(text: string): boolean {
  try {
    const { origin, protocol, hostname } = new URL(text)
    return origin === text && (protocol === 'https:' || protocol === 'http:') && !hostname.includes('*')
  } catch {
    return false
  }
}

function readList(read: SettingsReader, variable: 'TRUST_PROXY' | 'IP_ALLOWLIST' | 'CORS_ORIGINS'): readonly string[] {
  const text = read.text(variable)
  if (text === undefined) return []
  const entries = text.split(',').map((entry) => entry.trim())
  if (entries.includes('')) read.fault(variable, 'has an empty entry', 'separate entries by single commas')
  if (entries.length > MAX_ENTRIES) read.fault(variable, `has more than ${MAX_ENTRIES} entries`, 'use wider networks')
  return entries.filter((entry) => entry !== '').slice(0, MAX_ENTRIES)
}
