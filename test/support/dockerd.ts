import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.js'

/** The probe's own requests end after 5 s each, and there are three. */
const PROBE_MS = 30_000
/** dockerd without a network answers in 1 to 2 s on an idle machine. */
const START_MS = 30_000
const PING_MS = 1_000
/** dockerd gives containers 15 s before it kills them. */
const STOP_MS = 25_000
/** Saving and loading images takes the longest, and several times its ten seconds on a busy machine. */
const DOCKER_COMMAND_MS = 120_000
const DOCKER_OUTPUT_BYTES = 16 * 1024 * 1024
/** An engine's own statistics take 2 s, and more while it is busy. */
const RAW_MS = 15_000

/** On the machine's own network an engine leaves the rules and the switches as they are. */
const NO_FIREWALL = ['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false']

/** What `scripts/engine` makes its containers from. */
export const FIXTURE_IMAGE = 'porthole-fixture:1'
/** What it labels them with. */
export const FIXTURE_LABEL = 'porthole.fixture=true'

export interface RealEngine {
  readonly socketPath: string
  /** The engine's, such as `20.10.24+dfsg1`. */
  readonly version: string
  readonly apiVersion: string
}

type Probe = RealEngine | { readonly reason: string }

let probed: Probe | undefined

function probe(): Probe {
  if (probed === undefined) {
    const script = join(__dirname, '../../scripts/engine-probe.mjs')
    const run = spawnSync(process.execPath, [script], { encoding: 'utf8', timeout: PROBE_MS })
    probed = run.status === 0 ? (JSON.parse(run.stdout) as Probe) : { reason: `the engine probe failed: ${run.stderr}` }
  }
  return probed
}

/** The engine with the fixture containers that `scripts/engine up` starts. Throws with the reason if there is none. */
export function realEngine(): RealEngine {
  const found = probe()
  if ('reason' in found) throw new Error(found.reason)
  return found
}

/**
 * A describe block that needs `realEngine()`. Without an engine its tests are skipped and its name says why, unless
 * PORTHOLE_REQUIRE_ENGINE=1 calls that a failure. Ask for the engine in hooks and tests, not in the block's own body.
 */
export function describeReal(name: string, body: () => void): void {
  const found = probe()
  if (!('reason' in found)) {
    describe(name, body)
  } else if (process.env['PORTHOLE_REQUIRE_ENGINE'] === '1') {
    describe(name, () => {
      it('finds a real engine, which PORTHOLE_REQUIRE_ENGINE=1 demands', () => {
        throw new Error(found.reason)
      })
    })
  } else {
    describe.skip(`${name} [not run: ${found.reason}]`, body)
  }
}

/** The docker command's standard output, run against `realEngine()` or against the socket given. */
export function docker(args: readonly string[], socketPath = realEngine().socketPath): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env: commandEnv(), timeout: DOCKER_COMMAND_MS, maxBuffer: DOCKER_OUTPUT_BYTES }
    execFile('docker', ['--host', `unix://${socketPath}`, ...args], options, (error, stdout, stderr) => {
      if (error) reject(new Error(`docker ${args.join(' ')}: ${stderr.trim() || error.message}`, { cause: error }))
      else resolve(stdout)
    })
  })
}

/** What `docker inspect` says of one container. */
// biome-ignore lint/suspicious/noExplicitAny: the engine's own words, compared with ours field by field
export type Inspected = any

/** The command's own inspect of containers, by name or id, in that order. */
export async function inspect(names: readonly string[], socketPath?: string): Promise<readonly Inspected[]> {
  return names.length === 0 ? [] : JSON.parse(await docker(['inspect', '--type=container', ...names], socketPath))
}

/** The engine's own answer to a GET, before anything of ours has read it. */
export async function askEngine(path: string, socketPath = realEngine().socketPath): Promise<Inspected> {
  const { status, body } = await callEngine('GET', path, socketPath, RAW_MS)
  if (status !== 200) throw new Error(`GET ${path}: status ${status}`)
  return JSON.parse(body)
}

/** The network namespace of `realEngine()`: a container that shares the engine's network is in it. Needs root. */
export async function engineNetwork(): Promise<string> {
  const [sharing] = await inspect(['hostnet'])
  return `/proc/${sharing.State.Pid}/ns/net`
}

/** Puts the image of the fixture containers into another engine. */
export function giveFixtureImage(socketPath: string): Promise<void> {
  return giveImages([FIXTURE_IMAGE], socketPath)
}

/** Puts images of `realEngine()` into another engine. */
export async function giveImages(images: readonly string[], socketPath: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'phi-'))
  const file = join(dir, 'image.tar')
  try {
    await docker(['save', '--output', file, ...images])
    await docker(['load', '--input', file], socketPath)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** DOCKER_HOST and its kin, which would lead the command elsewhere, stay out; so does the user's own configuration. */
function commandEnv(): NodeJS.ProcessEnv {
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('DOCKER_'))
  return { ...Object.fromEntries(environment), DOCKER_CONFIG: join(tmpdir(), 'porthole-no-docker-config') }
}

