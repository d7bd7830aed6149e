import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  type Dockerd,
  describeReal,
  docker,
  FIXTURE_IMAGE,
  giveFixtureImage,
  realEngine,
  startDockerd,
} from '../support/dockerd.js'
import { eventually } from '../support/eventually.js'
import { startSocketProxy } from '../support/haproxy.js'
import { type Running, start } from '../support/process.js'
import { SECRET, tokenFor } from '../support/tokens.js'

const MAIN = 'dist/main.js'
const MAKE_CERTS = join(__dirname, '../../scripts/make-certs')
/** Where the engine listens: the one name that its certificate carries. */
const HOST = 'localhost'
/** Two engines and eight sets of certificates. */
const SET_UP_MS = 60_000
/** A start that finds a fault stops with the first answer. */
const START_MS = 10_000
const SLEEP = ['sh', '-c', 'while :; do sleep 3600; done']

type Environment = Record<string, string>

let dir: string
let engine: Dockerd
let expiredEngine: Dockerd

/** A set of certificates by the script that an owner would run. */
async function makeCertificates(name: string, ...options: string[]): Promise<string> {
  const folder = join(dir, name)
  await promisify(execFile)(MAKE_CERTS, ['--dir', folder, '--host', HOST, ...options])
  return folder
}

const folder = (name: string) => join(dir, name)
const url = (port: number | null, host = HOST) => `tcp://${host}:${port}`

/** docker's own spelling. */
function byDirectory(name: string, port = engine.tcpPort): Environment {
  return { DOCKER_HOST: url(port), DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder(name) }
}

/** The security guide's spelling. */
function byFiles(name: string, port = engine.tcpPort): Environment {
  return {
    DOCKER_HOST: HOST,
    DOCKER_PORT: String(port),
    DOCKER_CA_PATH: join(folder(name), 'ca.pem'),
    DOCKER_CERT_PATH: join(folder(name), 'cert.pem'),
    DOCKER_KEY_PATH: join(folder(name), 'key.pem'),
  }
}

function serve(environment: Environment): Running {
  return start([MAIN], { NODE_ENV: 'production', JWT_SECRET: SECRET, PORT: '0', ...environment })
}

async function listening(running: Running): Promise<number> {
  const isListening = () => running.stdout().includes('"listening"')
  await eventually(
    () => isListening() || running.child.exitCode !== null,
    (done) => done,
    START_MS,
  )
  if (!isListening()) throw new Error(`it did not start: ${running.stderr()}`)
  const line = running
    .stdout()
    .split('\n')
    .find((text) => text.includes('"listening"'))
  return JSON.parse(line ?? '').port
}

