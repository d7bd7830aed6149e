import { resolveEndpoint } from '../../api/config/docker-host.js'
import { type DockerSettings, ENVIRONMENT_NAMES, type EndpointFault } from '../../api/config/endpoint-settings.js'
import { describeEndpoint } from '../../api/model/endpoint.js'
import { type Certificate, hasOpenssl, makeCertificates } from '../support/certificates.js'

/** A little ahead, because the certificates made below begin after this file is read. */
const NOW = Date.now() + 60_000

function noFile(path: string): string {
  throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' })
}

function resolve(settings: DockerSettings) {
  return resolveEndpoint(settings, ENVIRONMENT_NAMES, { readFile: noFile, isDirectory: () => false, now: NOW })
}

function faultsOf(settings: DockerSettings): string[] {
  return (resolve(settings).faults ?? []).map((fault) => `${withoutRemedy(fault)}: ${fault.remedy}`)
}

function withoutRemedy({ setting, problem }: EndpointFault): string {
  return `${ENVIRONMENT_NAMES[setting]} ${problem}`
}

describe('resolveEndpoint without TLS', () => {
  const accepted: [settings: DockerSettings, endpoint: string][] = [
    [{}, 'unix:///var/run/docker.sock'],
    [{ dockerHost: '' }, 'unix:///var/run/docker.sock'],
    [
      { dockerHost: '', dockerPort: '', tlsVerify: '', caPath: '', certPath: '', keyPath: '' },
      'unix:///var/run/docker.sock',
    ],
    [{ dockerHost: 'unix:///run/user/1000/docker.sock' }, 'unix:///run/user/1000/docker.sock'],
    [{ dockerHost: 'tcp://h' }, 'tcp://h:2375'],
    [{ dockerHost: 'tcp://h:2375' }, 'tcp://h:2375'],
    [{ dockerHost: 'tcp://h:1' }, 'tcp://h:1'],
    [{ dockerHost: 'tcp://10.0.0.7:65535' }, 'tcp://10.0.0.7:65535'],
    [{ dockerHost: 'tcp://[::1]:2375' }, 'tcp://[::1]:2375'],
    [{ dockerHost: 'tcp://[2001:db8::7]' }, 'tcp://[2001:db8::7]:2375'],
    [{ dockerHost: 'h' }, 'tcp://h:2375'],
    [{ dockerHost: 'h:2377' }, 'tcp://h:2377'],
    [{ dockerHost: 'docker-socket_proxy.internal.example' }, 'tcp://docker-socket_proxy.internal.example:2375'],
    [{ dockerHost: 'h', dockerPort: '12999' }, 'tcp://h:12999'],
    [{ dockerHost: 'tcp://h', dockerPort: '12999' }, 'tcp://h:12999'],
    [{ dockerHost: 'tcp://h:12999', dockerPort: '12999' }, 'tcp://h:12999'],
    [{ dockerHost: 'tcp://[::1]', dockerPort: '2375' }, 'tcp://[::1]:2375'],
  ]
  test.each(accepted)('%j is %s', (settings, expected) => {
    const { endpoint, faults } = resolve(settings)
    expect(faults).toBeUndefined()
    expect(endpoint === undefined ? undefined : describeEndpoint(endpoint)).toBe(expected)
    expect(endpoint?.kind).toBe(expected.startsWith('unix') ? 'unix' : 'tcp')
  })

  const refused: [settings: DockerSettings, fault: RegExp][] = [
    [{ dockerHost: '/var/run/docker.sock' }, /^DOCKER_HOST is a path without a scheme: write unix:\/\//],
    [{ dockerHost: 'unix://' }, /^DOCKER_HOST names no absolute socket path: write unix:\/\/\//],
    [{ dockerHost: 'unix://var/run/docker.sock' }, /^DOCKER_HOST names no absolute socket path/],
    [{ dockerHost: `unix:///${'x'.repeat(107)}` }, /^DOCKER_HOST is longer than a socket path can be/],
    [{ dockerHost: 'unix:///a\u0000b' }, /^DOCKER_HOST holds a control character/],
    [{ dockerHost: 'https://h:8443' }, /^DOCKER_HOST begins with https:\/\/.*: write tcp:\/\//],
    [{ dockerHost: 'http://h:2375' }, /^DOCKER_HOST begins with http:\/\/.*: write tcp:\/\//],
    [{ dockerHost: 'ssh://root@h' }, /^DOCKER_HOST begins with ssh:\/\//],
    [{ dockerHost: 'npipe:////./pipe/docker_engine' }, /^DOCKER_HOST begins with npipe:\/\//],
    [{ dockerHost: 'fd://' }, /^DOCKER_HOST begins with fd:\/\//],
    [{ dockerHost: 'TCP://h' }, /^DOCKER_HOST spells its scheme in capitals: write tcp:\/\//],
    [{ dockerHost: 'Unix:///p' }, /^DOCKER_HOST spells its scheme in capitals: write unix:\/\//],
    [{ dockerHost: 'gopher://h' }, /^DOCKER_HOST begins with an unknown scheme/],
    [{ dockerHost: 'tcp://' }, /^DOCKER_HOST names no host/],
    [{ dockerHost: 'tcp://:2375' }, /^DOCKER_HOST names no host/],
    [{ dockerHost: ' tcp://h' }, /^DOCKER_HOST/],
    [{ dockerHost: 'tcp://h ' }, /^DOCKER_HOST names no host/],
    [{ dockerHost: 'tcp://user:hunter2@h:2375' }, /^DOCKER_HOST carries a user or a password/],
    [{ dockerHost: 'tcp://h:2375/prefix' }, /^DOCKER_HOST carries a path or a query/],
    [{ dockerHost: 'tcp://h:2375/' }, /^DOCKER_HOST carries a path or a query/],
    [{ dockerHost: 'tcp://h?x=1' }, /^DOCKER_HOST carries a path or a query/],
    [{ dockerHost: 'tcp://h#x' }, /^DOCKER_HOST carries a path or a query/],
    [{ dockerHost: 'tcp://::1' }, /^DOCKER_HOST is an IPv6 address without brackets/],
    [{ dockerHost: 'tcp://[h]:1' }, /^DOCKER_HOST names no host/],
    [{ dockerHost: 'tcp://[::1' }, /^DOCKER_HOST names no host/],
    [{ dockerHost: 'tcp://[fe80::1%25eth0]:1' }, /^DOCKER_HOST names no host/],
    [{ dockerHost: 'tcp://-h' }, /^DOCKER_HOST names no host/],
    [{ dockerHost: 'tcp://h_.-.x' }, /^DOCKER_HOST names no host/],
    [{ dockerHost: 'tcp://h%41' }, /^DOCKER_HOST names no host/],
    [{ dockerHost: 'tcp://h:' }, /^DOCKER_HOST names no port/],
    [{ dockerHost: 'tcp://h:0' }, /^DOCKER_HOST names no port/],
    [{ dockerHost: 'tcp://h:65536' }, /^DOCKER_HOST names no port/],
    [{ dockerHost: 'tcp://h:2375x' }, /^DOCKER_HOST names no port/],
    [{ dockerHost: 'tcp://h:+1' }, /^DOCKER_HOST names no port/],
    [{ dockerHost: 'a:b:c' }, /^DOCKER_HOST names no port/],
    [{ dockerHost: 'h', dockerPort: 'x' }, /^DOCKER_PORT is not a port/],
    [{ dockerHost: 'h', dockerPort: '0' }, /^DOCKER_PORT is not a port/],
    [{ dockerHost: 'h', dockerPort: '2375.5' }, /^DOCKER_PORT is not a port/],
    [{ dockerHost: 'h:1', dockerPort: '2' }, /^DOCKER_PORT differs from the port in DOCKER_HOST/],
    [{ dockerPort: '2375' }, /^DOCKER_PORT is set without DOCKER_HOST/],
    [{ dockerHost: 'unix:///p', dockerPort: '2375' }, /^DOCKER_PORT is set, but a unix socket has no port/],
  ]
  test.each(refused)('%j is refused', (settings, fault) => {
    const faults = faultsOf(settings)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(fault)
  })

  test('no fault quotes a value, which may hold a password', () => {
    const settings = {
      dockerHost: 'ssh://user:hunter2@h',
      dockerPort: 'hunter2',
      caPath: 'hunter2',
      tlsVerify: 'hunter2',
    }
    expect(faultsOf(settings).length).toBeGreaterThan(3)
    expect(faultsOf(settings).join()).not.toContain('hunter2')
    expect(faultsOf({ dockerHost: 'tcp://user:hunter2@h' }).join()).not.toContain('hunter2')
  })
})

describe('resolveEndpoint never downgrades', () => {
  const askers: [settings: DockerSettings, asker: string][] = [
    [{ dockerHost: 'tcp://h', tlsVerify: '1' }, 'DOCKER_TLS_VERIFY'],
    [{ dockerHost: 'tcp://h:2375', tlsVerify: 'true' }, 'DOCKER_TLS_VERIFY'],
    [{ dockerHost: 'h', tlsVerify: 'anything' }, 'DOCKER_TLS_VERIFY'],
    [{ dockerHost: 'tcp://h:2375', caPath: '/ca.pem' }, 'DOCKER_CA_PATH'],
    [{ dockerHost: 'tcp://h:2375', certPath: '/certs' }, 'DOCKER_CERT_PATH'],
    [{ dockerHost: 'tcp://h:2375', keyPath: '/key.pem' }, 'DOCKER_KEY_PATH'],
    [{ dockerHost: 'tcp://h:2376' }, 'DOCKER_HOST'],
    [{ dockerHost: 'h:2376' }, 'DOCKER_HOST'],
    [{ dockerHost: 'h', dockerPort: '2376' }, 'DOCKER_PORT'],
  ]
  test.each(askers)('%j asks for TLS and gets a fault, not plain HTTP', (settings, asker) => {
    const { endpoint } = resolve(settings)
    expect(endpoint).toBeUndefined()
    const faults = faultsOf(settings)
    expect(faults.length).toBeGreaterThan(0)
    for (const fault of faults) expect(fault).toMatch(new RegExp(`${asker} asks for TLS|cannot be read \\(ENOENT\\)`))
  })

  test.each(['0', 'false', 'FALSE', 'no', 'off', 'n', 'f'])(
    'DOCKER_TLS_VERIFY=%s is refused, not guessed at',
    (tlsVerify) => {
      for (const dockerHost of [undefined, 'tcp://h:2375', 'unix:///p']) {
        expect(faultsOf({ dockerHost, tlsVerify })).toEqual([
          'DOCKER_TLS_VERIFY is ambiguous: the docker CLI takes any value, this one too, to switch TLS on: set it to 1 for TLS, or unset it',
        ])
      }
    },
  )

  test.each([undefined, 'unix:///var/run/docker.sock'])('TLS to the unix socket %s is a fault', (dockerHost) => {
    const [first] = faultsOf({ dockerHost, tlsVerify: '1' })
    expect(first).toMatch(/^DOCKER_TLS_VERIFY asks for TLS, but the engine is a unix socket/)
  })

  test('all faults come at once', () => {
    const settings = { dockerHost: 'https://h', dockerPort: '0', tlsVerify: 'no', caPath: '/nowhere' }
    const variables = (resolve(settings).faults ?? []).map(({ setting }) => ENVIRONMENT_NAMES[setting])
    expect(variables).toEqual([
      'DOCKER_PORT',
      'DOCKER_HOST',
      'DOCKER_TLS_VERIFY',
      'DOCKER_CA_PATH',
      'DOCKER_CERT_PATH',
      'DOCKER_KEY_PATH',
    ])
  })
})

const withOpenssl = hasOpenssl ? describe : describe.skip

withOpenssl('resolveEndpoint with TLS (needs openssl)', () => {
  const made = hasOpenssl ? makeCertificates() : undefined
  let ca: Certificate
  let client: Certificate
  let expired: Certificate
  let other: Certificate

  beforeAll(() => {
    if (made === undefined) return
    ca = made.authority('ca')
    client = made.issue('client', 'ca', ['extendedKeyUsage=clientAuth'])
    expired = made.issue('expired', 'ca', ['extendedKeyUsage=clientAuth'], -1)
    other = made.issue('other', 'ca', ['extendedKeyUsage=clientAuth'])
  })
  afterAll(() => made?.remove())

  function read(files: Record<string, string>, settings: DockerSettings, now = NOW, directories: string[] = []) {
    const readFile = (path: string) => files[path] ?? noFile(path)
    const isDirectory = (path: string) => directories.includes(path)
    return resolveEndpoint(settings, ENVIRONMENT_NAMES, { readFile, isDirectory, now })
  }
  const paths = { caPath: '/ca', certPath: '/cert', keyPath: '/key' }
  const good = () => ({ '/ca': ca.cert, '/cert': client.cert, '/key': client.key })

  test.each([
    [{ dockerHost: 'tcp://h' }, 2376],
    [{ dockerHost: 'tcp://h', tlsVerify: '1' }, 2376],
    [{ dockerHost: 'tcp://h:2375' }, 2375],
    [{ dockerHost: 'h', dockerPort: '12999' }, 12999],
  ])('%j with three files is TLS on port %i', (settings, port) => {
    expect(read(good(), { ...settings, ...paths })).toEqual({
      endpoint: { kind: 'tls', host: 'h', port, ca: ca.cert, cert: client.cert, key: client.key },
    })
  })

  test.each(['/certs', '/certs/'])('%s as DOCKER_CERT_PATH is the directory of docker itself', (certPath) => {
    const files = { '/certs/ca.pem': ca.cert, '/certs/cert.pem': client.cert, '/certs/key.pem': client.key }
    const { endpoint } = read(files, { dockerHost: 'tcp://h:2376', certPath }, NOW, [certPath])
    expect(endpoint).toMatchObject({ kind: 'tls', port: 2376, key: client.key })
    expect(endpoint === undefined ? '' : describeEndpoint(endpoint)).toBe('tcp://h:2376 (mutual TLS)')
  })

  test('a file that is named itself takes precedence over the one in the directory', () => {
    const files = { '/own': ca.cert, '/certs/cert.pem': client.cert, '/certs/key.pem': client.key }
    const settings = { dockerHost: 'tcp://h', certPath: '/certs', caPath: '/own' }
    expect(read(files, settings, NOW, ['/certs']).endpoint).toMatchObject({ ca: ca.cert })
  })

  test('a directory that lacks a file is a fault of DOCKER_CERT_PATH', () => {
    const files = { '/certs/cert.pem': client.cert }
    const { faults } = read(files, { dockerHost: 'tcp://h', certPath: '/certs' }, NOW, ['/certs'])
    expect(faults?.map(withoutRemedy)).toEqual([
      'DOCKER_CERT_PATH names a file that cannot be read (ENOENT)',
      'DOCKER_CERT_PATH names a file that cannot be read (ENOENT)',
    ])
  })

  const broken: [name: string, files: () => Record<string, string>, fault: RegExp, now?: number][] = [
    ['a CA that is no PEM', () => ({ '/ca': 'hunter2' }), /^DOCKER_CA_PATH names no PEM certificate/],
    ['a CA that is a key', () => ({ '/ca': ca.key }), /^DOCKER_CA_PATH names no PEM certificate/],
    [
      'a CA with one broken block',
      () => ({ '/ca': `${ca.cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n` }),
      /^DOCKER_CA_PATH names no PEM certificate/,
    ],
    ['an empty certificate', () => ({ '/cert': '' }), /^DOCKER_CERT_PATH names no PEM certificate/],
    [
      'a key in place of the certificate',
      () => ({ '/cert': client.key }),
      /^DOCKER_CERT_PATH names no PEM certificate/,
    ],
    ['a certificate in place of the key', () => ({ '/key': client.cert }), /^DOCKER_KEY_PATH names no PEM private key/],
    [
      'a broken key',
      () => ({ '/key': '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n' }),
      /^DOCKER_KEY_PATH names no PEM private key/,
    ],
    [
      'an encrypted key',
      () => ({ '/key': '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n' }),
      /^DOCKER_KEY_PATH names a key that is encrypted/,
    ],
    ['the key of another', () => ({ '/key': other.key }), /^DOCKER_KEY_PATH does not belong to the client certificate/],
    [
      'an expired client certificate',
      () => ({ '/cert': expired.cert, '/key': expired.key }),
      /^DOCKER_CERT_PATH has expired/,
    ],
  ]
  test.each(broken)('%s is one fault, without its content', (_name, files, fault) => {
    const { endpoint, faults } = read({ ...good(), ...files() }, { dockerHost: 'tcp://h', ...paths })
    expect(endpoint).toBeUndefined()
    expect(faults).toHaveLength(1)
    expect(faults?.map(withoutRemedy)[0]).toMatch(fault)
    expect(JSON.stringify(faults)).not.toMatch(/hunter2|AAAA/)
  })

  test('certificates are judged by the clock that is passed in', () => {
    const settings = { dockerHost: 'tcp://h', ...paths }
    const year = 365 * 86_400_000
    const problems = (now: number) => read(good(), settings, now).faults?.map(withoutRemedy)
    expect(problems(NOW + year)).toEqual([
      'DOCKER_CA_PATH has expired: the CA is no longer valid',
      'DOCKER_CERT_PATH has expired: the client certificate is no longer valid',
    ])
    expect(problems(NOW - year)).toEqual([
      'DOCKER_CA_PATH is not valid yet: the CA begins later',
      'DOCKER_CERT_PATH is not valid yet: the client certificate begins later',
    ])
  })

  test('a bundle of CAs is valid while one of them is', () => {
    const bundle = { ...good(), '/ca': `${expired.cert}\n${ca.cert}` }
    expect(read(bundle, { dockerHost: 'tcp://h', ...paths }).faults).toBeUndefined()
  })
})
