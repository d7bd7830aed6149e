import type { TrustProxy } from '../../config/network.js'

/**
 * Express's `trust proxy` setting: how many of the proxies in X-Forwarded-For count, or which. Forwarded and X-Real-IP are
 * never read.
 */
export function trustProxies(trust: TrustProxy): false | number | string[] {
  if (trust.kind === 'none') return false
  return trust.kind === 'hops' ? trust.hops : [...trust.networks]
}
