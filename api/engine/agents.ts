import { createPrivateKey, X509Certificate } from 'node:crypto'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import type { EngineEndpoint } from '../model/endpoint.js'
import { unusableIdentity } from './faults.js'

/** Milliseconds after which an idle connection is closed: beyond the usual sampling interval, below what proxies cut. */
const IDLE_SOCKET_MS = 30_000

export type Agent = HttpAgent | HttpsAgent

/**
 * Agents that know the endpoint and nothing else: an explicit agent reads no proxy variables, our `ca` stands in place
 * of all others, and `rejectUnauthorized` and `minVersion` stand against NODE_TLS_REJECT_UNAUTHORIZED and NODE_OPTIONS.
 *
 * @throws TlsIdentityError where the endpoint's certificates cannot be used
 */
export function agentFactory(endpoint: EngineEndpoint): (maxSockets: number, keepAlive: boolean) => Agent {
  const pool = (maxSockets: number, keepAlive: boolean) => ({
    maxSockets,
    keepAlive,
    ...(keepAlive ? { timeout: IDLE_SOCKET_MS } : {}),
  })
  if (endpoint.kind !== 'tls') return (maxSockets, keepAlive) => new HttpAgent(pool(maxSockets, keepAlive))
  const { ca, cert, key, host } = endpoint
  const minVersion = 'TLSv1.2'
  const secureContext = usable(() => {
    // An empty `ca` would stand for the CAs that Node trusts, an empty `key` for no client certificate, and neither
    // would throw.
    for (const pem of [ca, cert]) new X509Certificate(pem)
    createPrivateKey(key)
    return createSecureContext({ ca, cert, key, minVersion })
  })
  return (maxSockets, keepAlive) =>
    new HttpsAgent({
      ...pool(maxSockets, keepAlive),
      secureContext,
      minVersion,
      rejectUnauthorized: true,
      // RFC 6066, section 3: an address is no server name. It is checked against the certificate all the same.
      servername: isIP(host) ? '' : host,
      // A resumed session skips the check of the host name; connections are few, so each is verified anew.
      maxCachedSessions: 0,
    })
}

function usable<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw unusableIdentity(error)
  }
}
