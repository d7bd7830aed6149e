import { type HostConfig, MAX_HOSTS, parseHosts } from '../../api/config/hosts-file.js'
import { describeFileFaults } from '../../api/config/list-file.js'
import { type Certificate, hasOpenssl, makeCertificates } from '../support/certificates.js'

const NOW = Date.UTC(2026, 10, 24)
const MACHINE = {
  readFile: () => {
    throw new Error('ENOENT')
  },
  isDirectory: () => false,
  now: NOW,
}

function parse(value: unknown) {
  return parseHosts(typeof value === 'string' ? value : JSON.stringify(value), MACHINE)
}

function problemsOf(value: unknown): string[] {
  return describeFileFaults(parse(value).faults ?? [])
}

function hosts(count: number) {
  return Array.from({ length: count }, (_, i) => ({ id: `host-${i}`, endpoint: `unix:///run/${i}.sock` }))
}

const GOOD = { id: 'web-1', endpoint: 'unix:///run/docker.sock' }

describe('parseHosts', () => {
  test('reads ids, endpoints by the rules of DOCKER_HOST, and labels', () => {
    expect(
      parse({
        hosts: [
          { ...GOOD, labels: { zone: 'a' } },
          { id: 'b', endpoint: 'tcp://db.internal' },
        ],
      }),
    ).toEqual({
      hosts: [
        { id: 'web-1', endpoint: { kind: 'unix', socketPath: '/run/docker.sock' }, labels: { zone: 'a' } },
        { id: 'b', endpoint: { kind: 'tcp', host: 'db.internal', port: 2375 }, labels: {} },
      ] satisfies HostConfig[],
    })
  })

  test(`accepts 1 to ${MAX_HOSTS} hosts`, () => {
    expect(parse({ hosts: hosts(1) }).hosts).toHaveLength(1)
    expect(parse({ hosts: hosts(MAX_HOSTS) }).hosts).toHaveLength(MAX_HOSTS)
    for (const count of [0, MAX_HOSTS + 1]) expect(problemsOf({ hosts: hosts(count) })).toHaveLength(1)
  })

  test.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /no JSON/],
    ['a member twice', '{"hosts":[],"hosts":[]}', /names a member twice/],
    ['a list', [GOOD], /one object with the one member "hosts"/],
    ['another member beside', { hosts: [GOOD], version: 1 }, /one object with the one member "hosts"/],
    ['a text for a host', { hosts: ['unix:///x'] }, /^hosts\[0\]: must be an object/],
    ['an unknown member', { hosts: [{ ...GOOD, tsl: {} }] }, /^hosts\[0\]: has a member that is none of/],
    ['no id', { hosts: [{ endpoint: GOOD.endpoint }] }, /^hosts\[0\]\.id: must be 1 to 63/],
    ['an id in capitals', { hosts: [{ ...GOOD, id: 'Web' }] }, /^hosts\[0\]\.id/],
    ['an id with a blank', { hosts: [{ ...GOOD, id: 'a b' }] }, /^hosts\[0\]\.id/],
    ['an id of 64 characters', { hosts: [{ ...GOOD, id: 'x'.repeat(64) }] }, /^hosts\[0\]\.id/],
    ['an id twice', { hosts: [GOOD, { id: 'web-1', endpoint: 'unix:///other' }] }, /two have the same id/],
    ['an endpoint twice', { hosts: [GOOD, { ...GOOD, id: 'web-2' }] }, /two have the same endpoint/],
    ['no endpoint', { hosts: [{ id: 'a' }] }, /^hosts\[0\]\.endpoint: must be a text/],
    ['an unknown scheme', { hosts: [{ id: 'a', endpoint: 'ssh://h' }] }, /^hosts\[0\]\.endpoint begins with ssh/],
    ['the TLS port without TLS', { hosts: [{ id: 'a', endpoint: 'tcp://h:2376' }] }, /^hosts\[0\]\.\S+ /],
    ['TLS over a socket', { hosts: [{ ...GOOD, tls: { directory: '/certs' } }] }, /^hosts\[0\]\.tls asks for TLS/],
    [
      'certificates that are not there',
      { hosts: [{ id: 'a', endpoint: 'tcp://h:2376', tls: { ca: '/a', cert: '/b', key: '/c' } }] },
      /^hosts\[0\]\.tls\.ca/,
    ],
    ['half of TLS', { hosts: [{ id: 'a', endpoint: 'tcp://h', tls: { ca: '/a' } }] }, /^hosts\[0\]\.tls: must name/],
    ['a relative path', { hosts: [{ id: 'a', endpoint: 'tcp://h', tls: { directory: 'x' } }] }, /^hosts\[0\]\.tls/],
    ['a label that is no text', { hosts: [{ ...GOOD, labels: { a: 1 } }] }, /^hosts\[0\]\.labels/],
    ['a label of 129 characters', { hosts: [{ ...GOOD, labels: { a: 'x'.repeat(129) } }] }, /^hosts\[0\]\.labels/],
    ['a file of more than a megabyte', ' '.repeat(1_048_577), /longer than 1048576/],
  ])('refuses %s, naming the position', (_what, value, problem) => {
    const problems = problemsOf(value)
    expect(problems[0]).toMatch(problem)
    expect(problems.join('\n')).not.toContain('DOCKER_')
  })

  test('accepts an id of 63 characters, 16 labels and a label of 128, and not 17 labels', () => {
    const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, 'x']))
    expect(parse({ hosts: [{ ...GOOD, id: 'x'.repeat(63), labels: labels(16) }] }).hosts).toHaveLength(1)
    expect(parse({ hosts: [{ ...GOOD, labels: { a: 'x'.repeat(128) } }] }).hosts).toHaveLength(1)
    expect(problemsOf({ hosts: [{ ...GOOD, labels: labels(17) }] })).toHaveLength(1)
  })

  test('names every fault at once, up to fifty', () => {
    expect(problemsOf({ hosts: [{}, {}] })).toHaveLength(4)
    expect(problemsOf({ hosts: Array.from({ length: 100 }, () => ({})) })).toHaveLength(51)
  })

  test('never quotes a value', () => {
    const secret = 'hunter2-secret'
    const entries = [
      { id: secret.toUpperCase(), endpoint: `tcp://u:${secret}@h` },
      { id: 'a', endpoint: secret, tls: secret },
    ]
    expect(JSON.stringify(problemsOf({ hosts: entries })).toLowerCase()).not.toContain(secret)
  })
})