describeReal('an engine behind mutual TLS', () => {
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'pht-'))
    await makeCertificates('good')
    await makeCertificates('other')
    await makeCertificates('expired-server', '--expired-server')
    await makeCertificates('expired-client', '--expired-client')
    // Sets that are put together wrongly: a key of somebody else, no key, a certificate of somebody else's CA.
    for (const [name, ...sources] of [
      ['foreign-key', 'good/ca.pem', 'good/cert.pem', 'other/key.pem'],
      ['no-key', 'good/ca.pem', 'good/cert.pem'],
      ['foreign-client', 'good/ca.pem', 'other/cert.pem', 'other/key.pem'],
      ['foreign-ca', 'other/ca.pem', 'good/cert.pem', 'good/key.pem'],
    ] as const) {
      await makeCertificates(name)
      await rm(join(folder(name), 'key.pem'))
      for (const source of sources) await copyFile(join(dir, source), join(folder(name), source.split('/')[1] ?? ''))
    }
    engine = await startDockerd({ tls: { dir: folder('good') } })
    expiredEngine = await startDockerd({ tls: { dir: folder('expired-server') } })
    await giveFixtureImage(engine.socketPath)
    await docker(
      ['run', '--detach', '--name', 'guarded', '--network', 'none', '--stop-timeout', '1', FIXTURE_IMAGE, ...SLEEP],
      engine.socketPath,
    )
  }, SET_UP_MS)
  afterAll(async () => {
    await engine?.stop()
    await expiredEngine?.stop()
    await rm(dir, { recursive: true, force: true })
  }, SET_UP_MS)

  test('the production entry was built', () => {
    expect(existsSync(MAIN)).toBe(true)
  })

  test.each([
    ["docker's own variables, with a directory", () => byDirectory('good')],
    ['the variables of the security guide, with files', () => byFiles('good')],
    [
      'a host name alone, DOCKER_PORT and a directory',
      () => ({ ...byDirectory('good'), DOCKER_HOST: HOST, DOCKER_PORT: String(engine.tcpPort) }),
    ],
  ])('is read by the configuration of %s', async (_what, environment) => {
    const running = serve(environment())
    try {
      const port = await listening(running)
      const get = async (path: string) => {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
          headers: { authorization: `Bearer ${tokenFor()}` },
        })
        // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
        return [answer.status, await answer.json()] as [number, any]
      }
      const [status, { items, hosts }] = await get('/api/containers')
      expect(status).toBe(200)
      expect(items).toMatchObject([{ name: 'guarded', state: 'running' }])
      expect(hosts).toMatchObject([{ id: 'local', state: 'live' }])
      expect((await get(`/api/containers/${items[0].id}`))[1].command).toEqual(SLEEP)
      expect((await fetch(`http://127.0.0.1:${port}/api/containers`)).status).toBe(401)
    } finally {
      running.child.kill('SIGTERM')
    }
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
  })

  test.each<[string, () => Environment, number, readonly string[]]>([
    [
      'a CA that did not sign the certificate of the engine',
      () => byDirectory('foreign-ca'),
      1,
      ["the engine's certificate is not of our CA", 'DOCKER_CA_PATH'],
    ],
    [
      'an engine whose certificate has expired',
      () => byDirectory('expired-server', expiredEngine.tcpPort),
      1,
      ['the certificate of the engine or of its CA has expired', 'Issue the engine a new certificate'],
    ],
    [
      'a client certificate that has expired',
      () => byDirectory('expired-client'),
      2,
      ['DOCKER_CERT_PATH has expired: the client certificate is no longer valid', 'issue a new one'],
    ],
    [
      'a host name that the certificate does not carry',
      () => ({ ...byDirectory('good'), DOCKER_HOST: url(engine.tcpPort, '127.0.0.1') }),
      1,
      ['the certificate does not carry the host name that was dialled', 'subjectAltName'],
    ],
    [
      'a directory without the key',
      () => byDirectory('no-key'),
      2,
      ['DOCKER_CERT_PATH names a file that cannot be read (ENOENT)', "the client certificate's key"],
    ],
    [
      'a key file that is not there',
      () => byFiles('no-key'),
      2,
      ['DOCKER_KEY_PATH names a file that cannot be read (ENOENT)', "the client certificate's key"],
    ],
    [
      'a key of another certificate',
      () => byFiles('foreign-key'),
      2,
      ['DOCKER_KEY_PATH does not belong to the client certificate'],
    ],
    [
      'a client certificate that the engine does not accept',
      () => byDirectory('foreign-client'),
      1,
      ['the engine refuses our client certificate', 'DOCKER_CERT_PATH and DOCKER_KEY_PATH'],
    ],
  ])('stops the start on %s, with words on what to do', async (_what, environment, code, words) => {
    const ended = await serve(environment()).ended
    for (const word of words) expect(ended.stderr).toContain(word)
    expect(ended.code).toBe(code)
    expect(ended.stdout).not.toContain('"listening"')
    // A message may name variables and never what is in the files or where they lie.
    expect(ended.stderr).not.toContain(dir)
    expect(ended.stderr).not.toContain('BEGIN')
  })

  test('stops the start on an engine that speaks plain HTTP where TLS was asked for', async () => {
    const proxy = await startSocketProxy({ engineSocket: realEngine().socketPath, config: 'tecnativa' })
    try {
      const ended = await serve(byDirectory('good', proxy.port)).ended
      expect(ended.code).toBe(1)
      expect(ended.stderr).toContain('what answers does not speak TLS')
      expect(ended.stderr).toContain('--tlsverify')
    } finally {
      await proxy.stop()
    }
  })

  test('lets no switch of Node turn a wrong certificate into a right one', async () => {
    const ended = await serve({ ...byDirectory('foreign-ca'), NODE_TLS_REJECT_UNAUTHORIZED: '0' }).ended
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain("the engine's certificate is not of our CA")
  })
})

