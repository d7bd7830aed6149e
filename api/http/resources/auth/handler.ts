import { type Actor, authEvent } from '../../../audit/event.js'
import type { Caller } from '../../../auth/caller.js'
import { CLOCK_LEEWAY_SECONDS } from '../../../auth/claims.js'
import type { SignIn, SignInOutcome } from '../../../auth/sign-in/sign-in.js'
import { ApiError } from '../../../model/error.js'
import { timeOf } from '../answer-parts.js'
import { grantContent, meContent } from './answer.js'
import type { ActionInput, AuthContext } from './auth-context.js'
import type { LoginBody, LogoutBody, RefreshBody, TicketBody } from './body.js'

export async function login(context: AuthContext, { body, actor, addressKey }: ActionInput<LoginBody>) {
  const outcome = await signInOf(context).login({ address: addressKey, name: body.username }, body.password)
  return concluded(context, actor, outcome, 'login')
}

export async function refresh(context: AuthContext, { body, actor }: ActionInput<RefreshBody>) {
  const outcome = await signInOf(context).refresh(body.refreshToken)
  return concluded(context, actor, outcome, 'refresh')
}

/** Ends the session of the access token, or of the refresh token; a token without a session is revoked itself (RFC 7009). */
export async function logout(context: AuthContext, input: ActionInput<LogoutBody>): Promise<null> {
  const { body, caller, fault, actor } = input
  const sessions = [caller?.sessionId, context.signIn?.sessionOf(body.refreshToken ?? '')].filter((id) => id != null)
  if (sessions.length === 0 && caller === null && body.refreshToken === undefined && fault !== null) throw fault
  for (const id of new Set(sessions)) await endSession(context, actor, id)
  const revoked = await revokeToken(context, actor, caller)
  context.authenticator?.forget(
    ({ sessionId, tokenId }) => sessions.includes(sessionId ?? '') || tokenId === revoked?.tokenId,
  )
  return null
}

/** Revokes a token that has no session. Null if there is no such token. */
async function revokeToken({ audit, store }: AuthContext, actor: Actor, caller: Caller | null) {
  if (caller === null || caller.sessionId !== null || caller.expiresAt === null) return null
  const acceptedUntil = (Math.ceil(caller.expiresAt) + CLOCK_LEEWAY_SECONDS) * 1000
  audit.record(authEvent(actor, 'logout', 'allow', 'the token is revoked'))
  await store.revocations.add(caller.issuer, caller.tokenId, acceptedUntil)
  return caller
}

/** Recorded first, under the name of the session's user: a logout that cannot be recorded does not happen. */
async function endSession({ store, audit }: AuthContext, actor: Actor, id: string): Promise<void> {
  const session = await store.sessions.find(id)
  if (session === null) return
  audit.record(authEvent({ ...actor, subject: session.userName, sessionId: id }, 'logout', 'allow', null))
  await store.sessions.end(id)
}

/** The subject of the token, and what it may read. */
export async function showMe(_context: AuthContext, { caller }: ActionInput<unknown>) {
  if (caller === null) throw new ApiError('unauthenticated', 'no caller')
  return meContent(caller)
}

export async function issueTicket(context: AuthContext, { body, caller, actor }: ActionInput<TicketBody>) {
  const scope = context.streamScope(body.path)
  if (scope === null)
    throw new ApiError('invalid-request', 'no such stream', {
      faults: [{ path: 'path', message: 'must be the path of a stream, without a query' }],
    })
  if (caller === null || !caller.scopes.has(scope)) {
    context.audit.record(authEvent(actor, 'ticket-refused', 'deny', `lacks ${scope}`))
    throw new ApiError('insufficient-scope', `lacks ${scope}`, { detail: `This stream asks for the scope ${scope}.` })
  }
  const { ticket, expiresAt } = await context.tickets.issue(caller, body.path, [scope])
  context.audit.record(authEvent(actor, 'ticket', 'allow', null))
  return { ticket, expiresAt: timeOf(expiresAt) }
}

async function concluded(context: AuthContext, actor: Actor, outcome: SignInOutcome, action: 'login' | 'refresh') {
  if (outcome.refusal === undefined) {
    const { grant } = outcome
    context.audit.record(authEvent({ ...actor, ...userOf(grant.user.name, grant.sessionId) }, action, 'allow', null))
    return grantContent(grant)
  }
  const { error, kind, userName, sessionId, reason } = outcome.refusal
  // A refresh token that is used twice has been copied, so all tokens of that sign-in are revoked.
  // Other refusals end the session too, if the user was removed or has a new password.
  if (sessionId !== null) context.authenticator?.forget((caller) => caller.sessionId === sessionId)
  const refusal =
    kind === 'reuse' ? 'refresh-reuse' : kind === 'limited' ? 'login-limited' : (`${action}-refused` as const)
  const event = authEvent({ ...actor, ...userOf(userName, sessionId) }, refusal, 'deny', reason)
  if (kind === 'reuse') context.audit.record(event)
  else await context.recordRefusal(event)
  throw error
}

function userOf(subject: string | null, sessionId: string | null) {
  return { subject, issuer: null, tokenId: null, sessionId }
}

function signInOf({ signIn }: AuthContext): SignIn {
  if (signIn === null) throw new ApiError('not-found', 'no users are configured')
  return signIn
}
