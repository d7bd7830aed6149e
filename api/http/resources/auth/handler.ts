import { type Actor, type Audit, type AuthEvent, authEvent } from '../../../audit/event.js'
import type { Authenticator } from '../../../auth/authenticator.js'
import type { Caller } from '../../../auth/caller.js'
import { CLOCK_LEEWAY_SECONDS } from '../../../auth/claims.js'
import type { Grant, SignIn, SignInOutcome } from '../../../auth/sign-in/sign-in.js'
import type { StreamTickets } from '../../../auth/stream-tickets.js'
import { ApiError } from '../../../model/error.js'
import { formatLabelSelector } from '../../../model/label-selector.js'
import { ROLES, type Scope } from '../../../model/scope.js'
import type { Store } from '../../../store/store.js'
import type { LoginBody, LogoutBody, RefreshBody, TicketBody } from '../schemas.js'

/** What the actions of /api/auth act on. */
export interface AuthDesk {
  /** Null where no users are configured. */
  readonly signIn: SignIn | null
  /** Null where the service runs without authentication. */
  readonly authenticator: Authenticator | null
  readonly tickets: StreamTickets
  readonly store: Pick<Store, 'sessions' | 'revocations'>
  readonly audit: Audit
  /** Of strangers, who could fill the disk: so many a window, and no more. */
  readonly recordRefusal: (event: AuthEvent) => Promise<void>
  /** The scope that a stream's path asks for; null where there is no such stream. */
  readonly streamScope: (path: string) => Scope | null
}

/** What an action knows of a request. */
export interface ActionInput<Body> {
  readonly body: Body
  /** Null for a stranger, on actions that take one. */
  readonly caller: Caller | null
  /** Why there is no caller; null where there is one. */
  readonly fault: ApiError | null
  readonly actor: Actor
  /** As limits count it. */
  readonly addressKey: string
}

/** The content of the answer; null for none. */
type Content = Readonly<Record<string, unknown>> | null

export async function login(desk: AuthDesk, { body, actor, addressKey }: ActionInput<LoginBody>): Promise<Content> {
  const outcome = await signInOf(desk).login({ address: addressKey, name: body.username }, body.password)
  return concluded(desk, actor, outcome, 'login')
}

export async function refresh(desk: AuthDesk, { body, actor }: ActionInput<RefreshBody>): Promise<Content> {
  const outcome = await signInOf(desk).refresh(body.refreshToken)
  return concluded(desk, actor, outcome, 'refresh')
}

/** Ends the session of the access token, or of the refresh token; a token without a session is revoked by itself (RFC 7009). */
export async function logout(desk: AuthDesk, input: ActionInput<LogoutBody>): Promise<Content> {
  const { body, caller, fault, actor } = input
  const sessions = [caller?.sessionId, desk.signIn?.sessionOf(body.refreshToken ?? '')].filter((id) => id != null)
  if (sessions.length === 0 && caller === null && body.refreshToken === undefined && fault !== null) throw fault
  for (const id of new Set(sessions)) await endSession(desk, actor, id)
  const revoked = caller !== null && caller.sessionId === null && caller.expiresAt !== null ? caller : null
  if (revoked?.expiresAt != null) {
    const acceptedUntil = (Math.ceil(revoked.expiresAt) + CLOCK_LEEWAY_SECONDS) * 1000
    desk.audit.record(authEvent(actor, 'logout', 'allow', 'the token is revoked'))
    await desk.store.revocations.add(revoked.issuer, revoked.tokenId, acceptedUntil)
  }
  desk.authenticator?.forget(
    ({ sessionId, tokenId }) => sessions.includes(sessionId ?? '') || tokenId === revoked?.tokenId,
  )
  return null
}

