import type { EngineCall } from '../model/engine-call.js'
import type { ErrorCode } from '../model/error.js'
import type { Scope } from '../model/scope.js'

/** Who made the request, as far as it was verified. */
export interface Actor {
  readonly requestId: string
  /** The client's address, found by the rules of TRUST_PROXY. */
  readonly address: string
  readonly subject: string | null
  readonly issuer: string | null
  readonly tokenId: string | null
  readonly sessionId: string | null
}

/** A request to a data route by a verified caller, answered or refused. */
export interface ReadEvent extends Actor {
  readonly kind: 'read'
  readonly decision: 'allow' | 'deny'
  /** The code of the problem answer; null if the request was answered with data. */
  readonly code: ErrorCode | null
  readonly status: number
  readonly method: string
  /** The route pattern, such as `/api/containers/:id`, never the path that the caller typed. */
  readonly route: string
  /** The scope that the route requires. */
  readonly scope: Scope
  /** The label selectors that restrict the caller, as one text; empty if the caller sees all containers. */
  readonly filter: string
  /** The full id of the one container that was read. */
  readonly container: string | null
  readonly engine: readonly EngineCall[]
  /** Of the response body. */
  readonly bytes: number
  /** How many secrets were redacted in the answer. */
  readonly redactions: number
}

export const AUTH_ACTIONS = [
  'login',
  'login-refused',
  'login-limited',
  'refresh',
  'refresh-refused',
  'refresh-reuse',
  'logout',
  'token-refused',
  'ticket',
  'ticket-refused',
  'rate-limited',
  'address-refused',
] as const

/** Events that an operator should look at immediately. They are logged as warnings, and counted like all others. */
export const ALERTS: ReadonlySet<AuthEvent['action']> = new Set(['refresh-reuse', 'login-limited', 'rate-limited'])

/** An event of authentication or access control. */
export interface AuthEvent extends Actor {
  readonly kind: 'auth'
  readonly action: (typeof AUTH_ACTIONS)[number]
  readonly decision: 'allow' | 'deny'
  /** Which check failed; the caller never sees it. One of our own sentences, never the caller's text. */
  readonly reason: string | null
}

export function authEvent(
  actor: Actor,
  action: AuthEvent['action'],
  decision: AuthEvent['decision'],
  reason: string | null,
): AuthEvent {
  return { kind: 'auth', ...actor, action, decision, reason }
}

/** Something that the service did on its own. */
export type ServiceEvent = LifecycleEvent | TrailEvent

interface LifecycleEvent {
  readonly kind: 'service'
  readonly action: 'start' | 'stop'
}

/** Faults of the trail itself. The trail writes these records. */
export type TrailEvent =
  | {
      /** A crash or a full disk left a line unfinished. */
      readonly kind: 'service'
      readonly action: 'recovered'
      /** Bytes of the unfinished lines since the record before this one, without their line breaks. */
      readonly tornBytes: number
    }
  | {
      /** Records could not be written. Their seqs lie between the record before this one and this one. */
      readonly kind: 'service'
      readonly action: 'gap'
      readonly lost: number
      readonly tornBytes: number
      /** Whether the requests behind the lost records were answered all the same. */
      readonly answered: boolean
    }

export type AuditEvent = ReadEvent | AuthEvent | ServiceEvent

/** Records events. Throws audit-unavailable if an event cannot be written and unrecorded requests must be refused. */
export interface Audit {
  /** Throws audit-unavailable if a record could not be written now. Call it before an act that must not go unrecorded. */
  demand(): void
  record(event: AuditEvent): void
}