export interface DockerdOptions {
  /** Listens on 127.0.0.1 too and wants client certificates; the folder is one of `scripts/make-certs`. */
  readonly tls?: { readonly dir: string; readonly port?: number }
  /**
   * A network namespace of its own, by its path. There the engine may have its firewall rules and forward, as it does on a
   * machine that it has to itself.
   */
  readonly namespace?: string
}

export interface Dockerd {
  readonly socketPath: string
  /** Null without TLS. */
  readonly tcpPort: number | null
  /** Another one after `startAgain()`. */
  readonly pid: number
  /** Ends the engine and deletes its data. */
  stop(): Promise<void>
  /** Ends the engine and keeps its data. */
  shutDown(): Promise<void>
  /** Starts it again with the same images, containers, socket and port. */
  startAgain(): Promise<void>
  /** As a machine that hangs: connections are accepted and nothing answers. */
  pause(): void
  resume(): void
}

/** A real engine without a network, for one test file, which no other test shares. Needs root. */
export async function startDockerd(options: DockerdOptions = {}): Promise<Dockerd> {
  const dir = await mkdtemp(join(tmpdir(), 'phd-'))
  const socketPath = join(dir, 'docker.sock')
  const tcpPort = options.tls ? (options.tls.port ?? (await freePort())) : null
  // The machine's own daemon.json must not have a say.
  await writeFile(join(dir, 'daemon.json'), '{}')

  let child = launch()
  await answering()

  function launch(): ChildProcess {
    const log = openSync(join(dir, 'dockerd.log'), 'a')
    // A test runner that is killed takes its engines along.
    const args = ['--pdeathsig', 'TERM', '--']
    if (options.namespace !== undefined) args.push('nsenter', `--net=${options.namespace}`, '--')
    args.push('dockerd', ...dockerdArguments(dir, socketPath))
    if (options.namespace === undefined) args.push(...NO_FIREWALL)
    if (options.tls) args.push(...tlsArguments(options.tls.dir, tcpPort))
    const launched = spawn('setpriv', args, { stdio: ['ignore', log, log] })
    launched.on('error', () => {})
    closeSync(log)
    // A test that forgets to stop it fails by itself; it must not keep the runner waiting for ever too.
    launched.unref()
    return launched
  }

  async function answering(): Promise<void> {
    const deadline = Date.now() + START_MS
    while (!(await ping(socketPath))) {
      if (hasEnded(child) || Date.now() > deadline) {
        const log = readFileSync(join(dir, 'dockerd.log'), 'utf8').trim().split('\n').slice(-10).join('\n')
        await end()
        await remove(dir)
        throw new Error(`dockerd does not start:\n${log}`)
      }
      await sleep(100)
    }
  }

  async function end(): Promise<void> {
    if (hasEnded(child)) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGCONT')
    child.kill('SIGTERM')
    const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await ended
    clearTimeout(impatience)
  }

  return {
    socketPath,
    tcpPort,
    get pid() {
      if (child.pid === undefined) throw new Error('dockerd does not run')
      return child.pid
    },
    async stop() {
      await end()
      await remove(dir)
    },
    shutDown: end,
    async startAgain() {
      child = launch()
      await answering()
    },
    pause() {
      child.kill('SIGSTOP')
    },
    resume() {
      child.kill('SIGCONT')
    },
  }
}

function dockerdArguments(dir: string, socketPath: string): string[] {
  return [
    `--config-file=${join(dir, 'daemon.json')}`,
    `--host=unix://${socketPath}`,
    `--data-root=${join(dir, 'data')}`,
    `--exec-root=${join(dir, 'exec')}`,
    `--pidfile=${join(dir, 'docker.pid')}`,
    // Should containerd run here as a service, the two engines' containers stay apart.
    `--containerd-namespace=porthole-${dir.slice(-6)}`,
    `--containerd-plugins-namespace=porthole-${dir.slice(-6)}-plugins`,
    '--exec-opt=native.cgroupdriver=cgroupfs',
    // A further engine would fight the first one for docker0 and its firewall chains.
    '--bridge=none',
  ]
}

function tlsArguments(dir: string, port: number | null): string[] {
  return [
    `--host=tcp://127.0.0.1:${port}`,
    '--tlsverify',
    `--tlscacert=${join(dir, 'ca.pem')}`,
    `--tlscert=${join(dir, 'server-cert.pem')}`,
    `--tlskey=${join(dir, 'server-key.pem')}`,
  ]
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null
}

async function ping(socketPath: string): Promise<boolean> {
  try {
    return (await callEngine('GET', '/_ping', socketPath, PING_MS)).status === 200
  } catch {
    return false
  }
}

interface RawAnswer {
  readonly status: number | undefined
  readonly body: string
}

function callEngine(method: string, path: string, socketPath: string, timeout: number): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeout)
    const outgoing = request({ method, socketPath, path, agent: false, signal }, (answer) => {
      let body = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk) => {
        body += chunk
      })
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode, body }))
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

/** An engine that was killed leaves mounts below its folder, and deleting through those would be too much. */
async function remove(dir: string): Promise<void> {
  const mountinfo = await readFile('/proc/self/mountinfo', 'utf8')
  const below = mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${dir}/`))
  for (const point of below.sort().reverse()) execFileSync('umount', ['-l', point])
  await rm(dir, { recursive: true, force: true })
}
