import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { type Certificate, makeCertificates } from './certificates.js'
import { describeReal, docker, engineNetwork, type Inspected, realEngine } from './dockerd.js'
import { engineCommand } from './engine-command.js'
import { eventually } from './eventually.js'
import { IMAGE } from './image.js'
import { openSocketsIn } from './namespace-sockets.js'
import { SECRET } from './tokens.js'

const ROOT = process.cwd()

/** Until the whole chain answers. */
const UP_MS = 90_000
/** Ends a test or a hook that hangs, and promises nothing: on a busy machine the slowest takes a minute. */
export const STEP_MS = 240_000
const ANSWER_MS = 20_000
const PACE_MS = 200

export const HOSTNAME = 'porthole.example.com'
export const PASSWORD = 'correct horse battery staple'

/** What the tests of a deployment need beside an engine: the command, and the Debian package that has it. */
const TOOLS: Readonly<Record<string, string>> = {
  'docker-compose': 'docker-compose',
  debootstrap: 'debootstrap',
  ip: 'iproute2',
  iptables: 'iptables',
  haproxy: 'haproxy',
  openssl: 'openssl',
}

/** As describeReal, for tests that need docker-compose and the makings of images too. */
export function describeDeployment(name: string, body: () => void): void {
  const missing = Object.entries(TOOLS).filter(([tool]) => spawnSync(tool, ['--version']).error !== undefined)
  const packages = missing.map(([, debian]) => debian).join(' ')
  if (missing.length === 0) describeReal(name, body)
  else if (process.env['PORTHOLE_REQUIRE_ENGINE'] === '1')
    describe(name, () => {
      it('finds its tools, which PORTHOLE_REQUIRE_ENGINE=1 demands', () => {
        throw new Error(`apt-get install ${packages}`)
      })
    })
  else describe.skip(`${name} [not run: apt-get install ${packages}]`, body)
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
  readonly body: any
}

export interface Asking {
  readonly token?: string
  /** The client's own address, where its machine has several that reach the deployment. */
  readonly from?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
}

/** A part of what runs, by its name in docker-compose.yml. */
export type Part = 'traefik' | 'porthole' | 'socket-proxy'

export interface Deployment {
  readonly project: string
  readonly port: number
  /** Runs docker-compose with the files of this deployment. */
  compose(args: readonly string[], input?: string): Promise<string>
  /** Writes a line of .env anew. */
  configure(settings: Readonly<Record<string, string>>): void
  /** The operator's command, as the admin service has it. */
  admin(args: readonly string[], input?: string): Promise<string>
  /** A client outside, over HTTPS. */
  ask(path: string, asking?: Asking): Promise<Answer>
  /** The same with the answer as it comes. */
  open(path: string, asking?: Asking): Promise<IncomingMessage>
  inspect(part: Part): Promise<Inspected>
  /** What a program of Node's prints that runs in Porthole's own container. */
  inside(program: string): Promise<string>
  /** What a program of Node's prints that runs in a container on one of the networks. */
  beside(network: string, program: string): Promise<string>
  /** The audit's records so far. */
  records(): Promise<readonly Readonly<Record<string, unknown>>[]>
  /** Waits until the whole chain answers that an engine is there. */
  ready(): Promise<void>
  down(): Promise<void>
}

export interface DeploymentOptions {
  /** An engine other than `realEngine()`. */
  readonly engine?: DeploymentEngine
  /** The overrides beside docker-compose.yml, such as `mtls`. */
  readonly overrides?: readonly string[]
  /** Over what every deployment has in .env. */
  readonly settings?: Readonly<Record<string, string>>
  /** Variables of the shell that docker-compose is started from. */
  readonly shell?: Readonly<Record<string, string>>
  /** Further files below the folder of the deployment, by their paths. */
  readonly files?: Readonly<Record<string, string>>
}

export interface DeploymentEngine {
  readonly socketPath: string
  /** The namespace that ports are published in, and the address there. */
  readonly network: string
  readonly address: string
  /** The namespace that clients ask from. */
  readonly clients: string
}

async function ownEngine(): Promise<DeploymentEngine> {
  const network = await engineNetwork()
  return { socketPath: realEngine().socketPath, network, address: '127.0.0.1', clients: network }
}

async function freePortIn(network: string, address: string): Promise<number> {
  const sockets = openSocketsIn(network)
  try {
    const { server, port } = await sockets.listen(address)
    server.close()
    return port
  } finally {
    sockets.close()
  }
}

let made = 0

