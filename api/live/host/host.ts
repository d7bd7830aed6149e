import { setMaxListeners } from 'node:events'
import type { Engine } from '../../engine/engine.js'
import type { Log } from '../../log.js'
import type { Container } from '../../model/container.js'
import { type ContainerEvent, eventMilliseconds } from '../../model/container-event.js'
import type { EngineMetrics } from '../../model/engine-metrics.js'
import { engineTime } from '../../model/engine-time.js'
import { ApiError, TlsIdentityError } from '../../model/error.js'
import type { History } from '../../model/history.js'
import type { EngineInfo, EngineVersion, HostState, HostStatus } from '../../model/host.js'
import type { Sample } from '../../model/sample.js'
import { backoff, STEADY_AFTER_MS } from '../backoff.js'
import { type Clock, Doorbell, sleep } from '../clock.js'
import type { HostJournal } from '../events/event-journal.js'
import type { LinePace } from '../logs/line-pace.js'
import { Sampler, type SamplerSettings } from '../stats/sampler.js'
import { AccidentWatch } from './accident-watch.js'
import { HostReads } from './host-reads.js'
import { Inventory } from './inventory.js'
import { WorkQueue } from './work-queue.js'

/** How often an engine whose event stream is silent is asked whether it still lives: a hung one says nothing by itself. */
const PING_INTERVAL_MS = 5_000

/** How often the whole list is read again: the engine's status sentences age, and an event may get lost in a proxy. */
const RECONCILE_INTERVAL_MS = 30_000

/**
 * A container of which list and inspect tell the same is inspected again with each so manieth list all the same: within five
 * minutes an event that got lost has left no trace, and a hundred containers cost the engine ten inspects in 30 s.
 */
const LISTS_PER_INSPECT = 10

/** Events come in bursts (create, connect, start): what follows so soon is read together with the first. */
const BURST_MS = 50

/** A burst of events is answered by one list call for all its containers, with at most so many ids in its query. */
const MAX_IDS_PER_LIST = 50

/** Inspects under way at once: enough to fill in 100 containers within a second, few enough not to be felt by the engine. */
const INSPECT_CONCURRENCY = 8

const ENDED_AT_ONCE = new ApiError('engine-unavailable', 'the event stream ended as soon as it was open')

/**
 * How often a container is read again because list and inspect disagree. An engine tells of an end before its list does (moby
 * daemon/monitor.go: the event, then the network, then the list), and an inspect waits until it is over, so once is enough;
 * an engine that never agrees with itself (podman lists no health) is not asked for ever.
 */
const MAX_REREADS = 3

/** What happens inside a running container changes nothing that a list shows; health checks alone make two of these a second. */
const SILENT_ACTIONS = new Set([
  'attach',
  'detach',
  'top',
  'resize',
  'export',
  'copy',
  'archive-path',
  'extract-to-dir',
  'exec_create',
  'exec_start',
  'exec_die',
  'exec_detach',
]) // prettier-ignore

/** How far back an engine is asked for events when it is first met: what happened shortly before is what people ask about. */
const FIRST_LOOK_BACK_MS = 60 * 60_000

/** The engine's clock is told in whole seconds. */
const CLOCK_STEP_MS = 1_000

export interface HostOptions {
  readonly id: string
  /** Described for people, such as `tcp://proxy:2375`. */
  readonly endpoint: string
  readonly labels: Readonly<Record<string, string>>
  readonly engine: Engine
  readonly sampling: SamplerSettings
  readonly journal: HostJournal
  /** Shared by all hosts. */
  readonly pace: LinePace
  readonly clock: Clock
  readonly log: Log
}

/**
 * One engine's life: subscribe to its events, then list, then apply; when the connection breaks, back off and begin again. What
 * was last known stays readable all the while.
 */
