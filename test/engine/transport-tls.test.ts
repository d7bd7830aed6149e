import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, type Server, type ServerOptions } from 'node:https'
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { ReadOnlyTransport } from '../../api/engine/transport.js'
import type { EngineEndpoint } from '../../api/model/endpoint.js'
import { TlsIdentityError } from '../../api/model/error.js'
import { type Certificate, hasOpenssl, makeCertificates } from '../support/certificates.js'
import { answerWith, startFaultServer } from '../support/fault-server.js'

const DEADLINE_MS = 2_000

/**
 * Everything that a docker client or Node itself might let itself be talked into plain HTTP, or into any certificate,
 * by.
 */
const HOSTILE_ENVIRONMENT = {
  DOCKER_HOST: 'tcp://127.0.0.1:1',
  DOCKER_TLS_VERIFY: '',
  DOCKER_CERT_PATH: '',
  DOCKER_PATH_PREFIX: '/v1.24',
  HTTP_PROXY: 'http://127.0.0.1:1',
  HTTPS_PROXY: 'http://127.0.0.1:1',
  http_proxy: 'http://127.0.0.1:1',
  https_proxy: 'http://127.0.0.1:1',
  NODE_USE_ENV_PROXY: '1',
  NODE_TLS_REJECT_UNAUTHORIZED: '0',
}

const made = hasOpenssl ? makeCertificates() : undefined
const environment = { ...process.env }
const ended: (() => unknown)[] = []

type Identity = Pick<Extract<EngineEndpoint, { kind: 'tls' }>, 'ca' | 'cert' | 'key'>

afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end()
  for (const name of Object.keys(HOSTILE_ENVIRONMENT)) {
    if (environment[name] === undefined) delete process.env[name]
    else process.env[name] = environment[name]
  }
})
afterAll(() => made?.remove())

function ping(endpoint: EngineEndpoint, quickDeadlineMs = DEADLINE_MS): Promise<unknown> {
  const transport = new ReadOnlyTransport(endpoint, { quickDeadlineMs })
  ended.push(() => transport.close())
  return new Promise((resolve, reject) => {
    transport.dial({ method: 'GET', path: '/_ping' }, (error, value) => (error ? reject(error) : resolve(value)))
  })
}

async function faultOf(call: Promise<unknown>): Promise<Error & { code?: string; detail?: string }> {
  const fault = await call.then(
    () => new Error('answered'),
    (error: unknown) => error,
  )
  expect(fault).toBeInstanceOf(Error)
  return fault as Error
}

function listen(server: Server | TcpServer): Promise<number> {
  return new Promise((resolve) => {
    server.on('error', () => {})
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
    ended.push(() => new Promise<void>((done) => server.close(() => done())))
  })
}

const withOpenssl = hasOpenssl ? describe : describe.skip

