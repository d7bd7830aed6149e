import type { EngineEndpoint } from '../model/endpoint.js'
import { ApiError, TlsIdentityError } from '../model/error.js'
import { scrubText } from '../redaction/scrub.js'
import type { Read } from './guard.js'
import type { ReadRow } from './reads.js'

/** Characters of an error answer that the log gets to see. */
const EXCERPT_LENGTH = 200

/** What 503 means: a socket proxy answers it that stands while its engine is down. */
const UNREACHED = 'engine-unavailable'

/** What a read that failed is called in a reason: its path, with the id cut to the 12 digits that people know. */
export function describeRead(read: Read): string {
  const path = read.target.replace(/\?.*$/, '').replace(/([0-9a-f]{12})[0-9a-f]{52}/, '$1')
  return `${read.method} ${path}`
}

export function timeoutFault(read: Read, deadlineMs: number): ApiError {
  return new ApiError('engine-timeout', `${describeRead(read)}: not answered in full within ${deadlineMs} ms`)
}

/** All connections of its kind have been in use for so long. */
export function busyFault(read: Read, waitedMs: number): ApiError {
  const detail = 'The container engine is busy with other reads: ask again in a moment.'
  const reason = `${describeRead(read)}: no connection was free within ${waitedMs} ms`
  return new ApiError('engine-unavailable', reason, { detail })
}

export function badAnswer(read: Read, what: string, cause?: unknown): ApiError {
  return new ApiError('engine-bad-answer', `${describeRead(read)}: ${what}`, { cause })
}

/**
 * An answer with a status other than 200. `body` may be its beginning only. The log gets an excerpt, scrubbed; a caller
 * gets none of it.
 */
export function statusFault(read: Read, status: number, body: Buffer): ApiError {
  const text = excerpt(body)
  const reason = `${describeRead(read)}: status ${status}${text === '' ? '' : `, ${JSON.stringify(text)}`}`
  const engineStatus = status
  if (status === 403)
    return new ApiError('engine-endpoint-blocked', reason, { detail: blockedDetail(read.row), engineStatus })
  const code = read.row.faults?.[status] ?? (status === 503 ? UNREACHED : 'engine-bad-answer')
  return new ApiError(code, reason, { engineStatus })
}

function blockedDetail({ proxySwitch, linuxserverSwitch }: ReadRow): string {
  const also = linuxserverSwitch === undefined ? '' : ` (linuxserver's proxy asks for ${linuxserverSwitch}=1 as well)`
  return `A socket proxy in front of the engine closes this endpoint; its switch ${proxySwitch}=1 opens it${also}.`
}

/** An error of the connection before there was an answer, by Node's and OpenSSL's codes. */
export function connectionFault(error: unknown, endpoint: EngineEndpoint): ApiError {
  const code = codeOf(error)
  if (code.startsWith('HPE_'))
    return new ApiError('engine-bad-answer', `what answers does not speak HTTP (${code})`, { cause: error })
  const identity = endpoint.kind === 'tls' ? tlsFault(error, code) : null
  if (identity !== null) return identity
  return new ApiError('engine-unavailable', unavailableReason(code, endpoint), { cause: error })
}

/**
 * A certificate or a key that OpenSSL does not take. Names no file: the texts come from wherever the host was
 * configured.
 */
export function unusableIdentity(error: unknown): TlsIdentityError {
  const remedy = 'Check DOCKER_CA_PATH, DOCKER_CERT_PATH and DOCKER_KEY_PATH.'
  const reason = `the CA, the client certificate or its key cannot be used (${codeOf(error)}). ${remedy}`
  return new TlsIdentityError(reason, { cause: error, detail: remedy })
}

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : 'no code'
}

function unavailableReason(code: string, endpoint: EngineEndpoint): string {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `the socket does not let this process in (${code}): run it with the socket's group, or behind a socket proxy`
    case 'ENOENT':
      return `there is no socket at the path (${code}): the engine does not run, or the socket is not mounted here`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the engine's host name does not resolve (${code})`
    case 'ECONNREFUSED':
      return `nothing listens at the engine's address (${code})`
    case 'ECONNRESET':
    case 'EPIPE': {
      // With TLS 1.3 the engine judges our certificate after our side has begun to speak, and its alert may get lost.
      const hint = endpoint.kind === 'tls' ? '; if it stays so, check DOCKER_CERT_PATH and DOCKER_KEY_PATH' : ''
      return `the connection was closed before an answer (${code})${hint}`
    }
    default:
      return `the engine cannot be reached (${code})`
  }
}

