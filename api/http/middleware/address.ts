import { isIP } from 'node:net'
import type { Express, Request, RequestHandler, Response } from 'express'
import { ipKeyGenerator } from 'express-rate-limit'
import type { Network, TrustProxy } from '../../config/network.js'
import { ApiError } from '../../model/error.js'
import { matchNetworks } from './match-networks.js'

/** X-Forwarded-For is believed as far as the proxies that wrote it are; Forwarded and X-Real-IP are never read. */
export function trustProxies(app: Express, trust: TrustProxy): void {
  if (trust.kind === 'networks') app.set('trust proxy', matchNetworks(trust.networks))
  else app.set('trust proxy', trust.kind === 'hops' ? trust.hops : false)
}

/** Finds the client's address once. */
export function resolveAddress(trust: TrustProxy): RequestHandler {
  const isProxied = trust.kind !== 'none'
  return function resolveClientAddress(req, res, next) {
    // What a proxy passes on may be anything; then the proxy itself is who is known.
    const claimed = isProxied ? plainAddress(req.ip) : null
    res.locals['address'] = claimed ?? plainAddress(req.socket.remoteAddress) ?? UNKNOWN
    next()
  }
}

/** A connection that is gone already has no address. */
const UNKNOWN = 'unknown'

/** The client's address: IPv4, or IPv6 in the one spelling of RFC 5952. */
export function addressOf(res: Response): string {
  return (res.locals['address'] as string | undefined) ?? UNKNOWN
}

/** What limits count by: IPv6 by /56, since a household is one caller whichever of its addresses it uses. */
export function addressKeyOf(res: Response): string {
  const address = addressOf(res)
  return address === UNKNOWN ? UNKNOWN : ipKeyGenerator(address)
}

/** Answers only the networks that the operator lists; `onRefused` is told of the others. */
export function allowAddresses(
  networks: readonly Network[],
  onRefused: (req: Request, res: Response) => Promise<void>,
): RequestHandler {
  const isAllowed = matchNetworks(networks)
  return async function refuseOtherAddresses(req, res, next) {
    if (isAllowed(addressOf(res))) {
      next()
      return
    }
    await onRefused(req, res)
    throw new ApiError('address-not-allowed', 'not on IP_ALLOWLIST')
  }
}

/** An address alone, of what may carry a port, brackets, a zone or IPv4 inside IPv6; null where there is none. */
export function plainAddress(text: string | undefined): string | null {
  if (text === undefined) return null
  if (isIP(text) === 4) return text
  const bare = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1] ?? text
  const address = bare.replace(/%.*$/, '')
  const family = isIP(address)
  if (family !== 6) return family === 4 ? address : null
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(canonical)
  return mapped === null ? canonical : dottedQuad(mapped[1] ?? '', mapped[2] ?? '')
}

function dottedQuad(high: string, low: string): string {
  const [first, second] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return [first >> 8, first & 255, second >> 8, second & 255].join('.')
}
