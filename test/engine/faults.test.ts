import { connectionFault, describeRead, statusFault } from '../../api/engine/faults.js'
import { guardRead } from '../../api/engine/guard.js'
import type { EngineEndpoint } from '../../api/model/endpoint.js'
import { TlsIdentityError } from '../../api/model/error.js'

const ID = 'a1'.repeat(32)
const UNIX: EngineEndpoint = { kind: 'unix', socketPath: '/s' }
const TLS: EngineEndpoint = { kind: 'tls', host: 'h', port: 2376, ca: '', cert: '', key: '' }
const PING = guardRead({ method: 'GET', path: '/_ping' })
const INSPECT = guardRead({ method: 'GET', path: `/containers/${ID}/json` })
const STATS = guardRead({ method: 'GET', path: `/containers/${ID}/stats`, options: { stream: false } })
const LOGS = guardRead({ method: 'GET', path: `/containers/${ID}/logs`, options: { tail: 'all' } })
const FOLLOWED_LOGS = guardRead({
  method: 'GET',
  path: `/containers/${ID}/logs`,
  options: { tail: 0, follow: true },
  isStream: true,
})
const TOP = guardRead({ method: 'GET', path: `/containers/${ID}/top` })
const CHANGES = guardRead({ method: 'GET', path: `/containers/${ID}/changes` })
const IMAGES = guardRead({ method: 'GET', path: '/images/json' })
const NETWORKS = guardRead({ method: 'GET', path: '/networks' })
const VOLUMES = guardRead({ method: 'GET', path: '/volumes' })
const DISK = guardRead({ method: 'GET', path: '/system/df' })

function failed(code: string, more: object = {}) {
  return Object.assign(new Error('hunter2'), { code, ...more })
}

/** As Node 20 reports what OpenSSL said while a handshake was written. */
function eproto(reason: string) {
  const message = `write EPROTO 80DC08F3BA7F0000:error:0A000410:SSL routines:ssl3_read_bytes:${reason}:../deps/openssl/x.c:1:`
  return Object.assign(new Error(message), { code: 'EPROTO', errno: -71, syscall: 'write' })
}

/** As Node reports what OpenSSL said later. Since 3.2 it says `ssl/tls` where it had said `sslv3`. */
function openssl(reason: string) {
  const code = `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`
  return failed(code, { library: 'SSL routines', reason })
}

