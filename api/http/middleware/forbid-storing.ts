import type { RequestHandler } from 'express'

/** RFC 9111 section 5.2.2.5: no cache on the way may store what one caller may read. */
export function forbidStoring(): RequestHandler {
  return function setCacheControl(_req, res, next) {
    res.setHeader('Cache-Control', 'no-store')
    next()
  }
}