/** The files of this repository, in a folder of their own with secrets and an .env, as an operator has them. */
export async function makeDeployment(options: DeploymentOptions = {}): Promise<Deployment> {
  made += 1
  const folder = mkdtempSync(join(tmpdir(), 'phdep-'))
  const project = `phdep${process.pid}x${made}`
  const { socketPath, network, address, clients } = options.engine ?? (await ownEngine())
  const port = await freePortIn(network, address)
  const onEngine = (args: readonly string[]) => docker(args, socketPath)
  const certificate = makeSecrets(folder)
  for (const name of readdirSync(ROOT).filter((each) => /^docker-compose.*\.yml$/.test(each)))
    copyFileSync(join(ROOT, name), join(folder, name))
  cpSync(join(ROOT, 'deploy'), join(folder, 'deploy'), { recursive: true })
  for (const [path, content] of Object.entries(options.files ?? {})) writeSecret(join(folder, path), content)

  const settings: Record<string, string> = {
    PORTHOLE_HOSTNAME: HOSTNAME,
    PORTHOLE_CLIENTS: '0.0.0.0/1, 128.0.0.0/1',
    PORTHOLE_PUBLISH: `${address}:${port}`,
    // Two runs at once must not want the same addresses.
    PORTHOLE_EDGE: `10.${96 + ((process.pid >> 8) % 64)}.${(process.pid + made) % 256}`,
    PORTHOLE_ENGINE_SOCKET: socketPath,
    ...options.settings,
  }
  const configure = (changes: Readonly<Record<string, string>>) => {
    Object.assign(settings, changes)
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
    writeFileSync(join(folder, '.env'), `${lines.join('\n')}\n`)
  }
  configure({})

  const overrides = (options.overrides ?? []).map((name) => `docker-compose.${name}.yml`)
  const files = ['docker-compose.yml', ...overrides].flatMap((name) => ['--file', name])
  const compose = (args: readonly string[], input = '') =>
    engineCommand('docker-compose', ['--project-name', project, ...files, ...args], {
      cwd: folder,
      engine: socketPath,
      env: options.shell ?? {},
      input,
    })

  const sockets = openSocketsIn(clients)
  const open = async (path: string, { token, from, headers, json }: Asking = {}): Promise<IncomingMessage> => {
    const local = from === undefined ? {} : { localAddress: from }
    const socket = await sockets.connect({ host: address, port, ...local })
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          createConnection: () => connectTls({ socket, servername: HOSTNAME, ca: certificate.cert }),
          path,
          method: json === undefined ? 'GET' : 'POST',
          headers: {
            Host: HOSTNAME,
            ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
            ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
            ...headers,
          },
        },
        resolve,
      )
      asked.setTimeout(ANSWER_MS, () => asked.destroy(new Error(`${path}: no answer`)))
      asked.on('error', reject)
      asked.end(json === undefined ? undefined : JSON.stringify(json))
    })
  }

  const ask = async (path: string, asking: Asking = {}): Promise<Answer> => {
    const answer = await open(path, asking)
    let text = ''
    for await (const chunk of answer) text += String(chunk)
    const isJson = answer.headers['content-type']?.includes('json') === true
    return {
      status: answer.statusCode ?? 0,
      headers: answer.headers,
      text,
      body: isJson && text !== '' ? JSON.parse(text) : null,
    }
  }

  const container = (part: Part) => `${project}_${part}_1`
  const inside = (program: string) => onEngine(['exec', container('porthole'), '/usr/local/bin/node', '-e', program])

  return {
    project,
    port,
    compose,
    configure,
    ask,
    open,
    admin: (args, input) => compose(['run', '--rm', '-T', 'admin', ...args], input),
    inspect: async (part) => JSON.parse(await onEngine(['inspect', '--type=container', container(part)]))[0],
    inside,
    beside: (network, program) => {
      const place = ['--network', `${project}_${network}`, '--label', `porthole.project=${project}`]
      return onEngine(['run', '--rm', ...place, IMAGE, '-e', program])
    },
    records: async () => {
      const text = await inside("process.stdout.write(require('node:fs').readFileSync(process.env.AUDIT_LOG))")
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    },
    ready: async () => {
      const look = async () => {
        // Slower than what Traefik takes for a flood.
        await sleep(PACE_MS)
        return ask('/health/ready').then(
          ({ status }) => status,
          (error: Error) => error.message,
        )
      }
      await eventually(look, (status) => status === 200, UP_MS)
    },
    down: async () => {
      sockets.close()
      // Nothing that a test has left on the networks may keep them.
      const filter = ['--filter', `label=porthole.project=${project}`]
      const left = (await onEngine(['ps', '--all', '--quiet', ...filter])).split('\n').filter(Boolean)
      if (left.length > 0) await onEngine(['rm', '--force', ...left])
      await compose(['down', '--volumes', '--timeout', '5', '--remove-orphans'])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** As docs/production-deployment.md says: readable for the container that mounts a file, in a folder that no other user can enter. */
function makeSecrets(folder: string): Certificate {
  mkdirSync(join(folder, 'secrets'), { mode: 0o700 })
  const certificates = makeCertificates()
  const certificate = certificates.authority(HOSTNAME, `subjectAltName=DNS:${HOSTNAME}`)
  certificates.remove()
  writeSecret(join(folder, 'secrets/tls-cert.pem'), certificate.cert)
  writeSecret(join(folder, 'secrets/tls-key.pem'), certificate.key)
  writeSecret(join(folder, 'secrets/jwt-secret'), `${SECRET}\n`)
  return certificate
}

function writeSecret(path: string, content: string): void {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, content)
  chmodSync(path, 0o444)
}

/** Cuts a connection of this test. */
export function cut(answer: IncomingMessage): void {
  answer.on('error', () => {})
  ;(answer.socket as Socket).destroy()
}

/** A field of /proc about a process in a container, as the host's kernel shows it. */
export function procStatus(pid: number): ReadonlyMap<string, string> {
  const text = execFileSync('cat', [`/proc/${pid}/status`], { encoding: 'utf8' })
  return new Map(text.split('\n').map((line) => [line.split(':')[0] ?? '', (line.split(':')[1] ?? '').trim()]))
}
