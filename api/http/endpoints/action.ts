import type { RequestHandler } from 'express'
import { ApiError } from '../../model/error.js'
import { actorOf, identityFault, knownCaller } from '../middleware/identify.js'
import { readBody } from '../middleware/read-body.js'
import { addressKeyOf } from '../middleware/resolve-address.js'
import type { AuthDesk } from '../resources/auth/handler.js'
import type { Action } from '../routes.js'

/** Makes an action of the table into Express handlers: no query, body, handler, answer. */
export function perform(action: Action, desk: AuthDesk): RequestHandler[] {
  return [
    function refuseQuery(req, _res, next) {
      // RFC 9700 section 4.3.2: what is secret stands in no URL, so nothing of an action does.
      if (req.url.includes('?'))
        throw new ApiError('invalid-request', 'an action with a query', { detail: 'This route takes no parameters.' })
      next()
    },
    ...(action.method === 'POST' ? readBody(action.body) : []),
    async function performAction(req, res) {
      // A session that is opened, turned or ended has to be on record.
      if (action.method === 'POST') desk.audit.demand()
      const content = await action.handler(desk, {
        body: res.locals['body'] as never,
        caller: knownCaller(res),
        fault: identityFault(res),
        actor: actorOf(req, res),
        addressKey: addressKeyOf(res),
      })
      if (content === null) res.status(204).end()
      else res.status(200).json(content)
    },
  ]
}