export class Host {
  readonly id: string
  readonly #endpoint: string
  readonly #labels: Readonly<Record<string, string>>
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #log: Log
  readonly #inventory: Inventory
  readonly #sampler: Sampler
  readonly #bell: Doorbell
  readonly #dirty = new Set<string>()
  readonly #inspecting: WorkQueue
  readonly #rereads = new Map<string, number>()
  readonly #journal: HostJournal
  readonly #accidents = new AccidentWatch()
  #state: HostState = 'connecting'
  #observedAt: number | null = null
  #version: EngineVersion | null = null
  #info: EngineInfo | null = null
  #fault: ApiError | null = null
  #clockSkewMs: number | null = null
  #changes = 0
  /** Whole lists that were read. */
  #lists = 0
  #session = new AbortController()
  /** Ends what callers ask for: such a call outlives the reconnection that a proxy's idle cut makes. */
  #life: AbortSignal = AbortSignal.abort()
  #firstOutcome: (() => void) | null = null
  /** What callers wait for the engine for. */
  readonly reads: HostReads
  /** Resolves once the first connection attempt has succeeded or failed. */
  readonly firstOutcome: Promise<void>

  constructor(options: HostOptions) {
    this.id = options.id
    this.#endpoint = options.endpoint
    this.#labels = options.labels
    this.#engine = options.engine
    this.#clock = options.clock
    this.#log = options.log.child({ host: options.id })
    this.#inventory = new Inventory(options.id)
    this.#sampler = new Sampler(this.#engine, options.sampling, options.clock, this.#log)
    this.#bell = new Doorbell(options.clock)
    this.#journal = options.journal
    this.reads = new HostReads({
      engine: this.#engine,
      clock: options.clock,
      life: () => this.#demandLive(),
      isTty: (id) => this.#inventory.get(id)?.tty ?? null,
      pace: options.pace,
    })
    this.#inspecting = new WorkQueue(INSPECT_CONCURRENCY, (id) => this.#takeFacts(id))
    this.firstOutcome = new Promise((resolve) => {
      this.#firstOutcome = resolve
    })
  }

  status(): HostStatus {
    return {
      id: this.id,
      state: this.#state,
      observedAt: this.#observedAt,
      endpoint: this.#endpoint,
      labels: this.#labels,
      version: this.#version,
      info: this.#info,
      fault: this.#fault,
      clockSkewMs: this.#clockSkewMs,
    }
  }

  /** Grows with each visible change of containers or of the host itself. */
  get version(): number {
    return this.#inventory.version + this.#changes
  }

  /** Grows with each new sample. */
  get sampleVersion(): number {
    return this.#sampler.version
  }

  containers(): Iterable<Container> {
    return this.#inventory.containers()
  }

  container(id: string): Container | undefined {
    return this.#inventory.get(id)
  }

  sample(id: string): Sample | null {
    return this.#sampler.sample(id)
  }

  history(id: string, since: number): History | null {
    return this.#sampler.history(id, since)
  }

  /** How many containers are read at a watcher's pace, as of a moment ago. */
  get lastWatched(): number {
    return this.#sampler.lastWatched
  }

  /** Has the container read so often for a while. */
  watch(id: string, intervalMs: number): void {
    this.#sampler.watch(id, intervalMs)
  }

