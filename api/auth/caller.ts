import type { LabelSelector } from '../model/label-selector.js'
import type { Scope } from '../model/scope.js'

/** The subject of a request, once its token is verified. */
export interface Caller {
  readonly subject: string
  /** The issuer of the subject: ours and an outside provider's subjects may share a name. */
  readonly issuer: string
  readonly tokenId: string
  /** The sign-in that the token belongs to; null if the CLI or an outside provider signed it. */
  readonly sessionId: string | null
  readonly scopes: ReadonlySet<Scope>
  /** This caller sees only the containers that these select; empty means all. */
  readonly selectors: readonly LabelSelector[]
  /** Callers with the same key see the same containers, so they may share answers. */
  readonly visibilityKey: string
  /** Seconds since 1970; null for the anonymous caller of a service that runs without authentication. */
  readonly expiresAt: number | null
}
