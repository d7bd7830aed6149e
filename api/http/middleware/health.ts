import type { RequestHandler } from 'express'
import { ApiError } from '../../model/error.js'

/** Answers any client with 200 or 503 and one word, because a probe has no token. */
export function health(isWell: () => boolean): RequestHandler {
  return function answerHealthCheck(req, res) {
    if (req.url.includes('?'))
      throw new ApiError('invalid-request', 'health with a query', { detail: 'A health check takes no parameters.' })
    const well = isWell()
    res.status(well ? 200 : 503).json({ status: well ? 'ok' : 'unavailable' })
  }
}
