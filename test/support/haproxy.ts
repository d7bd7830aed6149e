import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.js'

const START_MS = 5_000
/** Another process may take the port between our asking for it and HAProxy's binding it. */
const PORT_TRIES = 5

/** The sections that Tecnativa's image opens by default, then the table of the security guide. */
const TECNATIVA_DEFAULTS = { EVENTS: '1', PING: '1', VERSION: '1' }
const GUIDE_TABLE = {
  CONTAINERS: '1',
  IMAGES: '1',
  INFO: '1',
  VOLUMES: '0',
  NETWORKS: '0',
  BUILD: '0',
  COMMIT: '0',
  EXEC: '0',
  POST: '0',
}

export interface SocketProxyOptions {
  readonly engineSocket: string
  readonly config: 'tecnativa' | 'tight' | 'no-details' | 'front'
  /** Over the guide's table; the `tight` configuration has no switches. */
  readonly env?: Readonly<Record<string, string>>
  /**
   * When a stream without traffic is cut, in HAProxy's notation; `10m` as in Tecnativa's image when not said. Its
   * `/events` has no limit on the engine's side, so HAProxy 2.6 never cuts those; `tight` cuts every stream.
   */
  readonly idleTimeout?: string
  /** A free one when not said. */
  readonly port?: number
}

export interface SocketProxy {
  readonly port: number
  /** What was answered so far, in order, each as `STATUS METHOD TARGET`; a stream counts from its beginning. */
  requests(): readonly string[]
  /** Cuts every connection at once. */
  stop(): Promise<void>
}

/** Debian's real HAProxy in front of an engine's socket, on 127.0.0.1. */
export async function startSocketProxy(options: SocketProxyOptions): Promise<SocketProxy> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort())
    const proxy = launch(options, port)
    if (await listens(proxy, port)) return { port, requests: proxy.requests, stop: proxy.stop }
    await proxy.stop()
    if (options.port !== undefined || attempt === PORT_TRIES || !proxy.output().includes('cannot bind')) {
      throw new Error(`haproxy does not start: ${proxy.output()}`)
    }
  }
}

/** The same HAProxy as a reverse proxy in front of a service on 127.0.0.1. */
export function startFront(backendPort: number): Promise<SocketProxy> {
  return startSocketProxy({ engineSocket: '', config: 'front', env: { BACKEND_PORT: String(backendPort) } })
}

interface Running {
  readonly child: ChildProcess
  output(): string
  requests(): readonly string[]
  stop(): Promise<void>
}

function launch(options: SocketProxyOptions, port: number): Running {
  const file = join(__dirname, 'haproxy', `${options.config}.cfg`)
  const dir = mkdtempSync(join(tmpdir(), 'phh-'))
  const log = join(dir, 'log')
  const logFd = openSync(log, 'a')
  // HAProxy itself fills the variables into the file; `-db` keeps it in the foreground, and setpriv lets a test runner
  // that is killed take it along.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', 'haproxy', '-db', '-f', file], {
    stdio: ['ignore', logFd, logFd],
    env: {
      PATH: '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin',
      ...TECNATIVA_DEFAULTS,
      ...GUIDE_TABLE,
      ...options.env,
      ENGINE_SOCKET: options.engineSocket,
      PROXY_PORT: String(port),
      IDLE_TIMEOUT: options.idleTimeout ?? '10m',
    },
  })
  closeSync(logFd)
  // A test that forgets to stop it fails by itself; it must not keep the runner waiting for ever too.
  child.unref()
  let output: string | undefined
  const read = (): string => output ?? readFileSync(log, 'utf8')
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  return {
    child,
    output: read,
    requests: () =>
      read()
        .split('\n')
        .filter((line) => /^-?\d+ [A-Z]+ \S/.test(line)),
    async stop() {
      child.kill('SIGTERM')
      await ended
      output = read()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function listens(proxy: Running, port: number): Promise<boolean> {
  const deadline = Date.now() + START_MS
  while (proxy.child.pid !== undefined && proxy.child.exitCode === null && Date.now() < deadline) {
    if (await accepts(port)) return true
    await sleep(20)
  }
  return false
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
