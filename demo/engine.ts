import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { churnStep } from './churn.js'
import { seededRandom } from './container.js'
import type { ContainerState, HealthState } from './docker-words.js'
import { type Fault, reply } from './faults.js'
import { type Endpoint, routeOf } from './routes.js'
import type { Simulator } from './simulator.js'
import { type RunOptions, SimulatorState } from './simulator-state.js'

export type { Fault } from './faults.js'
export { PLANTED_SECRETS } from './planted-secrets.js'
export type { Endpoint } from './routes.js'
export type { RunOptions } from './simulator-state.js'

export interface SimulatedEngineOptions {
  /** Default 12, which show every state but `created`. From 18 on they hold every planted secret. */
  readonly containers?: number
  /** By default a fresh directory of mode 0700 below the system's temporary one. Removed on stop. */
  readonly socketPath?: string
  /** Listens on 127.0.0.1 instead of a unix socket; 0 takes any free port. */
  readonly tcpPort?: number
  /** Which control groups the statistics come from; 2 unless given. */
  readonly cgroup?: 1 | 2
  /** Milliseconds of a reading, and the period of a stats stream: a real engine waits for its collector. */
  readonly statsDelayMs?: number
  /** Milliseconds of GET /system/df, which answers one caller at a time; default 50. */
  readonly diskDelayMs?: number
  readonly seed?: number
  /** Every few seconds a container restarts, dies or turns unhealthy by itself. */
  readonly churn?: boolean
  readonly now?: () => number
}

export type SimulatedAddress = { readonly socketPath: string } | { readonly host: string; readonly port: number }

export interface SeenRequest {
  readonly method: string
  /** The target as received, with version prefix and query. */
  readonly path: string
}

const DEFAULT_CONTAINERS = 12
const DEFAULT_STATS_DELAY_MS = 1000
const DEFAULT_DISK_DELAY_MS = 50
const DEFAULT_SEED = 20_240_607
const CHURN_PERIOD_MS = 3000
const REMEMBERED_REQUESTS = 10_000
const LOOPBACK = '127.0.0.1'
const MACHINE_CORES = 8
const MACHINE_MEMORY_BYTES = 33_554_432_000
const MACHINE_UPTIME_MS = 41 * 86_400_000

/**
 * A simulated Docker engine that speaks the engine's API 1.41 over a real socket: for the demo, for tests that need an engine to
 * hang, lie or break, and for benches that need more containers than one machine can run.
 */
export class SimulatedEngine {
  readonly #options: SimulatedEngineOptions
  readonly #simulator: Simulator
  readonly #step: () => void
  readonly #sockets = new Set<Socket>()
  readonly #requests: SeenRequest[] = []
  readonly #faults = new Map<Endpoint | 'all', Fault>()
  #server: Server | null = null
  #address: SimulatedAddress | null = null
  #churning: NodeJS.Timeout | null = null

