import type { Scope } from './scope.js'

/** Every code that a problem answer can carry (docs/errors.md has a heading for each). Stable: clients switch on them. */
export const ERROR_CODES = [
  'invalid-request',
  'invalid-container-id',
  'unauthenticated',
  'invalid-token',
  'invalid-credentials',
  'insufficient-scope',
  'address-not-allowed',
  'container-not-found',
  'ambiguous-container-id',
  'container-not-running',
  'not-found',
  'method-not-allowed',
  'payload-too-large',
  'unsupported-media-type',
  'rate-limited',
  'too-many-streams',
  'stream-expired',
  'service-stopping',
  'audit-unavailable',
  'engine-unavailable',
  'engine-timeout',
  'engine-bad-answer',
  'engine-endpoint-blocked',
  'log-driver-unreadable',
  'internal',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** One rejected value of a request: `path` is the parameter's name, `message` says what is accepted, never the value. */
export interface RequestFault {
  readonly path: string
  readonly message: string
}

export interface ApiErrorOptions {
  readonly cause?: unknown
  /** The `errors` member of a 400. */
  readonly faults?: readonly RequestFault[]
  /** For the client, instead of the code's own sentence. Our own words, never the engine's text. */
  readonly detail?: string
  /** Seconds after which a retry makes sense. */
  readonly retryAfterSeconds?: number
  /** The methods that the path accepts, if the method was refused. */
  readonly allowedMethods?: readonly string[]
  /** The scope that the caller lacks. */
  readonly missingScope?: Scope
  /** The status of the engine's answer, if one came. For the audit only. */
  readonly engineStatus?: number
}

/** The one way to fail. The client gets `code`; `reason`, which is the message, goes to the log only. */
export class ApiError extends Error {
  override readonly name: string = 'ApiError'
  readonly code: ErrorCode
  readonly faults: readonly RequestFault[]
  readonly detail: string | undefined
  readonly retryAfterSeconds: number | null
  readonly allowedMethods: readonly string[]
  readonly missingScope: Scope | null
  readonly engineStatus: number | null

  constructor(code: ErrorCode, reason: string, options: ApiErrorOptions = {}) {
    super(reason, { cause: options.cause })
    this.code = code
    this.faults = options.faults ?? []
    this.detail = options.detail
    this.retryAfterSeconds = options.retryAfterSeconds ?? null
    this.allowedMethods = options.allowedMethods ?? []
    this.missingScope = options.missingScope ?? null
    this.engineStatus = options.engineStatus ?? null
  }
}

/**
 * TLS failed because of an identity: a wrong CA, an expired certificate, a host name that is not in the certificate, a client
 * certificate that the engine refuses. A retry does not help, so a start fails on these.
 */
export class TlsIdentityError extends ApiError {
  override readonly name = 'TlsIdentityError'

  constructor(reason: string, options: ApiErrorOptions = {}) {
    super('engine-unavailable', reason, options)
  }
}