/** On record first, under the name of whose session it is: what cannot be recorded does not happen. */
async function endSession({ store, audit }: AuthDesk, actor: Actor, id: string): Promise<void> {
  const session = await store.sessions.find(id)
  if (session === null) return
  audit.record(authEvent({ ...actor, subject: session.userName, sessionId: id }, 'logout', 'allow', null))
  await store.sessions.end(id)
}

/** Who the token speaks for and what it may read. */
export async function showMe(_desk: AuthDesk, { caller }: ActionInput<unknown>): Promise<Content> {
  if (caller === null) throw new ApiError('unauthenticated', 'no caller')
  const scopes = [...caller.scopes].sort()
  return {
    subject: caller.subject,
    issuer: caller.issuer,
    roles: rolesWithin(caller.scopes),
    scopes,
    containers: caller.selectors.map(formatLabelSelector),
    tokenId: caller.tokenId,
    sessionId: caller.sessionId,
    expiresAt: caller.expiresAt === null ? null : time(caller.expiresAt * 1000),
  }
}

export async function drawTicket(desk: AuthDesk, { body, caller, actor }: ActionInput<TicketBody>): Promise<Content> {
  const scope = desk.streamScope(body.path)
  if (scope === null)
    throw new ApiError('invalid-request', 'no such stream', {
      faults: [{ path: 'path', message: 'must be the path of a stream, without a query' }],
    })
  if (caller === null || !caller.scopes.has(scope)) {
    desk.audit.record(authEvent(actor, 'ticket-refused', 'deny', `lacks ${scope}`))
    throw new ApiError('insufficient-scope', `lacks ${scope}`, { detail: `This stream asks for the scope ${scope}.` })
  }
  const { ticket, expiresAt } = await desk.tickets.issue(caller, body.path, [scope])
  desk.audit.record(authEvent(actor, 'ticket', 'allow', null))
  return { ticket, expiresAt: time(expiresAt) }
}

async function concluded(
  desk: AuthDesk,
  actor: Actor,
  outcome: SignInOutcome,
  action: 'login' | 'refresh',
): Promise<Content> {
  if (outcome.refusal === undefined) {
    const { grant } = outcome
    desk.audit.record(authEvent({ ...actor, ...userOf(grant.user.name, grant.sessionId) }, action, 'allow', null))
    return presentGrant(grant)
  }
  const { error, kind, userName, sessionId, reason } = outcome.refusal
  // Whoever uses a refresh token twice shows that somebody has a copy: nothing of that sign-in is good any more.
  // A refusal of another kind ends the session too, where the user is gone or has another password.
  if (sessionId !== null) desk.authenticator?.forget((caller) => caller.sessionId === sessionId)
  const refusal =
    kind === 'reuse' ? 'refresh-reuse' : kind === 'limited' ? 'login-limited' : (`${action}-refused` as const)
  const event = authEvent({ ...actor, ...userOf(userName, sessionId) }, refusal, 'deny', reason)
  if (kind === 'reuse') desk.audit.record(event)
  else await desk.recordRefusal(event)
  throw error
}

function userOf(subject: string | null, sessionId: string | null) {
  return { subject, issuer: null, tokenId: null, sessionId }
}

function presentGrant({ accessToken, expiresAt, refreshToken, refreshExpiresAt, user }: Grant): Content {
  return {
    tokenType: 'Bearer',
    accessToken,
    expiresAt: time(expiresAt),
    refreshToken,
    refreshExpiresAt: time(refreshExpiresAt),
    subject: user.name,
    scopes: [...user.scopes].sort(),
    containers: user.selectors.map(formatLabelSelector),
  }
}

/** The roles all of whose scopes are held. */
function rolesWithin(scopes: ReadonlySet<Scope>): string[] {
  return Object.entries(ROLES)
    .filter(([, needed]) => needed.every((scope) => scopes.has(scope)))
    .map(([role]) => role)
}

function signInOf({ signIn }: AuthDesk): SignIn {
  if (signIn === null) throw new ApiError('not-found', 'no users are configured')
  return signIn
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