const withOpenssl = hasOpenssl ? describe : describe.skip

withOpenssl('parseHosts, with certificates (needs openssl)', () => {
  const made = hasOpenssl ? makeCertificates() : undefined
  let ca: Certificate
  let client: Certificate
  const files: Record<string, string> = {}
  beforeAll(() => {
    if (made === undefined) return
    ca = made.authority('ca')
    client = made.issue('client', 'ca', ['extendedKeyUsage=clientAuth'])
    Object.assign(files, { '/certs/ca.pem': ca.cert, '/certs/cert.pem': client.cert, '/certs/key.pem': client.key })
  })
  afterAll(() => made?.remove())
  const machine = {
    readFile: (path: string) => files[path] ?? '',
    isDirectory: (path: string) => path === '/certs',
    // A little ahead: the certificates begin after this file is read.
    now: Date.now() + 60_000,
  }

  test.each<[string, object]>([
    ['a directory', { directory: '/certs' }],
    ['three files', { ca: '/certs/ca.pem', cert: '/certs/cert.pem', key: '/certs/key.pem' }],
  ])('reads mutual TLS from %s', (_what, tls) => {
    const text = JSON.stringify({ hosts: [{ id: 'a', endpoint: 'tcp://db.internal:2376', tls }] })
    expect(parseHosts(text, machine)).toEqual({
      hosts: [
        {
          id: 'a',
          endpoint: { kind: 'tls', host: 'db.internal', port: 2376, ca: ca.cert, cert: client.cert, key: client.key },
          labels: {},
        },
      ],
    })
  })
})
