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
  /** For the client, instead of the code's own sentence. Written by us: never the engine's text. */
  readonly detail?: string
  /** Seconds after which another try makes sense. */
  readonly retryAfterSeconds?: number
  /** What a path takes, where the method was refused. */
  readonly allowedMethods?: readonly string[]
  /** The scope that the caller lacks. */
  readonly missingScope?: Scope
  /** The status of the engine's answer, where one came. For the audit alone. */
  readonly engineStatus?: number
}

/** The one way to fail: the client gets `code`, the log alone gets `reason`, which is the message. */
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
 * TLS failed for who the two sides are: a wrong CA, an expired certificate, a host name that the certificate does not carry, a
 * client certificate that the engine refuses. Another try does not mend these, so a start stops on them.
 */
export class TlsIdentityError extends ApiError {
  override readonly name = 'TlsIdentityError'

  constructor(reason: string, options: ApiErrorOptions = {}) {
    super('engine-unavailable', reason, options)
  }
}
