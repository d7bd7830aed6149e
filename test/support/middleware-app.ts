import express, { type Express, type RequestHandler, type Response } from 'express'
import { answerProblem } from '../../api/http/middleware/answer-problem.js'

/**
 * An app of only these middlewares. A request that passes is answered 200 with the result of `show`; a thrown error is answered
 * as a problem.
 */
export function appOf(
  middlewares: readonly RequestHandler[],
  show: (res: Response) => object = () => ({ passed: true }),
): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  for (const middleware of middlewares) app.use(middleware)
  app.use((_req, res) => {
    res.json(show(res))
  })
  app.use(answerProblem())
  return app
}
