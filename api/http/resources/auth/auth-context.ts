import type { Actor, Audit, AuthEvent } from '../../../audit/event.js'
import type { Authenticator } from '../../../auth/authenticator.js'
import type { Caller } from '../../../auth/caller.js'
import type { SignIn } from '../../../auth/sign-in/sign-in.js'
import type { StreamTickets } from '../../../auth/stream-tickets.js'
import type { ApiError } from '../../../model/error.js'
import type { Scope } from '../../../model/scope.js'
import type { Store } from '../../../store/store.js'

/** What the actions of /api/auth work with. */
export interface AuthContext {
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
