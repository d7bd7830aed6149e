import type { LabelSelector } from '../model/label-selector.js'
import type { Scope } from '../model/scope.js'

/** Who a request speaks for, once its token is verified. */
export interface Caller {
  readonly subject: string
  /** Whose subject it is: ours and an outside provider's may have the same name. */
  readonly issuer: string
  readonly tokenId: string
  /** The sign-in that the token comes from; null where it was signed by the CLI or elsewhere. */
  readonly sessionId: string | null
  readonly scopes: ReadonlySet<Scope>
  /** The only containers that exist for this caller; empty means all. */
  readonly selectors: readonly LabelSelector[]
  /** Callers with the same key see the same containers: answers may be shared among them. */
  readonly visibilityKey: string
  /** Seconds since 1970; null for the anonymous caller of a service without authentication. */
  readonly expiresAt: number | null
}
