import type { RequestHandler } from 'express'

/** What a page of another origin may send, and which fields of an answer it may read (Fetch standard, CORS protocol). */
const ALLOWED_METHODS = 'GET, HEAD, POST'
const ALLOWED_FIELDS = 'Authorization, Content-Type, If-None-Match, Last-Event-ID'
const EXPOSED_FIELDS =
  'ETag, Porthole-Truncated, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id'

/** Seconds for which a browser may cache the answer to a preflight. */
const PREFLIGHT_MAX_AGE = '600'

/**
 * Lets pages of exactly these origins read answers. Credentials are never allowed: a page sets the Authorization field itself,
 * so there is nothing that a browser could add to a foreign page's request.
 */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  const allowed = new Set(origins)
  return function answerCrossOrigin(req, res, next) {
    // Set even without an Origin, so that a shared cache never serves one page's answer to another.
    res.vary('Origin')
    const { origin } = req.headers
    if (origin === undefined || !allowed.has(origin)) {
      next()
      return
    }
    res.setHeader('Access-Control-Allow-Origin', origin)
    res.setHeader('Access-Control-Expose-Headers', EXPOSED_FIELDS)
    if (req.method !== 'OPTIONS' || req.headers['access-control-request-method'] === undefined) {
      next()
      return
    }
    res.setHeader('Access-Control-Allow-Methods', ALLOWED_METHODS)
    res.setHeader('Access-Control-Allow-Headers', ALLOWED_FIELDS)
    res.setHeader('Access-Control-Max-Age', PREFLIGHT_MAX_AGE)
    res.statusCode = 204
    res.end()
  }
}
