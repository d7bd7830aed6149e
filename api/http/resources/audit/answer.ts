import { z } from 'zod'
import { AUTH_ACTIONS } from '../../../audit/event.js'
import type { RecentRecord } from '../../../audit/recent.js'
import { ERROR_CODES } from '../../../model/error.js'
import { SCOPES } from '../../../model/scope.js'
import type { ContentOf } from '../../endpoints/answer.js'
import { flag, integer, number, optionalInteger, optionalText, text, time } from '../answer-parts.js'
import { listOf } from '../list.js'

const decision = z.enum(['allow', 'deny'])

const actorFields = {
  decision,
  requestId: text,
  address: text,
  subject: optionalText,
  issuer: optionalText,
  tokenId: optionalText,
  sessionId: optionalText,
}

const chainFields = { seq: integer, time, prev: text, hash: text, written: flag }

const SERVICE_RECORD = z.strictObject({
  ...chainFields,
  kind: z.literal('service'),
  action: z.enum(['start', 'stop', 'recovered', 'gap']),
})

const AUTH_RECORD = z.strictObject({
  ...chainFields,
  kind: z.literal('auth'),
  action: z.enum(AUTH_ACTIONS),
  ...actorFields,
  reason: optionalText,
})

const READ_RECORD = z.strictObject({
  ...chainFields,
  kind: z.literal('read'),
  ...actorFields,
  code: z.enum(ERROR_CODES).nullable(),
  status: integer,
  method: text,
  route: text,
  scope: z.enum(SCOPES),
  filter: text,
  container: optionalText,
  engine: z.array(z.strictObject({ host: text, call: text, status: optionalInteger, milliseconds: number })),
  bytes: integer,
  redactions: integer,
})

const RECORD = z.discriminatedUnion('kind', [READ_RECORD, AUTH_RECORD, SERVICE_RECORD])
export const RECORD_LIST = listOf(RECORD)

/**
 * A record as the trail holds it, with its position in the chain. `written` is false if it is in memory only. `showAsked`:
 * whether this caller may see ids that were requested without an answer.
 */
export function recordContent(
  { record, isWritten: written }: RecentRecord,
  showAsked: boolean,
): ContentOf<typeof RECORD> {
  const { seq, time: at, prev, hash } = record
  const end = { prev, hash, written }
  if (record.kind === 'service') return { seq, time: at, kind: record.kind, action: record.action, ...end }
  const { decision, requestId, address, subject, issuer, tokenId, sessionId } = record
  const actor = { decision, requestId, address, subject, issuer, tokenId, sessionId }
  if (record.kind === 'auth')
    return { seq, time: at, kind: record.kind, action: record.action, ...actor, reason: record.reason, ...end }
  const { code, status, method, route, scope, filter, engine, bytes, redactions } = record
  const container = showAsked || code === null ? record.container : null
  const read = { code, status, method, route, scope, filter, container, engine, bytes, redactions }
  return { seq, time: at, kind: record.kind, ...actor, ...read, ...end }
}
