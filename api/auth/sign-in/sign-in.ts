import { createHash, randomUUID } from 'node:crypto'
import type { UsersConfig } from '../../config/auth-config.js'
import type { TokenConfig } from '../../config/token-keys.js'
import { ApiError } from '../../model/error.js'
import { formatLabelSelector } from '../../model/label-selector.js'
import type { User } from '../../model/user.js'
import type { Session, Sessions } from '../../store/store.js'
import { signToken } from '../token.js'
import { hashOfSecret, type RefreshTokens } from './refresh-token.js'
import type { SignInAttempt, SignInGuard } from './sign-in-guard.js'
import type { SignInQueue } from './sign-in-queue.js'

/** A session that is not refreshed for this long ends, so that a forgotten browser does not stay signed in (ASVS 7.3.1). */
const IDLE_SESSION_MS = 24 * 3_600_000

export interface SignInParts {
  readonly token: TokenConfig
  readonly settings: Omit<UsersConfig, 'path'>
  readonly users: { find(name: string): User | null }
  /** The user with this name and password, found at the same cost whether or not the user exists. */
  readonly checkPassword: (name: string, password: string) => Promise<User | null>
  /** Runs one sign-in at a time, so that concurrent guesses are counted one by one. */
  readonly queue: Pick<SignInQueue, 'enter'>
  readonly guard: SignInGuard
  readonly sessions: Sessions
  readonly refreshTokens: RefreshTokens
  readonly now: () => number
}

export interface Grant {
  readonly accessToken: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  readonly refreshToken: string
  readonly refreshExpiresAt: number
  readonly user: User
  readonly sessionId: string
}

export interface Refusal {
  readonly error: ApiError
  /** `reuse` means that a refresh token was used twice, so there is a copy of it. */
  readonly kind: 'refused' | 'limited' | 'reuse'
  /** The name of an existing user, or null: an unknown name may be a password typed into the wrong field. */
  readonly userName: string | null
  readonly sessionId: string | null
  readonly reason: string
}

export type SignInOutcome = { readonly grant: Grant; readonly refusal?: never } | { readonly refusal: Refusal }

/** Exchanges a password for tokens, and a refresh token for the next ones. */
export class SignIn {
  readonly #parts: SignInParts

  constructor(parts: SignInParts) {
    this.#parts = parts
  }

  /** Always opens a new session, whatever token the client already holds. Throws rate-limited if too many sign-ins wait. */
  async login(attempt: SignInAttempt, password: string): Promise<SignInOutcome> {
    const isKnown = await this.#parts.guard.isKnown(attempt)
    return this.#parts.queue.enter(attempt.address, () => this.#login(attempt, password), isKnown)
  }

  async #login(attempt: SignInAttempt, password: string): Promise<SignInOutcome> {
    const { guard, users, checkPassword, now } = this.#parts
    const userName = users.find(attempt.name)?.name ?? null
    const verdict = await guard.check(attempt)
    if (verdict !== null) {
      const error = tooManyFailures(verdict.resetsAt - now())
      const reason = `too many failures of this ${verdict.refused}`
      return { refusal: { error, kind: 'limited', userName, sessionId: null, reason } }
    }
    const user = await checkPassword(attempt.name, password)
    if (user === null) {
      await guard.failed(attempt)
      const reason = userName === null ? 'unknown user' : 'wrong password'
      const error = new ApiError('invalid-credentials', reason)
      return { refusal: { error, kind: 'refused', userName, sessionId: null, reason } }
    }
    await guard.succeeded(attempt)
    return { grant: await this.#open(user) }
  }

  async #open(user: User): Promise<Grant> {
    const { sessions, refreshTokens, settings, now } = this.#parts
    const id = randomUUID()
    const startedAt = now()
    const refreshToken = refreshTokens.write({ sessionId: id, generation: 0 })
    const session: Session = {
      id,
      userName: user.name,
      credentialStamp: stampOf(user),
      startedAt,
      endsAt: startedAt + settings.refreshTokenTtlMs,
      idleAt: startedAt + this.#idleMs(),
      generation: 0,
      tokenHash: hashOfSecret(refreshToken),
    }
    await sessions.open(session)
    return this.#grant(user, session, refreshToken)
  }

  /** Looks the user up again, so that changes take effect: roles, containers, password, or removal. */
  async refresh(presented: string): Promise<SignInOutcome> {
    const { sessions, refreshTokens, users, now } = this.#parts
    const token = refreshTokens.read(presented)
    if (token === null) return refused('refused', 'not a refresh token of ours', null, null)
    const session = await sessions.find(token.sessionId)
    if (session === null) return refused('refused', 'the session has ended', null, token.sessionId)
    const refreshToken = refreshTokens.write({ sessionId: session.id, generation: token.generation + 1 })
    const idleAt = now() + this.#idleMs()
    const outcome = await sessions.rotate({
      id: session.id,
      presented: { generation: token.generation, tokenHash: hashOfSecret(presented) },
      next: { tokenHash: hashOfSecret(refreshToken), idleAt },
    })
    if (outcome === 'replayed')
      return refused('reuse', 'the refresh token was used before', session.userName, session.id)
    if (outcome === 'ended') return refused('refused', 'the session has ended', session.userName, session.id)
    const user = users.find(session.userName)
    if (user === null || stampOf(user) !== session.credentialStamp) {
      await sessions.end(session.id)
      return refused('refused', 'the user is gone or has another password', session.userName, session.id)
    }
    return { grant: this.#grant(user, { ...session, idleAt }, refreshToken) }
  }

  /** The session of a refresh token that we issued, current or not. Its holder may end the session. */
  sessionOf(presented: string): string | null {
    return this.#parts.refreshTokens.read(presented)?.sessionId ?? null
  }

  #grant(user: User, session: Session, refreshToken: string): Grant {
    const { token, settings, now } = this.#parts
    const lifetimeMs = Math.min(settings.accessTokenTtlMs, session.endsAt - now())
    // The times in a token are whole seconds.
    const lifetimeSeconds = Math.max(1, Math.floor(lifetimeMs / 1000))
    const request = {
      subject: user.name,
      scopes: user.scopes,
      selectors: user.selectors.map(formatLabelSelector),
      lifetimeSeconds,
      sessionId: session.id,
    }
    return {
      accessToken: signToken(token, request, now()),
      expiresAt: (Math.floor(now() / 1000) + lifetimeSeconds) * 1000,
      refreshToken,
      refreshExpiresAt: Math.min(session.endsAt, session.idleAt),
      user,
      sessionId: session.id,
    }
  }

  /** Longer than the lifetime of an access token. Otherwise a client that refreshes on expiry would come too late. */
  #idleMs(): number {
    return Math.max(IDLE_SESSION_MS, 2 * this.#parts.settings.accessTokenTtlMs)
  }
}

/** Changes with the password and reveals nothing of it. */
function stampOf({ passwordHash }: User): string {
  return createHash('sha256').update(passwordHash).digest('base64url')
}

function refused(
  kind: Refusal['kind'],
  reason: string,
  userName: string | null,
  sessionId: string | null,
): SignInOutcome {
  const error = new ApiError('invalid-token', `refresh token refused: ${reason}`, {
    detail: 'The refresh token is malformed, expired, used before or not valid here; sign in again.',
  })
  return { refusal: { error, kind, userName, sessionId, reason } }
}

function tooManyFailures(waitMs: number): ApiError {
  return new ApiError('rate-limited', 'too many failed sign-ins', {
    detail: 'Too many sign-ins have failed; Retry-After says when to come back.',
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
  })
}