const CHECK_CA = 'Check that DOCKER_CA_PATH names the CA that signed the engine certificate.'
const CHECK_CLIENT =
  'Check DOCKER_CERT_PATH and DOCKER_KEY_PATH: a client certificate of the CA that the engine trusts.'
const CHECK_RENEW = "Issue the engine a new certificate, and check this machine's clock."

/** OpenSSL's verification codes (X509_V_ERR_*), as Node names them; all others of their kind mean a wrong CA. */
const VERIFICATION: ReadonlyMap<string, readonly [what: string, remedy: string]> = new Map([
  ['CERT_HAS_EXPIRED', ['the certificate of the engine or of its CA has expired', CHECK_RENEW]],
  ['CERT_NOT_YET_VALID', ['the certificate of the engine or of its CA is not valid yet', CHECK_RENEW]],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    [
      'the certificate does not carry the host name that was dialled',
      'Set DOCKER_HOST to a name in the subjectAltName of the engine certificate, or issue a new one.',
    ],
  ],
  [
    'INVALID_PURPOSE',
    [
      'the other side shows a certificate that is not for servers',
      'Check DOCKER_HOST, and issue the engine a certificate with extendedKeyUsage=serverAuth.',
    ],
  ],
])

const WRONG_CA =
  /^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|CRL_|ERROR_IN_|INVALID_CA|PATH_LENGTH|EE_KEY|CA_|HOSTNAME_)/

/** Alerts (RFC 8446, section 6.2) with which a peer refuses our certificate, in OpenSSL's words. */
const CLIENT_REFUSED = new RegExp(
  [
    'alert (?:bad|unsupported|no) certificate',
    'alert certificate (?:required|expired|revoked|unknown)',
    'alert (?:unknown ca|access denied|decrypt error|handshake failure)',
  ].join('|'),
)

/** Null where the error says nothing about who is on the other side. */
function tlsFault(error: unknown, code: string): TlsIdentityError | null {
  const words = opensslReason(error)
  const verification = VERIFICATION.get(code)
  if (verification !== undefined) return identityFault(verification[0], code, verification[1], error)
  if (WRONG_CA.test(code)) return identityFault("the engine's certificate is not of our CA", code, CHECK_CA, error)
  if (CLIENT_REFUSED.test(words))
    return identityFault('the engine refuses our client certificate', words, CHECK_CLIENT, error)
  if (/wrong version number|http request|packet length too long/.test(words))
    return identityFault(
      'what answers does not speak TLS',
      words,
      'Check the port in DOCKER_HOST, and that the engine runs with --tlsverify.',
      error,
    )
  if (/alert protocol version|unsupported protocol|version too low/.test(words))
    return identityFault('the engine speaks no TLS 1.2', words, 'Update the engine or what stands before it.', error)
  return null
}

function identityFault(what: string, evidence: string, remedy: string, cause: unknown): TlsIdentityError {
  return new TlsIdentityError(`${what} (${evidence}). ${remedy}`, { cause, detail: remedy })
}

/**
 * What OpenSSL calls the failure: in `reason`, or within the message of an EPROTO. Empty where OpenSSL said nothing.
 */
function opensslReason(error: unknown): string {
  const { library, reason, message } = error as { library?: unknown; reason?: unknown; message?: unknown }
  if (typeof library === 'string' && typeof reason === 'string') return reason.toLowerCase()
  const quoted = typeof message === 'string' ? /:SSL routines:[^:]*:([^:]{1,100}):/.exec(message)?.[1] : undefined
  return quoted?.toLowerCase() ?? ''
}

function excerpt(body: Buffer): string {
  const line = body.toString('utf8').replace(/[\p{C}\p{Z}]+/gu, ' ')
  return scrubText(line).value.trim().slice(0, EXCERPT_LENGTH)
}
