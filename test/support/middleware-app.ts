import express, { type Express, type RequestHandler, type Response } from 'express'
import { answerProblem } from '../../api/http/middleware/answer-problem.js'

/**
 * An app of these middlewares alone. A request that they let pass is answered 200 with what `show` gives, and what they throw
 * is answered as a problem.
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