describeReal('what goes over the wire where TLS was meant', () => {
  let listener: Server
  let port: number
  let proxyPort: number
  let proxy: Server
  const firstBytes: number[] = []
  let proxied = 0

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'pht-'))
    await makeCertificates('good')
    listener = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', (chunk) => {
        firstBytes.push(chunk[0] ?? -1)
        socket.destroy()
      })
    })
    proxy = createServer((socket) => {
      proxied += 1
      socket.destroy()
    })
    port = await listen(listener)
    proxyPort = await listen(proxy)
  }, SET_UP_MS)
  afterAll(async () => {
    listener?.close()
    proxy?.close()
    await rm(dir, { recursive: true, force: true })
  })

  /** What would lead astray others who read it. */
  const astray = (): Environment => ({
    HTTP_PROXY: `http://127.0.0.1:${proxyPort}`,
    HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`,
    ALL_PROXY: `http://127.0.0.1:${proxyPort}`,
    http_proxy: `http://127.0.0.1:${proxyPort}`,
    https_proxy: `http://127.0.0.1:${proxyPort}`,
    NODE_USE_ENV_PROXY: '1',
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
  })

  test.each<[string, () => Environment]>([
    ['DOCKER_TLS_VERIFY and a directory', () => byDirectory('good', port)],
    ['the variables of the guide', () => byFiles('good', port)],
    ['DOCKER_TLS_VERIFY in words', () => ({ ...byDirectory('good', port), DOCKER_TLS_VERIFY: 'true' })],
    ['the variables of the guide and DOCKER_TLS_VERIFY', () => ({ ...byFiles('good', port), DOCKER_TLS_VERIFY: '1' })],
    ['a directory alone', () => ({ DOCKER_HOST: url(port), DOCKER_CERT_PATH: folder('good') })],
    ['a URL and the three files', () => ({ ...byFiles('good', port), DOCKER_HOST: url(port), DOCKER_PORT: '' })],
    ['a URL, its port again and the three files', () => ({ ...byFiles('good', port), DOCKER_HOST: url(port) })],
    ['an address instead of a name', () => ({ ...byDirectory('good', port), DOCKER_HOST: url(port, '127.0.0.1') })],
  ])('is TLS and nothing else, by %s, whatever else is set', async (_what, environment) => {
    for (const more of [{}, astray()]) {
      firstBytes.length = 0
      const running = serve({ ...environment(), ...more })
      await eventually(
        () => firstBytes.length > 0 || running.child.exitCode !== null,
        (done) => done,
        START_MS,
      )
      running.child.kill('SIGKILL')
      await running.ended
      expect(firstBytes.length).toBeGreaterThan(0)
      // TLS calls it a handshake (RFC 8446, section 5.1); HTTP would begin with a letter.
      expect(new Set(firstBytes)).toEqual(new Set([0x16]))
    }
    expect(proxied).toBe(0)
  })

  test.each<[string, () => Environment, string]>([
    [
      'https:// before the host',
      () => ({ ...byDirectory('good', port), DOCKER_HOST: `https://${HOST}:${port}` }),
      'DOCKER_HOST',
    ],
    [
      'a switch that says no and means yes to docker',
      () => ({ DOCKER_HOST: url(port), DOCKER_TLS_VERIFY: '0' }),
      'DOCKER_TLS_VERIFY',
    ],
    ['a switch without files', () => ({ DOCKER_HOST: url(port), DOCKER_TLS_VERIFY: '1' }), 'DOCKER_CA_PATH'],
    [
      'a CA without a certificate',
      () => ({ ...byFiles('good', port), DOCKER_CERT_PATH: '', DOCKER_KEY_PATH: '' }),
      'DOCKER_CERT_PATH',
    ],
    ['a certificate without its key', () => ({ ...byFiles('good', port), DOCKER_KEY_PATH: '' }), 'DOCKER_KEY_PATH'],
    ['a certificate without a CA', () => ({ ...byFiles('good', port), DOCKER_CA_PATH: '' }), 'DOCKER_CA_PATH'],
    ['TLS without verification', () => ({ DOCKER_HOST: url(port), DOCKER_TLS: '1' }), 'DOCKER_TLS'],
    ['the port of TLS without anything else', () => ({ DOCKER_HOST: url(2376) }), 'DOCKER_CA_PATH'],
  ])('is nothing at all with %s: the start stops and names the variable', async (_what, environment, variable) => {
    firstBytes.length = 0
    const ended = await serve(environment()).ended
    expect([ended.code, firstBytes]).toEqual([2, []])
    expect(ended.stderr).toContain(`  ${variable} `)
  })
})

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}
