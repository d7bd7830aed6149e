import type { EngineCall } from '../model/engine-call.js'
import type { ErrorCode } from '../model/error.js'
import type { Scope } from '../model/scope.js'

/** Who asked, as far as that was verified. */
export interface Actor {
  readonly requestId: string
  /** The client's address, as TRUST_PROXY lets it be known. */
  readonly address: string
  readonly subject: string | null
  readonly issuer: string | null
  readonly tokenId: string | null
  readonly sessionId: string | null
}

/** A request to a data route by a verified caller, whether it was answered or refused. */
export interface ReadEvent extends Actor {
  readonly kind: 'read'
  readonly decision: 'allow' | 'deny'
  /** The problem that was answered; null where data was. */
  readonly code: ErrorCode | null
  readonly status: number
  readonly method: string
  /** The route of the table, as `/api/containers/:id`, never what the caller typed. */
  readonly route: string
  /** What the route asks for. */
  readonly scope: Scope
  /** The label selectors of the caller's token, as one text; empty where it has none. */
  readonly filter: string
  /** The full id of the one container that was read. */
  readonly container: string | null
  readonly engine: readonly EngineCall[]
  /** Of the body. */
  readonly bytes: number
  /** Secrets that were taken out of what was read. */
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

/** What the operator should look at at once: logged as a warning, and counted with the rest. */
export const ALERTS: ReadonlySet<AuthEvent['action']> = new Set(['refresh-reuse', 'login-limited', 'rate-limited'])

/** Something that concerns who has access. */
export interface AuthEvent extends Actor {
  readonly kind: 'auth'
  readonly action: (typeof AUTH_ACTIONS)[number]
  readonly decision: 'allow' | 'deny'
  /** Which check failed; the caller does not read it. One of our own sentences, never the caller's text. */
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

/** Something that the service did by itself. */
export type ServiceEvent = LifeEvent | TrailEvent

interface LifeEvent {
  readonly kind: 'service'
  readonly action: 'start' | 'stop'
}

/** What the trail records of its own faults. */
export type TrailEvent =
  | {
      /** A line was begun and never ended, by a crash or a full disk. */
      readonly kind: 'service'
      readonly action: 'recovered'
      /** Of the unfinished lines since the record before this one, without their line breaks. */
      readonly tornBytes: number
    }
  | {
      /** Records that could not be written. They took the seqs between the record before this one and this one. */
      readonly kind: 'service'
      readonly action: 'gap'
      readonly lost: number
      readonly tornBytes: number
      /** Whether the requests behind them were answered all the same. */
      readonly answered: boolean
    }

export type AuditEvent = ReadEvent | AuthEvent | ServiceEvent

/** Where events go. Throws audit-unavailable where one cannot be written and nothing may be answered without. */
export interface Audit {
  /** Throws audit-unavailable where a record could not be written now. Call it before what must not happen unrecorded. */
  demand(): void
  record(event: AuditEvent): void
}
