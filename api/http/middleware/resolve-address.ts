import { isIP } from 'node:net'
import type { RequestHandler, Response } from 'express'
import { ipKeyGenerator } from 'express-rate-limit'
import type { TrustProxy } from '../../config/network.js'

/** Determines the client's address once, for the limits, the allow-list, the log and the audit. */
export function resolveAddress(trust: TrustProxy): RequestHandler {
  const isProxied = trust.kind !== 'none'
  return function resolveClientAddress(req, res, next) {
    // A proxy may pass on any text. If it is not an address, the proxy's own address is used.
    const claimed = isProxied ? plainAddress(req.ip) : null
    res.locals['address'] = claimed ?? plainAddress(req.socket.remoteAddress) ?? UNKNOWN
    next()
  }
}

/** A closed connection has no address any more. */
const UNKNOWN = 'unknown'

/** The client's address: IPv4, or IPv6 in the canonical spelling of RFC 5952. */
export function addressOf(res: Response): string {
  return (res.locals['address'] as string | undefined) ?? UNKNOWN
}

/** The key that limits count by: an IPv6 address counts by its /56, because a household is one client with many addresses. */
export function addressKeyOf(res: Response): string {
  return addressKey(addressOf(res))
}

/** The same of a plain address. */
export function addressKey(address: string): string {
  return isIP(address) === 0 ? UNKNOWN : ipKeyGenerator(address)
}

/** The bare address, without port, brackets, zone or the IPv6 around an IPv4; null if the text is not an address. */
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