withOpenssl('a transport over TLS (needs openssl)', () => {
  let ca: Certificate
  let server: Certificate
  let client: Certificate
  let strange: Certificate
  let identity: Identity

  beforeAll(() => {
    if (made === undefined) return
    ca = made.authority('ca')
    made.authority('stranger')
    server = made.issue('server', 'ca', ['subjectAltName=IP:127.0.0.1,DNS:localhost', 'extendedKeyUsage=serverAuth'])
    client = made.issue('client', 'ca', ['extendedKeyUsage=clientAuth'])
    strange = made.issue('strange', 'stranger', ['subjectAltName=IP:127.0.0.1', 'extendedKeyUsage=clientAuth'])
    identity = { ca: ca.cert, cert: client.cert, key: client.key }
  })

  const at = (port: number, changes: Partial<Identity> & { host?: string } = {}): EngineEndpoint => ({
    kind: 'tls',
    host: '127.0.0.1',
    port,
    ...identity,
    ...changes,
  })

  /** An engine over TLS that wants a certificate of its CA; notes whom it met. */
  async function engine(shown: Certificate, options: ServerOptions = {}) {
    const met: { name: string | undefined; peer: string; version: string | null }[] = []
    const https = createServer(
      { ...shown, ca: ca.cert, requestCert: true, rejectUnauthorized: true, ...options },
      (request, response) => {
        const socket = request.socket as TLSSocket & { servername?: string | false }
        const name = socket.servername || undefined
        met.push({ name, peer: String(socket.getPeerCertificate().subject?.CN), version: socket.getProtocol() })
        response.end('OK')
      },
    )
    https.on('tlsClientError', () => {})
    return { port: await listen(https), met }
  }

  test('reaches an engine of its CA, each side knowing the other', async () => {
    const { port, met } = await engine(server)
    expect(await ping(at(port))).toBe('OK')
    expect(await ping(at(port, { host: 'localhost' }))).toBe('OK')
    expect(met).toEqual([
      // RFC 6066: an address is no server name.
      { name: undefined, peer: 'client', version: 'TLSv1.3' },
      { name: 'localhost', peer: 'client', version: 'TLSv1.3' },
    ])
  })

  test('reaches an engine that knows TLS 1.2 at best', async () => {
    const { port, met } = await engine(server, { maxVersion: 'TLSv1.2' })
    expect(await ping(at(port))).toBe('OK')
    expect(met[0]?.version).toBe('TLSv1.2')
  })

  test('begins with a handshake and sends no word before its end, whatever the environment says', async () => {
    Object.assign(process.env, HOSTILE_ENVIRONMENT)
    const plain = await startFaultServer((socket) => socket.write(answerWith(200, 'OK')), 'tcp')
    ended.push(() => plain.close())
    const fault = await faultOf(ping(at(plain.port), 100))
    expect(plain.received().charCodeAt(0)).toBe(0x16)
    expect(plain.received()).not.toContain('_ping')
    expect(fault.code).toBe('engine-timeout')
  })

  test('checks the engine whatever the environment says', async () => {
    const { port } = await engine(strange)
    Object.assign(process.env, HOSTILE_ENVIRONMENT)
    expect(await faultOf(ping(at(port)))).toBeInstanceOf(TlsIdentityError)
  })

  const shownByEngine: [name: string, reason: RegExp, certificate: () => Certificate | undefined][] = [
    ['of another CA', /not of our CA.*DOCKER_CA_PATH/, () => strange],
    ['signed by itself', /DEPTH_ZERO.*DOCKER_CA_PATH/, () => made?.authority('self', 'subjectAltName=IP:127.0.0.1')],
    [
      'for another host',
      /does not carry the host name.*DOCKER_HOST/,
      () => made?.issue('elsewhere', 'ca', ['subjectAltName=DNS:elsewhere', 'extendedKeyUsage=serverAuth']),
    ],
    [
      'that has expired',
      /has expired/,
      () => made?.issue('old', 'ca', ['subjectAltName=IP:127.0.0.1', 'extendedKeyUsage=serverAuth'], -1),
    ],
    [
      'that is for clients',
      /not for servers.*serverAuth/,
      () => made?.issue('fellow', 'ca', ['subjectAltName=IP:127.0.0.1', 'extendedKeyUsage=clientAuth']),
    ],
  ]
  test.each(shownByEngine)('refuses an engine with a certificate %s', async (_name, reason, certificate) => {
    const shown = certificate()
    if (shown === undefined) return
    const { port, met } = await engine(shown)
    const fault = await faultOf(ping(at(port)))
    expect(fault).toBeInstanceOf(TlsIdentityError)
    expect(fault.message).toMatch(reason)
    expect(fault.message).toContain(fault.detail)
    expect(met).toEqual([])
  })

  test('an engine that answers in plain HTTP is the wrong party', async () => {
    const plain = createTcpServer((socket) => {
      socket.on('error', () => {}).resume()
      socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nOK')
    })
    const fault = await faultOf(ping(at(await listen(plain))))
    expect(fault).toBeInstanceOf(TlsIdentityError)
    expect(fault.message).toMatch(/does not speak TLS/)
  })

  test('an engine that knows TLS 1.1 at best is refused', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    const { port } = await engine(server, old)
    const fault = await faultOf(ping(at(port)))
    expect(fault).toBeInstanceOf(TlsIdentityError)
    expect(fault.message).toMatch(/no TLS 1.2/)
  })

  test('an engine that hangs up on our certificate without a word is unavailable, with a hint', async () => {
    const { port } = await engine(server)
    const fault = await faultOf(ping(at(port, strange)))
    expect(fault).toMatchObject({ code: 'engine-unavailable' })
    expect(fault.message).toMatch(/DOCKER_CERT_PATH/)
  })

  test.each(['1.2', '1.3'])(
    'an engine that refuses our certificate over TLS %s is the wrong party',
    async (version) => {
      const port = await opensslServer(`-tls${version.replace('.', '_')}`)
      expect(await ping(at(port))).toContain('s_server')
      const fault = await faultOf(ping(at(port, strange)))
      expect(fault.code).toBe('engine-unavailable')
      expect(fault.message).toMatch(/DOCKER_CERT_PATH/)
      // With TLS 1.3 the alert races the reset of the connection.
      if (version === '1.2') expect(fault).toBeInstanceOf(TlsIdentityError)
    },
  )

  test.each(['ca', 'cert', 'key'] as const)('a %s that cannot be used is a fault at once, without its text', (part) => {
    const broken = '-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n'
    for (const pem of ['', 'hunter2', broken, part === 'key' ? strange.key : client.key]) {
      try {
        new ReadOnlyTransport(at(1, { [part]: pem })).close()
      } catch (error) {
        expect(error).toBeInstanceOf(TlsIdentityError)
        expect(String(error)).toMatch(/DOCKER_CA_PATH, DOCKER_CERT_PATH and DOCKER_KEY_PATH/)
        expect(String(error)).not.toContain('hunter2')
        continue
      }
      throw new Error(`taken: ${pem.slice(0, 30)}`)
    }
  })

  /** OpenSSL's own server says by an alert whom it refuses, as an engine does. It answers in HTTP about itself. */
  function opensslServer(version: string): Promise<number> {
    const files = ['-cert', 'server.pem', '-key', 'server.key', '-CAfile', 'ca.pem']
    const verify = ['-Verify', '1', '-verify_return_error']
    const child: ChildProcess = spawn(
      'openssl',
      ['s_server', '-accept', '127.0.0.1:0', '-www', version, ...files, ...verify],
      {
        cwd: made?.directory,
      },
    )
    ended.push(() => new Promise((resolve) => child.once('exit', resolve) && child.kill()))
    return new Promise((resolve, reject) => {
      let said = ''
      child.once('error', reject)
      child.stdout?.on('data', (chunk) => {
        said += String(chunk)
        const port = /ACCEPT .*:(\d+)/.exec(said)?.[1]
        if (port !== undefined) resolve(Number(port))
      })
    })
  }
})
