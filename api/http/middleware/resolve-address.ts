import { isIP } from 'node:net'
import type { RequestHandler, Response } from 'express'
import { ipKeyGenerator } from 'express-rate-limit'
import type { TrustProxy } from '../../config/network.js'

/** Finds the client's address once, for the limits, the allow-list, the log and the audit. */
export function resolveAddress(trust: TrustProxy): RequestHandler {
  const isProxied = trust.kind !== 'none'
  return function resolveClientAddress(req, res, next) {
    // What a proxy passes on may be anything. Where it is no address, the proxy's own is the one we know.
    const claimed = isProxied ? plainAddress(req.ip) : null
    res.locals['address'] = claimed ?? plainAddress(req.socket.remoteAddress) ?? UNKNOWN
    next()
  }
}

/** A connection that has closed already has no address. */
const UNKNOWN = 'unknown'

/** The client's address: IPv4, or IPv6 in the one spelling of RFC 5952. */
export function addressOf(res: Response): string {
  return (res.locals['address'] as string | undefined) ?? UNKNOWN
}

/** What limits count by: IPv6 by its /56, since a household is one client, whichever of its addresses it uses. */
export function addressKeyOf(res: Response): string {
  const address = addressOf(res)
  return address === UNKNOWN ? UNKNOWN : ipKeyGenerator(address)
}

/** The address alone, without a port, brackets, a zone or the IPv6 around an IPv4; null where the text is no address. */
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
