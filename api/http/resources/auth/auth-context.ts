import type { Actor, Audit, AuthEvent } from '../../../audit/event.js'
import type { Authenticator } from '../../../auth/authenticator.js'
import type { Caller } from '../../../auth/caller.js'
import type { SignIn } from '../../../auth/sign-in/sign-in.js'
import type { StreamTickets } from '../../../auth/stream-tickets.js'
import type { ApiError } from '../../../model/error.js'
import type { Scope } from '../../../model/scope.js'
import type { Store } from '../../../store/store.js'

/** What the actions below /api/auth use. */
export interface AuthContext {
  /** Null if no users are configured. */
  readonly signIn: SignIn | null
  /** Null if the service runs without authentication. */
  readonly authenticator: Authenticator | null
  readonly tickets: StreamTickets
  readonly store: Pick<Store, 'sessions' | 'revocations'>
  readonly audit: Audit
  /** Records refusals of unverified clients, with a bound per window: they could fill the disk. */
  readonly recordRefusal: (event: AuthEvent) => Promise<void>
  /** The scope that a stream's path requires; null if there is no such stream. */
  readonly streamScope: (path: string) => Scope | null
}

/** What an action knows of a request. */
export interface ActionInput<Body> {
  readonly body: Body
  /** Null for a client without a valid token, on actions that accept one. */
  readonly caller: Caller | null
  /** Why there is no caller; null if there is one. */
  readonly fault: ApiError | null
  readonly actor: Actor
  /** The key that limits count by. */
  readonly addressKey: string
}
