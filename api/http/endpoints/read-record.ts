import type { ReadEvent } from '../../audit/event.js'
import type { ErrorCode } from '../../model/error.js'
import { readEvent } from '../hot-path.js'
import { isContainerId } from '../resources/query-parts.js'
import type { RenderedResponse } from './answer.js'
import type { AuditContext } from './audit-context.js'
import { statusOf } from './problem.js'

/** Refusals of the request rather than of the caller: nothing was read, so there is nothing to record. */
const NOTHING_READ: ReadonlySet<ErrorCode> = new Set(['invalid-request', 'invalid-container-id'])

export function answeredRead(context: AuditContext, response: RenderedResponse, status: 200 | 304): ReadEvent {
  const bytes = status === 304 || context.req.method === 'HEAD' ? 0 : response.body.length
  const { container, redactions } = response
  return readEvent(context, { decision: 'allow', code: null, status, container, bytes, redactions })
}

/** A stream is recorded once, when it opens. What it will send is not known yet. */
export function openedStream(context: AuditContext, container: string | null): ReadEvent {
  return readEvent(context, { decision: 'allow', code: null, status: 200, container, bytes: 0, redactions: 0 })
}

/** Null if nothing was read. */
export function refusedRead(context: AuditContext, code: ErrorCode): ReadEvent | null {
  if (NOTHING_READ.has(code)) return null
  const { id } = context.req.params
  const decision = code === 'insufficient-scope' ? 'deny' : 'allow'
  // The id as the caller typed it: 12 to 64 hex digits and nothing else.
  const container = typeof id === 'string' && isContainerId(id) ? id : null
  return readEvent(context, { decision, code, status: statusOf(code), container, bytes: 0, redactions: 0 })
}
