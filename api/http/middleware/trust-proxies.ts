import type { TrustProxy } from '../../config/network.js'
import { matchNetworks } from './match-networks.js'

/**
 * Express's `trust proxy` setting: how many of the proxies in X-Forwarded-For are trusted, or which. Forwarded and X-Real-IP
 * are never read.
 */
export function trustProxies(trust: TrustProxy): false | number | ((address: string) => boolean) {
  if (trust.kind === 'none') return false
  return trust.kind === 'hops' ? trust.hops : matchNetworks(trust.networks)
}
