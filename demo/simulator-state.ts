import { digest, hasProcesses, nanosOf, type SimulatedContainer, type SimulatedSpec } from './container.js'
import type { HealthState } from './docker-words.js'
import { EventBus } from './events.js'
import { imageId } from './images.js'
import { applyInitialState } from './initial-state.js'
import { Journal, type LogLine } from './journal.js'
import { nextAddress } from './networks.js'
import { ObjectStore } from './object-store.js'
import { plainSpec, type SeedContainer, seedContainer } from './seed-data.js'

/** The options of `docker run`. Omitted ones have plain defaults. */
export interface RunOptions {
  readonly name: string
  readonly image?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly env?: readonly string[]
  readonly cmd?: readonly string[]
  readonly tty?: boolean
  /** Gives it a health check with this verdict. */
  readonly health?: Exclude<HealthState, 'none'>
  /** Anything else of the container, such as limits, mounts or its log driver. */
  readonly spec?: Partial<SimulatedSpec>
}

/** `ambiguous` if two ids share the prefix: docker's truncindex refuses to guess. */
export type Lookup = SimulatedContainer | 'none' | 'ambiguous'

const HOUR_MS = 3_600_000
/** In the initial state the oldest container is about three weeks old, the youngest a few hours. */
const MAX_AGE_MS = 500 * HOUR_MS
const MIN_AGE_MS = 2 * HOUR_MS
const LOWEST_PID = 1200
const MIN_LOG_PERIOD_MS = 400
const LOG_PERIOD_SPREAD_MS = 4000
/** The exit code of a process that a signal ended, on Linux: 128 plus the signal's number. */
const SIGNAL_BASE = 128
const SIGKILL = 9
const SIGTERM = 15
const STOP_SIGNALS = { SIGINT: 2, SIGQUIT: 3, SIGWINCH: 28 } as const

/** All containers of the simulated engine, and the changes to them, with the events that a real engine sends. */
export class SimulatorState {
  readonly events: EventBus
  readonly objectStore: ObjectStore
  readonly journal = new Journal()
  readonly #now: () => number
  readonly #random: () => number
  readonly #containers = new Map<string, SimulatedContainer>()
  #created = 0

  constructor(count: number, random: () => number, now: () => number) {
    this.#now = now
    this.#random = random
    this.events = new EventBus(now)
    const openedAt = now()
    this.objectStore = new ObjectStore(openedAt - MAX_AGE_MS)
    for (let index = 0; index < count; index += 1) this.#seed(seedContainer(index, random), openedAt)
  }

