import { ApiError, type ErrorCode } from '../../model/error.js'

type Fields = Readonly<Record<string, string>>

interface ProblemKind {
  readonly status: number
  readonly title: string
  /** Shown to the client unless the error has its own detail. */
  readonly detail: string
  /** Response fields of the problem, made from what the error carries. */
  readonly fields?: (error: ApiError) => Fields
}

/** Seconds after which a client may retry when an engine is down, the audit trail cannot be written or the service stops. */
const RETRY_AFTER_SECONDS = 5

/** RFC 9110 section 10.2.3. */
function retryAfter({ retryAfterSeconds }: ApiError): Fields {
  return { 'Retry-After': String(retryAfterSeconds ?? RETRY_AFTER_SECONDS) }
}

/** RFC 6750 section 3. */
function challenge(...parameters: readonly string[]): Fields {
  return { 'WWW-Authenticate': ['Bearer realm="porthole"', ...parameters].join(', ') }
}

/** A code without a row does not compile. docs/errors.md has a heading for each code. */
const PROBLEMS: Readonly<Record<ErrorCode, ProblemKind>> = {
  'invalid-request': { status: 400, title: 'Invalid request', detail: 'The request is not valid; see errors.' },
  'invalid-container-id': {
    status: 400,
    title: 'Invalid container id',
    detail: 'A container id is 12 to 64 lower-case hexadecimal digits.',
  },
  unauthenticated: {
    status: 401,
    title: 'Authentication required',
    detail: 'Send an access token: Authorization: Bearer <token>.',
    // RFC 6750 section 3.1: without credentials, no error code.
    fields: () => challenge(),
  },
  'invalid-token': {
    status: 401,
    title: 'Invalid token',
    detail: 'The access token is missing, malformed, expired or not valid here.',
    fields: () => challenge('error="invalid_token"'),
  },
  'invalid-credentials': {
    status: 401,
    title: 'Invalid credentials',
    detail: 'User name and password do not fit.',
    fields: () => challenge(),
  },
  'insufficient-scope': {
    status: 403,
    title: 'Insufficient scope',
    detail: 'The access token does not carry the scope that this route asks for.',
    fields: ({ missingScope }) =>
      missingScope === null ? {} : challenge('error="insufficient_scope"', `scope="${missingScope}"`),
  },
  'address-not-allowed': {
    status: 403,
    title: 'Address not allowed',
    detail: 'This service does not answer requests from your address.',
  },
  'container-not-found': { status: 404, title: 'Container not found', detail: 'There is no such container.' },
  'ambiguous-container-id': {
    status: 409,
    title: 'Ambiguous container id',
    detail: 'Several containers fit this id; give more of its digits.',
  },
  'container-not-running': {
    status: 409,
    title: 'Container not running',
    detail: 'A container that does not run has no statistics, no processes, and nothing more to log.',
  },
  'not-found': { status: 404, title: 'Not found', detail: 'There is nothing at this path.' },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    detail: 'This path does not take this method: see the Allow field.',
    // RFC 9110 section 15.5.6: a 405 names the allowed methods.
    fields: ({ allowedMethods }) => ({ Allow: allowedMethods.join(', ') }),
  },
  'payload-too-large': { status: 413, title: 'Payload too large', detail: 'The request is larger than is accepted.' },
  'unsupported-media-type': {
    status: 415,
    title: 'Unsupported media type',
    detail: 'The request body is not of a media type that is accepted here.',
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests',
    detail: 'A rate limit is reached; Retry-After says when to come back.',
    fields: retryAfter,
  },
  'too-many-streams': {
    status: 429,
    title: 'Too many streams',
    detail: 'As many streams are open as are allowed to one caller, or to all; close one first.',
    fields: retryAfter,
  },
  'stream-expired': {
    status: 503,
    title: 'Stream expired',
    detail: 'The stream has been open for as long as one may be; open it again.',
    fields: retryAfter,
  },
  'service-stopping': {
    status: 503,
    title: 'Service stopping',
    detail: 'The service stops, and the answer was not there in time.',
    fields: retryAfter,
  },
  'audit-unavailable': {
    status: 503,
    title: 'Audit unavailable',
    detail: 'The audit trail cannot be written, and nothing is answered without it.',
    fields: retryAfter,
  },
  'engine-unavailable': {
    status: 503,
    title: 'Engine unavailable',
    detail: 'The container engine that holds the answer cannot be reached.',
    fields: retryAfter,
  },
  'engine-timeout': {
    status: 504,
    title: 'Engine timeout',
    detail: 'The container engine did not answer in time.',
    fields: retryAfter,
  },
  'engine-bad-answer': {
    status: 502,
    title: 'Bad answer from the engine',
    detail: 'The container engine gave an answer that cannot be understood.',
  },
  'engine-endpoint-blocked': {
    status: 501,
    title: 'Engine endpoint blocked',
    detail: 'A socket proxy in front of the container engine closes the endpoint that this answer needs.',
  },
  'log-driver-unreadable': {
    status: 501,
    title: 'Log driver cannot be read',
    detail: 'The log driver of this container keeps nothing that the engine can read back.',
  },
  internal: {
    status: 500,
    title: 'Internal error',
    detail: 'Something went wrong here; the request id finds it in the log.',
  },
}

export interface Problem {
  readonly status: number
  readonly fields: Fields
  readonly body: Readonly<Record<string, unknown>>
}

/** Makes the problem answer (RFC 9457). An error that is not an ApiError becomes `internal`, and nothing of it reaches the client. */
export function problemOf(error: unknown, requestId: string): Problem {
  const known = error instanceof ApiError ? error : new ApiError('internal', 'unexpected', { cause: error })
  const kind = PROBLEMS[known.code]
  return {
    status: kind.status,
    fields: kind.fields?.(known) ?? {},
    body: {
      type: `urn:porthole:problem:${known.code}`,
      title: kind.title,
      status: kind.status,
      detail: known.detail ?? kind.detail,
      instance: `urn:uuid:${requestId}`,
      code: known.code,
      requestId,
      ...(known.faults.length > 0 ? { errors: known.faults } : {}),
    },
  }
}

/** The HTTP status of a code. */
export function statusOf(code: ErrorCode): number {
  return PROBLEMS[code].status
}
