import { z } from 'zod'
import type { Caller } from '../../../auth/caller.js'
import type { Grant } from '../../../auth/sign-in/sign-in.js'
import { formatLabelSelector } from '../../../model/label-selector.js'
import { ROLES, SCOPES, type Scope } from '../../../model/scope.js'
import type { ContentOf } from '../../endpoints/answer.js'
import { optionalText, optionalTime, text, texts, time, timeOf } from '../answer-parts.js'

const scopes = z.array(z.enum(SCOPES))

export const GRANT = z.strictObject({
  tokenType: z.literal('Bearer'),
  accessToken: text,
  expiresAt: time,
  refreshToken: text,
  refreshExpiresAt: time,
  subject: text,
  scopes,
  containers: texts,
})

export function grantContent(grant: Grant): ContentOf<typeof GRANT> {
  const { accessToken, expiresAt, refreshToken, refreshExpiresAt, user } = grant
  return {
    tokenType: 'Bearer',
    accessToken,
    expiresAt: timeOf(expiresAt),
    refreshToken,
    refreshExpiresAt: timeOf(refreshExpiresAt),
    subject: user.name,
    scopes: [...user.scopes].sort(),
    containers: user.selectors.map(formatLabelSelector),
  }
}

export const ME = z.strictObject({
  subject: text,
  issuer: text,
  roles: texts,
  scopes,
  containers: texts,
  tokenId: text,
  sessionId: optionalText,
  expiresAt: optionalTime,
})

export function meContent(caller: Caller): ContentOf<typeof ME> {
  return {
    subject: caller.subject,
    issuer: caller.issuer,
    roles: rolesWithin(caller.scopes),
    scopes: [...caller.scopes].sort(),
    containers: caller.selectors.map(formatLabelSelector),
    tokenId: caller.tokenId,
    sessionId: caller.sessionId,
    expiresAt: caller.expiresAt === null ? null : timeOf(caller.expiresAt * 1000),
  }
}

/** The roles whose scopes the caller has in full. */
function rolesWithin(held: ReadonlySet<Scope>): string[] {
  return Object.entries(ROLES)
    .filter(([, needed]) => needed.every((scope) => held.has(scope)))
    .map(([role]) => role)
}

export const TICKET = z.strictObject({ ticket: text, expiresAt: time })

/** The answer of an action without content: 204. */
export const NO_CONTENT = z.null()