  /** Newest first, as the engine lists them. */
  all(): readonly SimulatedContainer[] {
    return [...this.#containers.values()].reverse().sort((a, b) => b.createdAt - a.createdAt)
  }

  /** Finds by full id, then by name, then by a prefix of the id, like the engine. */
  find(reference: string): Lookup {
    const exact = this.#containers.get(reference)
    if (exact !== undefined) return exact
    const name = reference.replace(/^\//, '')
    let byPrefix: Lookup = 'none'
    for (const container of this.#containers.values()) {
      if (container.name === name) return container
      if (reference !== '' && container.id.startsWith(reference))
        byPrefix = byPrefix === 'none' ? container : 'ambiguous'
    }
    return byPrefix
  }

  run(options: RunOptions): string {
    const { name, image, labels, env, cmd, tty, health } = options
    const spec = plainSpec({
      name,
      ...(image === undefined ? {} : { image }),
      ...(labels === undefined ? {} : { labels }),
      ...(env === undefined ? {} : { env }),
      ...(cmd === undefined ? {} : { cmd }),
      ...(tty === undefined ? {} : { tty }),
      ...(health === undefined ? {} : { healthTest: 'true' }),
      ...options.spec,
    })
    for (const other of this.#containers.values()) {
      if (other.name === name) throw new Error(`simulated engine: the name ${name} is in use`)
    }
    const container = this.#build(spec, this.#now())
    this.#containers.set(container.id, container)
    this.#emit(container, 'create')
    this.start(container.id)
    if (health !== undefined) container.health = health
    return container.id
  }

  /** A start out of `restarting` is by the restart policy and counts. A manual start resets the count. */
  start(reference: string): void {
    const container = this.#get(reference)
    if (hasProcesses(container)) throw new Error(`simulated engine: ${container.name} runs already`)
    container.restartCount = container.state === 'restarting' ? container.restartCount + 1 : 0
    container.state = 'running'
    container.startedAt = this.#now()
    container.pausedMs = 0
    container.exitCode = 0
    container.oomKilled = false
    container.error = ''
    container.pid = this.#newPid()
    container.failingStreak = 0
    container.health = container.spec.healthTest === null ? 'none' : 'starting'
    this.#emitNetwork(container, 'connect')
    this.#emit(container, 'start')
  }

  /** `docker stop`. The exit code is that of SIGTERM by default. */
  stop(reference: string, exitCode = SIGNAL_BASE + SIGTERM): void {
    const container = this.#running(reference)
    const { stopSignal } = container.spec
    this.#emit(container, 'kill', { signal: String(stopSignal === null ? SIGTERM : STOP_SIGNALS[stopSignal]) })
    this.#end(container, exitCode, false)
    this.#emit(container, 'stop')
  }

  restart(reference: string): void {
    this.stop(reference, 0)
    this.start(reference)
    this.#emit(this.#get(reference), 'restart')
  }

  /** The container ends for good. A code above 128 without `oom` means a signal from outside. */
  kill(reference: string, exitCode: number, options: { readonly oom?: boolean } = {}): void {
    const container = this.#running(reference)
    const oom = options.oom === true
    if (!oom && exitCode > SIGNAL_BASE) this.#emit(container, 'kill', { signal: String(exitCode - SIGNAL_BASE) })
    this.#end(container, exitCode, oom)
  }

  /** The container ends by itself, and its restart policy is about to start it again. */
  crash(reference: string, exitCode: number, options: { readonly oom?: boolean } = {}): void {
    const container = this.#running(reference)
    this.#end(container, exitCode, options.oom === true)
    container.state = 'restarting'
  }

  pause(reference: string): void {
    const container = this.#running(reference)
    container.state = 'paused'
    container.pausedAt = this.#now()
    this.#emit(container, 'pause')
  }

  unpause(reference: string): void {
    const container = this.#get(reference)
    if (container.pausedAt === null) throw new Error(`simulated engine: ${container.name} is not paused`)
    container.pausedMs += this.#now() - container.pausedAt
    container.pausedAt = null
    container.state = 'running'
    this.#emit(container, 'unpause')
  }

  rename(reference: string, name: string): void {
    const container = this.#get(reference)
    const oldName = `/${container.name}`
    container.name = name
    this.#emit(container, 'rename', { oldName })
  }

  /** `docker rm -f`. */
  remove(reference: string): void {
    const container = this.#get(reference)
    if (hasProcesses(container)) {
      this.#emit(container, 'kill', { signal: String(SIGKILL) })
      this.#end(container, SIGNAL_BASE + SIGKILL, false)
    }
    this.#containers.delete(container.id)
    this.journal.forget(container.id)
    this.#emit(container, 'destroy')
  }

  /** A changed verdict emits an event, except for `starting`. */
  setHealth(reference: string, health: Exclude<HealthState, 'none'>): void {
    const container = this.#running(reference)
    if (container.spec.healthTest === null) throw new Error(`simulated engine: ${container.name} has no health check`)
    if (container.health === health) return
    container.health = health
    container.failingStreak = health === 'unhealthy' ? 3 : 0
    if (health !== 'starting') this.#emit(container, `health_status: ${health}`)
  }

  /** Each run of a health check emits these three events, two of them with the whole command line. */
  exec(reference: string, command: string, exitCode = 0): void {
    const container = this.#running(reference)
    const execID = digest(`exec ${container.id} ${this.#random()}`)
    this.#emit(container, `exec_create: ${command}`, { execID })
    this.#emit(container, `exec_start: ${command}`, { execID })
    this.#emit(container, 'exec_die', { execID, exitCode: String(exitCode) })
  }

  /** The container writes `text` now, line by line. A terminal has one stream. */
  log(reference: string, stream: LogLine['stream'], text: string): void {
    const container = this.#running(reference)
    // After the generated line that is due in the same millisecond.
    const nanos = nanosOf(this.#now()) + 1n
    for (const line of text.replace(/\n$/, '').split('\n')) {
      this.journal.append(container.id, container.spec.tty ? 'stdout' : stream, line, nanos)
    }
  }

  /** GET /containers/{id}/top emits an event too. */
  emitTop(container: SimulatedContainer): void {
    this.#emit(container, 'top')
  }

  #get(reference: string): SimulatedContainer {
    const found = this.find(reference)
    if (typeof found === 'string') throw new Error(`simulated engine: no one container is ${reference}`)
    return found
  }

  #running(reference: string): SimulatedContainer {
    const container = this.#get(reference)
    if (!hasProcesses(container)) throw new Error(`simulated engine: ${container.name} does not run`)
    return container
  }

  #end(container: SimulatedContainer, exitCode: number, oomKilled: boolean): void {
    container.state = 'exited'
    container.finishedAt = this.#now()
    container.pausedAt = null
    container.exitCode = exitCode
    container.oomKilled = oomKilled
    container.pid = 0
    if (oomKilled) this.#emit(container, 'oom')
    this.#emit(container, 'die', { exitCode: String(exitCode) })
    this.#emitNetwork(container, 'disconnect')
  }

  #emit(container: SimulatedContainer, action: string, more: Readonly<Record<string, string>> = {}): void {
    const { spec, id, name } = container
    this.events.container(action, { id, attributes: { ...spec.labels, image: spec.image, name, ...more } })
  }

  #emitNetwork(container: SimulatedContainer, action: string): void {
    const { id, name, driver } = container.network
    this.events.network(action, { id, attributes: { container: container.id, name, type: driver } })
  }

  #build(spec: SimulatedSpec, createdAt: number): SimulatedContainer {
    this.#created += 1
    const id = digest(`container ${this.#created} ${this.#random()}`)
    const network = this.objectStore.add(spec, createdAt)
    return {
      id,
      spec,
      name: spec.name,
      imageId: imageId(spec.image),
      network,
      endpointId: digest(`endpoint ${id}`),
      sandboxId: digest(`sandbox ${id}`),
      ipAddress: nextAddress(network),
      createdAt,
      phase: this.#random() * 2 * Math.PI,
      logPeriodMs: MIN_LOG_PERIOD_MS + Math.floor(this.#random() * LOG_PERIOD_SPREAD_MS),
      state: 'created',
      startedAt: null,
      finishedAt: null,
      pausedAt: null,
      pausedMs: 0,
      pid: 0,
      exitCode: 0,
      oomKilled: false,
      error: '',
      restartCount: 0,
      health: 'none',
      failingStreak: 0,
    }
  }

  #seed({ spec, initialState }: SeedContainer, openedAt: number): void {
    const age = MIN_AGE_MS + this.#random() * (MAX_AGE_MS - MIN_AGE_MS)
    const container = this.#build(spec, Math.floor(openedAt - age))
    applyInitialState(container, initialState, openedAt)
    if (hasProcesses(container)) container.pid = this.#newPid()
    this.#containers.set(container.id, container)
  }

  #newPid(): number {
    return LOWEST_PID + Math.floor(this.#random() * 60_000)
  }
}
