import type { ErrorRequestHandler, Response } from 'express'
import { ApiError } from '../../model/error.js'
import { problemOf } from '../endpoints/problem.js'

/** Turns a failure into an answer. Nothing else does. */
export function answerProblem(): ErrorRequestHandler {
  return function answerWithProblem(error, req, res, next) {
    res.locals['failure'] = error
    if (res.headersSent) {
      next(error)
      return
    }
    const { status, fields, body } = problemOf(isUndecodablePath(error) ? UNDECODABLE_PATH : error, String(req.id))
    res.removeHeader('ETag')
    for (const [name, value] of Object.entries(fields)) res.setHeader(name, value)
    res.status(status).type('application/problem+json').send(JSON.stringify(body))
  }
}

/** The error, for the log; undefined if there was none. */
export function failureOf(res: Response): unknown {
  return res.locals['failure']
}

const UNDECODABLE_PATH = new ApiError('invalid-request', 'the path cannot be decoded', {
  detail: 'The path holds an escape sequence that cannot be decoded.',
})

/** Express refuses a stray `%` in a path before any route runs, with an error that only its status identifies. */
function isUndecodablePath(error: unknown): boolean {
  return error instanceof URIError || (error as { status?: unknown } | null)?.status === 400
}