describe('connectionFault', () => {
  test.each([
    ['ENOENT', /no socket at the path/],
    ['EACCES', /the socket does not let this process in \(EACCES\): run it with the socket's group/],
    ['EPERM', /does not let this process in/],
    ['ECONNREFUSED', /nothing listens/],
    ['ECONNRESET', /closed before an answer/],
    ['EPIPE', /closed before an answer/],
    ['ENOTFOUND', /does not resolve/],
    ['EAI_AGAIN', /does not resolve/],
    ['EHOSTUNREACH', /cannot be reached/],
    ['ETIMEDOUT', /cannot be reached/],
    ['EMFILE', /cannot be reached/],
  ])('%s is an engine that is not there', (code, reason) => {
    for (const endpoint of [UNIX, TLS]) {
      const fault = connectionFault(failed(code), endpoint)
      expect(fault).toMatchObject({ code: 'engine-unavailable', detail: undefined })
      expect(fault).not.toBeInstanceOf(TlsIdentityError)
      expect(fault.message).toMatch(reason)
      expect(fault.message).toContain(code)
      expect(fault.message).not.toContain('hunter2')
    }
  })

  test('a reset under TLS may be a refused certificate: its alert got lost', () => {
    expect(connectionFault(failed('ECONNRESET'), TLS).message).toMatch(/DOCKER_CERT_PATH/)
    expect(connectionFault(failed('ECONNRESET'), UNIX).message).not.toMatch(/DOCKER_CERT_PATH/)
  })

  test.each(['HPE_INVALID_CONSTANT', 'HPE_HEADER_OVERFLOW', 'HPE_INVALID_VERSION'])('%s is a bad answer', (code) => {
    expect(connectionFault(failed(code), UNIX)).toMatchObject({ code: 'engine-bad-answer' })
  })

  test('what is no Error at all is an engine that cannot be reached', () => {
    for (const thrown of [undefined, null, 'hunter2', {}]) {
      expect(connectionFault(thrown, UNIX)).toMatchObject({ code: 'engine-unavailable' })
    }
  })

  const strangers: [error: Error & { code: string }, reason: RegExp][] = [
    [failed('CERT_HAS_EXPIRED'), /expired.*clock/],
    [failed('CERT_NOT_YET_VALID'), /not valid yet/],
    [failed('ERR_TLS_CERT_ALTNAME_INVALID'), /host name.*DOCKER_HOST/],
    [failed('INVALID_PURPOSE'), /not for servers/],
    [failed('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), /not of our CA.*DOCKER_CA_PATH/],
    [failed('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'), /DOCKER_CA_PATH/],
    [failed('SELF_SIGNED_CERT_IN_CHAIN'), /DOCKER_CA_PATH/],
    [failed('DEPTH_ZERO_SELF_SIGNED_CERT'), /DOCKER_CA_PATH/],
    [failed('CERT_SIGNATURE_FAILURE'), /DOCKER_CA_PATH/],
    [openssl('tlsv13 alert certificate required'), /refuses our client certificate.*DOCKER_CERT_PATH/],
    [openssl('sslv3 alert bad certificate'), /DOCKER_CERT_PATH/],
    [openssl('ssl/tls alert bad certificate'), /DOCKER_CERT_PATH/],
    [openssl('tlsv1 alert unknown ca'), /DOCKER_CERT_PATH/],
    [openssl('sslv3 alert certificate expired'), /DOCKER_CERT_PATH/],
    [openssl('sslv3 alert certificate unknown'), /DOCKER_CERT_PATH/],
    [openssl('sslv3 alert unsupported certificate'), /DOCKER_CERT_PATH/],
    [eproto('sslv3 alert handshake failure'), /DOCKER_CERT_PATH/],
    [eproto('wrong version number'), /does not speak TLS.*--tlsverify/],
    [openssl('wrong version number'), /does not speak TLS/],
    [eproto('tlsv1 alert protocol version'), /no TLS 1.2/],
    [eproto('unsupported protocol'), /no TLS 1.2/],
  ]
  const named = strangers.map(
    ([error, reason]) =>
      [error.message.includes('SSL') ? error.message.split(':')[5] : error.code, error, reason] as const,
  )
  test.each(named)('%s is the wrong party, and the reason says what to check', (_name, error, reason) => {
    const fault = connectionFault(error, TLS)
    expect(fault).toBeInstanceOf(TlsIdentityError)
    expect(fault.code).toBe('engine-unavailable')
    expect(fault.message).toMatch(reason)
    expect(fault.message).toContain(fault.detail)
    expect(fault.message).not.toMatch(/hunter2|deps/)
    expect(connectionFault(error, UNIX)).not.toBeInstanceOf(TlsIdentityError)
  })
})

describe('statusFault', () => {
  const body = (text: string) => Buffer.from(text)

  test.each([
    ['ping', 404, 'engine-bad-answer'],
    ['inspect', 404, 'container-not-found'],
    ['inspect', 400, 'engine-bad-answer'],
    ['inspect', 401, 'engine-bad-answer'],
    ['inspect', 403, 'engine-endpoint-blocked'],
    ['inspect', 500, 'engine-bad-answer'],
    ['inspect', 502, 'engine-bad-answer'],
    ['inspect', 503, 'engine-unavailable'],
    ['inspect', 204, 'engine-bad-answer'],
    ['inspect', 0, 'engine-bad-answer'],
  ] as const)('%s answered with %i is %s', (shape, status, code) => {
    const fault = statusFault(shape === 'ping' ? PING : INSPECT, status, body('{"message":"x"}'))
    expect(fault.code).toBe(code)
    expect(fault.message).toContain(`status ${status}`)
    if (code !== 'engine-endpoint-blocked') expect(fault.detail).toBeUndefined()
  })

  test.each([
    ['/stats', 404, 'container-not-found', STATS],
    ['/logs', 404, 'container-not-found', LOGS],
    ['/logs, followed', 404, 'container-not-found', FOLLOWED_LOGS],
    ['/top', 404, 'container-not-found', TOP],
    ['/changes', 404, 'container-not-found', CHANGES],
    ['/images/json', 404, 'engine-bad-answer', IMAGES],
    ['/networks', 404, 'engine-bad-answer', NETWORKS],
    ['/volumes', 404, 'engine-bad-answer', VOLUMES],
    ['/system/df', 404, 'engine-bad-answer', DISK],
    ['/top', 409, 'container-not-running', TOP],
    ['/stats', 409, 'engine-bad-answer', STATS],
    ['/changes', 409, 'engine-bad-answer', CHANGES],
    ['/system/df', 409, 'engine-bad-answer', DISK],
    ['/logs', 501, 'log-driver-unreadable', LOGS],
    ['/logs, followed', 501, 'log-driver-unreadable', FOLLOWED_LOGS],
    ['/top', 501, 'engine-bad-answer', TOP],
    ['/volumes', 501, 'engine-bad-answer', VOLUMES],
    ['/logs', 500, 'engine-bad-answer', LOGS],
    ['/top', 500, 'engine-bad-answer', TOP],
    ['/system/df', 503, 'engine-unavailable', DISK],
    ['/logs', 503, 'engine-unavailable', LOGS],
  ] as const)('%s answered with %i is %s', (_name, status, code, read) => {
    const fault = statusFault(read, status, body('{"message":"hunter2 is what the engine says: password=hunter2"}'))
    expect(fault).toMatchObject({ code, engineStatus: status, detail: undefined })
    expect(fault.message).toContain(`${describeRead(read)}: status ${status}`)
    expect(fault.message).not.toContain('password=hunter2')
  })

  const filters = { type: ['container'] }
  test.each([
    ['PING', PING],
    ['VERSION', guardRead({ method: 'GET', path: '/version' })],
    ['INFO', guardRead({ method: 'GET', path: '/info' })],
    ['CONTAINERS', guardRead({ method: 'GET', path: '/containers/json' })],
    ['CONTAINERS', INSPECT],
    ['CONTAINERS', STATS],
    ['CONTAINERS', LOGS],
    ['CONTAINERS', FOLLOWED_LOGS],
    ['CONTAINERS', TOP],
    ['CONTAINERS', CHANGES],
    ['IMAGES', IMAGES],
    ['NETWORKS', NETWORKS],
    ['VOLUMES', VOLUMES],
    ['SYSTEM', DISK],
    ['EVENTS', guardRead({ method: 'GET', path: '/events', options: { filters }, isStream: true })],
  ])('a proxy closes what %s=1 opens', (name, read) => {
    const { detail } = statusFault(read, 403, body('<html><body>403 Forbidden</body></html>'))
    expect(detail).toContain(`${name}=1`)
    expect(detail).not.toMatch(/html|403/i)
  })

  test.each([
    ['ALLOW_LOGS', LOGS],
    ['ALLOW_LOGS', FOLLOWED_LOGS],
    ['ALLOW_TOP', TOP],
    ['ALLOW_CHANGE', CHANGES],
  ])("linuxserver's proxy asks for %s=1 beside CONTAINERS=1", (name, read) => {
    const { detail } = statusFault(read, 403, body('no'))
    expect(detail).toContain('CONTAINERS=1')
    expect(detail).toContain(`${name}=1`)
  })

  test('a read that has no switch of its own names one alone', () => {
    for (const read of [INSPECT, STATS, IMAGES, NETWORKS, VOLUMES, DISK]) {
      expect(statusFault(read, 403, body('no')).detail).not.toContain('linuxserver')
    }
  })

  test('the log gets a short, scrubbed excerpt on one line', () => {
    const hostile = body(`a\r\n\u001b[31m\u0000b\u202e token=hunter2hunter2 \u2028${'c'.repeat(100_000)}`)
    const { message } = statusFault(INSPECT, 500, hostile)
    expect(message.length).toBeLessThan(300)
    expect(message).not.toMatch(/[\p{C}\u2028]|hunter2/u)
    expect(message).toContain('[redacted]')
  })

  test('bytes that are no text do no harm', () => {
    expect(statusFault(INSPECT, 500, Buffer.from([0xff, 0xfe, 0x00, 0x80])).message).toContain('status 500')
    expect(statusFault(INSPECT, 500, Buffer.alloc(0)).message).toBe(
      `GET /containers/${ID.slice(0, 12)}/json: status 500`,
    )
  })
})

test('a read is called by its path, with a short id and no query', () => {
  expect(describeRead(INSPECT)).toBe(`GET /containers/${ID.slice(0, 12)}/json`)
  const stats = guardRead({ method: 'GET', path: `/containers/${ID}/stats?`, options: { stream: false } })
  expect(describeRead(stats)).toBe(`GET /containers/${ID.slice(0, 12)}/stats`)
  expect(describeRead(FOLLOWED_LOGS)).toBe(`GET /containers/${ID.slice(0, 12)}/logs`)
  expect(describeRead(DISK)).toBe('GET /system/df')
})