  metrics(): EngineMetrics {
    const { watched, historyBytes } = this.#sampler
    const { logRedactions } = this.reads
    return { host: this.id, calls: this.#engine.callTotals(), watchedContainers: watched, historyBytes, logRedactions }
  }

  /** Lives until the signal ends it. */
  async run(signal: AbortSignal): Promise<void> {
    setMaxListeners(0, signal)
    this.#life = signal
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      await sleep(this.#clock, backoff(attempt, this.#clock.random()), signal)
      if (signal.aborted) break
      const startedAt = this.#clock.now()
      let fault: unknown = ENDED_AT_ONCE
      try {
        await this.#connect(signal)
      } catch (error) {
        fault = error
      }
      const wasSteady = this.#clock.now() - startedAt >= STEADY_AFTER_MS
      if (wasSteady) attempt = -1
      // Proxies end what is silent for long: the host counts as live until the next try fails.
      if (wasSteady && fault === ENDED_AT_ONCE) this.#log.debug('the event stream was cut; connecting again')
      else if (!signal.aborted) this.#lose(fault)
      this.#firstOutcome?.()
    }
    this.#firstOutcome?.()
    this.#engine.close()
  }

  /** What a caller's call ends with: it outlives the reconnection that a proxy's idle cut makes. */
  #demandLive(): AbortSignal {
    if (this.#state === 'live') return this.#life
    throw new ApiError('engine-unavailable', `host ${this.id} is ${this.#state}`, { cause: this.#fault })
  }

  /** One connection, from subscription to its end. Rejects with the fault that broke it. */
  async #connect(signal: AbortSignal): Promise<void> {
    const session = new AbortController()
    // Every call under way listens: dozens are no leak.
    setMaxListeners(0, session.signal)
    this.#session = session
    const end = () => session.abort()
    signal.addEventListener('abort', end)
    const loops: Promise<void>[] = []
    try {
      await new Promise<void>((resolve, reject) => {
        const run = (loop: Promise<void>) => loops.push(loop.then(resolve, reject))
        run(this.#follow(session.signal, () => run(this.#serve(session.signal))))
      })
    } finally {
      session.abort()
      signal.removeEventListener('abort', end)
      this.#inspecting.clear()
      this.#dirty.clear()
      this.#rereads.clear()
      await Promise.allSettled(loops)
    }
  }

  async #follow(signal: AbortSignal, onOpen: () => void): Promise<void> {
    const isFirst = this.#journal.isEmpty
    const since = this.#journal.resumeFrom(engineTime(this.#clock.now() - FIRST_LOOK_BACK_MS))
    let openedAt: number | null = null
    const opened = (engineNow: number | null) => {
      openedAt = engineNow
      if (engineNow !== null) this.#noteClock(engineNow)
      this.#journal.subscribed()
      onOpen()
    }
    try {
      for await (const event of this.#engine.events(since, signal, opened)) {
        // What happened before the subscription is in the list that follows it.
        const isPast = openedAt !== null && eventMilliseconds(event) < openedAt - CLOCK_STEP_MS
        this.#takeEvent(event, isFirst && isPast)
        if (isPast || SILENT_ACTIONS.has(event.action)) continue
        this.#rereads.delete(event.containerId)
        this.#mark(event.containerId)
      }
    } catch (error) {
      if (error instanceof ApiError && error.code === 'engine-bad-answer') this.#journal.poisoned()
      throw error
    }
  }

  #takeEvent(event: ContainerEvent, isPast: boolean): void {
    const known = this.#inventory.get(event.containerId)
    // What the list tells of a container's labels is what callers are told apart by; the event may come before it.
    const labels = known?.labels ?? event.labels
    const probeOf = () => (known === undefined || known.tty === null ? undefined : known.healthCommand)
    const at = eventMilliseconds(event) - (this.#clockSkewMs ?? 0)
    if (this.#journal.take({ ...event, labels }, { at, isPast, probeOf }) === null) return
    const accidents = this.#accidents.take(event, at)
    if (accidents !== null) this.#inventory.takeAccidents(event.containerId, accidents)
  }

  /** Its clock is told in whole seconds, so a second either way is none. */
  #noteClock(engineNow: number): void {
    const skewMs = engineNow - this.#clock.now()
    this.#clockSkewMs = Math.abs(skewMs) <= 2 * CLOCK_STEP_MS ? 0 : Math.round(skewMs / CLOCK_STEP_MS) * CLOCK_STEP_MS
  }

  /** Once subscribed: reads everything, and from then on whatever an event has marked. */
  async #serve(signal: AbortSignal): Promise<void> {
    const [version, info, listed] = await Promise.all([
      unlessBlocked(this.#engine.version(signal)),
      unlessBlocked(this.#engine.info(signal)),
      this.#engine.containers(null, signal),
    ])
    this.#version = version
    this.#info = info
    this.#takeList(null, listed)
    this.#becomeLive()
    const watches = [this.#refresh(signal), this.#ping(signal), this.#sampler.run(signal)]
    await Promise.race(watches)
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    // Hosts that came up together, as all do at the start, do not stay in step.
    let reconcileAt = this.#clock.now() + RECONCILE_INTERVAL_MS * (0.5 + this.#clock.random() / 2)
    while (!signal.aborted) {
      const now = this.#clock.now()
      if (this.#dirty.size > 0) {
        await sleep(this.#clock, BURST_MS, signal)
        const ids = [...this.#dirty].slice(0, MAX_IDS_PER_LIST)
        for (const id of ids) this.#dirty.delete(id)
        this.#takeList(ids, await this.#engine.containers(ids, signal))
      } else if (now >= reconcileAt) {
        reconcileAt = now + RECONCILE_INTERVAL_MS
        this.#takeList(null, await this.#engine.containers(null, signal))
        this.#changes += 1
      } else await this.#bell.wait(reconcileAt - now, signal)
    }
  }

  async #ping(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#clock, PING_INTERVAL_MS, signal)
      if (!signal.aborted) await unlessBlocked(this.#engine.ping(signal))
    }
  }

  #takeList(ids: readonly string[] | null, answer: Awaited<ReturnType<Engine['containers']>>): void {
    this.#inventory.takeList(ids, answer)
    this.#recallAccidents(ids, answer)
    // By events it would tell a caller of what happens to containers that are hidden from them.
    if (ids === null) this.#observedAt = this.#clock.now()
    this.#sampler.track(this.#inventory.containers())
    if (ids === null) this.#lists += 1
    for (const { id } of answer)
      if (ids !== null || !this.#inventory.agrees(id) || this.#isTurnOf(id)) this.#inspecting.add(id)
  }

  /** Events of a container may come before the list that shows it. */
  #recallAccidents(ids: readonly string[] | null, answer: readonly { readonly id: string }[]): void {
    if (ids === null) this.#accidents.keepOnly((id) => this.#inventory.get(id) !== undefined)
    for (const { id } of answer) {
      const accidents = this.#accidents.of(id)
      if (accidents !== null) this.#inventory.takeAccidents(id, accidents)
    }
  }

  /** Ids are hashes: a tenth of them has each remainder. */
  #isTurnOf(id: string): boolean {
    return Number.parseInt(id.slice(0, 8), 16) % LISTS_PER_INSPECT === this.#lists % LISTS_PER_INSPECT
  }

  async #takeFacts(id: string): Promise<void> {
    const signal = this.#session.signal
    try {
      const inspected = await this.#engine.inspect(id, signal)
      this.#journal.decide(id, inspected.healthCheck?.command ?? null)
      if (this.#inventory.takeInspect(inspected)) this.#rereads.delete(id)
      else this.#readAgain(id)
    } catch (err) {
      if (signal.aborted) return
      if (err instanceof ApiError && err.code === 'container-not-found') this.#inventory.remove(id)
      else this.#log.warn({ err, container: id.slice(0, 12) }, 'could not inspect')
    }
  }

  #readAgain(id: string): void {
    const rereads = this.#rereads.get(id) ?? 0
    this.#rereads.set(id, rereads + 1)
    if (rereads < MAX_REREADS) this.#mark(id)
  }

  #mark(id: string): void {
    this.#dirty.add(id)
    this.#bell.ring()
  }

  #becomeLive(): void {
    if (this.#state !== 'live') this.#log.info({ version: this.#version?.version }, 'engine is live')
    this.#state = 'live'
    this.#fault = null
    this.#changes += 1
    this.#firstOutcome?.()
  }

  #lose(error: unknown): void {
    const fault = error instanceof ApiError ? error : new ApiError('internal', 'the host loop failed', { cause: error })
    const isNews = this.#state === 'live' || this.#fault?.message !== fault.message
    this.#fault = fault
    if (this.#state === 'live') this.#state = 'stale'
    this.#changes += 1
    if (isNews) this.#log.warn({ err: fault }, 'engine does not answer')
    if (fault instanceof TlsIdentityError && isNews)
      this.#log.error({ remedy: fault.detail }, 'TLS came up with the wrong party')
  }
}

/** A proxy that closes GET /info, /version or /_ping hides numbers, not containers; and whoever answers so is alive. */
async function unlessBlocked<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call
  } catch (error) {
    if (error instanceof ApiError && error.code === 'engine-endpoint-blocked') return null
    throw error
  }
}