  constructor(options: SimulatedEngineOptions = {}) {
    const now = options.now ?? Date.now
    const seed = options.seed ?? DEFAULT_SEED
    const state = new SimulatorState(options.containers ?? DEFAULT_CONTAINERS, seededRandom(seed), now)
    this.#options = options
    this.#simulator = {
      state,
      machine: {
        cgroup: options.cgroup ?? 2,
        cores: MACHINE_CORES,
        memoryBytes: MACHINE_MEMORY_BYTES,
        bootedAt: now() - MACHINE_UPTIME_MS,
      },
      statsDelayMs: options.statsDelayMs ?? DEFAULT_STATS_DELAY_MS,
      diskDelayMs: options.diskDelayMs ?? DEFAULT_DISK_DELAY_MS,
      diskWalk: { busy: false },
      now,
    }
    this.#step = churnStep(state, seed + 1)
  }

  /** Known once the engine has started. The same after a restart. */
  get endpoint(): SimulatedAddress {
    if (this.#address === null) throw new Error('simulated engine: not started yet')
    return this.#address
  }

  /** The last requests, oldest first, including refused ones. */
  get requests(): readonly SeenRequest[] {
    return this.#requests
  }

  get openConnections(): number {
    return this.#sockets.size
  }

  async start(): Promise<void> {
    if (this.#server !== null) throw new Error('simulated engine: started already')
    const server = createServer((request, response) => this.#handle(request, response))
    // An engine keeps idle connections and endless requests open. Only proxies cut them.
    server.keepAliveTimeout = 0
    server.requestTimeout = 0
    server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    this.#address = await listen(server, await this.#wantedAddress())
    this.#server = server
    if (this.#options.churn === true) {
      this.#churning = setInterval(this.#step, CHURN_PERIOD_MS)
      this.#churning.unref()
    }
  }

  /** Breaks every connection and frees the address. Containers keep running, as with live restore; past events are lost. */
  async stop(): Promise<void> {
    const server = this.#server
    if (server === null) return
    this.#server = null
    if (this.#churning !== null) clearInterval(this.#churning)
    this.#churning = null
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    this.dropConnections()
    await closed
    this.#simulator.state.events.forget()
    const address = this.#address
    if (this.#ownsDirectory && address !== null && 'socketPath' in address) {
      await rm(dirname(address.socketPath), { recursive: true, force: true })
    }
  }

  /** Breaks every connection while the engine runs on, like a socket proxy at its timeout. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Applies to requests from now on. Null repairs the read; null for `all` repairs everything. */
  setFault(endpoint: Endpoint | 'all', fault: Fault | null): void {
    if (fault !== null) this.#faults.set(endpoint, fault)
    else if (endpoint === 'all') this.#faults.clear()
    else this.#faults.delete(endpoint)
  }

  /** Newest first. */
  containers(): readonly { readonly id: string; readonly name: string; readonly state: ContainerState }[] {
    return this.#simulator.state.all().map(({ id, name, state }) => ({ id, name, state }))
  }

  /** Like `docker run -d`: returns the full id. The methods below take a full id, a name or a prefix. */
  run(options: RunOptions): string {
    return this.#simulator.state.run(options)
  }

  startContainer(reference: string): void {
    this.#simulator.state.start(reference)
  }

  stopContainer(reference: string, exitCode?: number): void {
    this.#simulator.state.stop(reference, exitCode)
  }

  restartContainer(reference: string): void {
    this.#simulator.state.restart(reference)
  }

  /** Ends a container for good. See `crash` for one that its restart policy restarts. */
  kill(reference: string, exitCode: number, options: { readonly oom?: boolean } = {}): void {
    this.#simulator.state.kill(reference, exitCode, options)
  }

  /** Leaves the container `restarting`. The next startContainer counts as the restart. */
  crash(reference: string, exitCode: number, options: { readonly oom?: boolean } = {}): void {
    this.#simulator.state.crash(reference, exitCode, options)
  }

  pause(reference: string): void {
    this.#simulator.state.pause(reference)
  }

  unpause(reference: string): void {
    this.#simulator.state.unpause(reference)
  }

  rename(reference: string, name: string): void {
    this.#simulator.state.rename(reference, name)
  }

  remove(reference: string): void {
    this.#simulator.state.remove(reference)
  }

  setHealth(reference: string, health: Exclude<HealthState, 'none'>): void {
    this.#simulator.state.setHealth(reference, health)
  }

  exec(reference: string, command: string, exitCode?: number): void {
    this.#simulator.state.exec(reference, command, exitCode)
  }

  /** Makes a running container write `text`, one log entry per line. Followers of its log get it at once. */
  log(reference: string, stream: 'stdout' | 'stderr', text: string): void {
    this.#simulator.state.log(reference, stream, text)
  }

  /** Sends any value to all event streams, regardless of their filters. A string is sent unchanged. */
  emitEvent(value: unknown): void {
    this.#simulator.state.events.raw(value)
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '' } = request
    this.#requests.push({ method, path: url })
    if (this.#requests.length > REMEMBERED_REQUESTS) this.#requests.shift()
    request.resume()
    const route = routeOf(method, url)
    const fault =
      ('endpoint' in route ? this.#faults.get(route.endpoint) : undefined) ?? this.#faults.get('all') ?? null
    reply(response, () => ('endpoint' in route ? route.answer(this.#simulator) : route), fault)
  }

  get #ownsDirectory(): boolean {
    return this.#options.socketPath === undefined && this.#options.tcpPort === undefined
  }

  /** A restart uses the address of the first start. */
  async #wantedAddress(): Promise<SimulatedAddress> {
    const { socketPath, tcpPort } = this.#options
    if (this.#address !== null) {
      // Fails if another user has created the directory meanwhile, rather than trust it.
      if (this.#ownsDirectory && 'socketPath' in this.#address) {
        await mkdir(dirname(this.#address.socketPath), { mode: 0o700 })
      }
      return this.#address
    }
    if (tcpPort !== undefined) return { host: LOOPBACK, port: tcpPort }
    // mkdtemp creates the directory with mode 0700, so other users of the machine cannot reach the socket.
    return { socketPath: socketPath ?? join(await mkdtemp(join(tmpdir(), 'porthole-')), 'docker.sock') }
  }
}

function listen(server: Server, address: SimulatedAddress): Promise<SimulatedAddress> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      if ('socketPath' in address) resolve(address)
      else resolve({ host: address.host, port: (server.address() as AddressInfo).port })
    })
    server.listen('socketPath' in address ? { path: address.socketPath } : { host: address.host, port: address.port })
  })
}
