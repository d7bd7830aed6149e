import { setMaxListeners } from 'node:events'
import { type Clock, sleep } from '../../clock.js'
import type { LoopShare } from '../../concurrency/event-loop-yield.js'
import type { SamplingConfig } from '../../config/config.js'
import type { Engine } from '../../engine/engine.js'
import type { Log } from '../../log.js'
import type { Container } from '../../model/container.js'
import type { EngineMetrics } from '../../model/engine-metrics.js'
import { ApiError, TlsIdentityError } from '../../model/error.js'
import type { History } from '../../model/history.js'
import type { EngineInfo, EngineVersion, HostState, HostStatus, Omissions } from '../../model/host.js'
import type { Sample } from '../../model/sample.js'
import { backoff, STEADY_AFTER_MS } from '../backoff.js'
import type { HostJournal } from '../events/host-journal.js'
import type { TokenBucket } from '../logs/token-bucket.js'
import { Sampler } from '../stats/sampler.js'
import { CrashTracker } from './crash-tracker.js'
import { EventSubscription } from './event-subscription.js'
import { HostLogs } from './host-logs.js'
import { HostReads } from './host-reads.js'
import { Inventory } from './inventory.js'
import { OmissionLog } from './omission-log.js'
import { Reconciler } from './reconciler.js'
import { unlessBlocked } from './unless-blocked.js'

/** How often an engine is pinged while its event stream is silent. A hung engine is silent too. */
const PING_INTERVAL_MS = 5_000

const ENDED_AT_ONCE = new ApiError('engine-unavailable', 'the event stream ended as soon as it was open')

export interface HostOptions {
  readonly id: string
  /** Described for people, such as `tcp://proxy:2375`. */
  readonly endpoint: string
  readonly labels: Readonly<Record<string, string>>
  readonly engine: Engine
  readonly sampling: SamplingConfig
  readonly journal: HostJournal
  /** Limits the lines of followed logs, over all hosts. */
  readonly lineBucket: TokenBucket
  /** Shared by all hosts. */
  readonly loopShare: LoopShare
  readonly clock: Clock
  readonly log: Log
}

/**
 * One engine: subscribes to its events, lists, then applies changes. When the connection breaks, it backs off and begins again.
 * The last known state stays readable throughout.
 */
export class Host {
  readonly id: string
  /** Reads that callers wait for. */
  readonly reads: HostReads
  readonly logs: HostLogs
  /** Resolves once the first connection attempt has succeeded or failed. */
  readonly firstOutcome: Promise<void>
  readonly #options: HostOptions
  readonly #log: Log
  readonly #inventory: Inventory
  readonly #sampler: Sampler
  readonly #events: EventSubscription
  readonly #reconciler: Reconciler
  #state: HostState = 'connecting'
  #version: EngineVersion | null = null
  #info: EngineInfo | null = null
  #fault: ApiError | null = null
  #stateChanges = 0
  /** Ends the calls that callers wait for. They survive a reconnection after a proxy closed the idle event stream. */
  #hostSignal: AbortSignal = AbortSignal.abort()
  #resolveFirstOutcome = () => {}

  constructor(options: HostOptions) {
    const { id, engine, clock, journal, loopShare } = options
    this.id = id
    this.#options = options
    const log = options.log.child({ host: id })
    this.#log = log
    const crashes = new CrashTracker()
    const inventory = new Inventory(id)
    this.#inventory = inventory
    const sampler = new Sampler(engine, options.sampling, clock, log)
    this.#sampler = sampler
    const omissionLog = new OmissionLog(clock, log)
    const noteOmissions = () => omissionLog.note(this.#omitted())
    const reconciler = new Reconciler({
      ...{ hostId: id, engine, inventory, crashes, journal, sampler, loopShare, clock, log },
      onWholeList: noteOmissions,
    })
    this.#reconciler = reconciler
    this.#events = new EventSubscription({
      ...{ engine, journal, inventory, crashes, clock },
      onChange: (containerId) => reconciler.markChanged(containerId),
      onUnknownChange: () => reconciler.markAllChanged(),
      onGap: noteOmissions,
    })
    const hostSignal = () => this.#demandLive()
    const reads = new HostReads({ engine, clock, hostSignal })
    this.reads = reads
    this.logs = new HostLogs({
      ...{ engine, clock, hostSignal, loopShare, lineBucket: options.lineBucket },
      isTty: (containerId) => inventory.get(containerId)?.tty ?? null,
      inspect: (containerId, recordCall) => reads.inspect(containerId, recordCall),
    })
    this.firstOutcome = new Promise((resolve) => {
      this.#resolveFirstOutcome = resolve
    })
  }

  status(): HostStatus {
    const { id, endpoint, labels } = this.#options
    return {
      id,
      state: this.#state,
      observedAt: this.#reconciler.observedAt,
      endpoint,
      labels,
      version: this.#version,
      info: this.#info,
      fault: this.#fault,
      clockSkewMs: this.#events.clockSkewMs,
      omitted: this.#omitted(),
    }
  }

  /** Grows with each visible change of containers or of the host itself. */
  get version(): number {
    return this.#inventory.version + this.#reconciler.version + this.#events.version + this.#stateChanges
  }

  /** Grows with each new sample. */
  get sampleVersion(): number {
    return this.#sampler.version
  }

  containers(): readonly Container[] {
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

  /** Reads the container's statistics every `intervalMs` for a while. */
  watch(id: string, intervalMs: number): void {
    this.#sampler.watch(id, intervalMs)
  }

  metrics(): EngineMetrics {
    const { watched, historyBytes } = this.#sampler
    return {
      host: this.id,
      calls: this.#options.engine.callTotals(),
      watchedContainers: watched,
      historyBytes,
      logRedactions: this.logs.redactions,
    }
  }

  /** Connects, and reconnects, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { engine, clock } = this.#options
    setMaxListeners(0, signal)
    this.#hostSignal = signal
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      await sleep(clock, backoff(attempt, clock.random()), signal)
      if (signal.aborted) break
      const startedAt = clock.now()
      let fault: unknown = ENDED_AT_ONCE
      try {
        await this.#connect(signal)
      } catch (error) {
        fault = error
      }
      const wasSteady = clock.now() - startedAt >= STEADY_AFTER_MS
      if (wasSteady) attempt = -1
      // Proxies close connections that are silent for long. The host stays live unless the next attempt fails.
      if (wasSteady && fault === ENDED_AT_ONCE) this.#log.debug('the event stream was cut; connecting again')
      else if (!signal.aborted) this.#markLost(fault)
      this.#resolveFirstOutcome()
    }
    this.#resolveFirstOutcome()
    engine.close()
  }

  #omitted(): Omissions {
    return {
      containers: this.#reconciler.omitted,
      partialContainers: this.#inventory.partial,
      events: this.#events.omittedEvents,
      isListTruncated: this.#reconciler.isListTruncated,
    }
  }

  /** @throws engine-unavailable if the host is not live */
  #demandLive(): AbortSignal {
    if (this.#state === 'live') return this.#hostSignal
    throw new ApiError('engine-unavailable', `host ${this.id} is ${this.#state}`, { cause: this.#fault })
  }

  /** One connection, from subscription to its end. Rejects with the fault that broke it. */
  async #connect(signal: AbortSignal): Promise<void> {
    const connection = new AbortController()
    // Every open call adds a listener, so dozens are not a leak.
    setMaxListeners(0, connection.signal)
    const end = () => connection.abort()
    signal.addEventListener('abort', end)
    const loops: Promise<void>[] = []
    try {
      await new Promise<void>((resolve, reject) => {
        const run = (loop: Promise<void>) => loops.push(loop.then(resolve, reject))
        run(this.#events.run(connection.signal, () => run(this.#serve(connection.signal))))
      })
    } finally {
      connection.abort()
      signal.removeEventListener('abort', end)
      this.#reconciler.reset()
      await Promise.allSettled(loops)
    }
  }

  /** Runs once subscribed: reads everything, then whatever an event marks. */
  async #serve(signal: AbortSignal): Promise<void> {
    const { engine } = this.#options
    const [version, info, listed] = await Promise.all([
      unlessBlocked(engine.version(signal)),
      unlessBlocked(engine.info(signal)),
      engine.containers(null, signal),
    ])
    this.#version = version
    this.#info = info
    await this.#reconciler.begin(listed, signal)
    this.#markLive()
    await Promise.race([this.#reconciler.run(signal), this.#ping(signal), this.#sampler.run(signal)])
  }

  async #ping(signal: AbortSignal): Promise<void> {
    const { engine, clock } = this.#options
    while (!signal.aborted) {
      await sleep(clock, PING_INTERVAL_MS, signal)
      if (!signal.aborted) await unlessBlocked(engine.ping(signal))
    }
  }

  #markLive(): void {
    if (this.#state !== 'live') this.#log.info({ version: this.#version?.version }, 'engine is live')
    this.#state = 'live'
    this.#fault = null
    this.#stateChanges += 1
    this.#resolveFirstOutcome()
  }

  #markLost(error: unknown): void {
    const fault = error instanceof ApiError ? error : new ApiError('internal', 'the host loop failed', { cause: error })
    const isNew = this.#state === 'live' || this.#fault?.message !== fault.message
    this.#fault = fault
    if (this.#state === 'live') this.#state = 'stale'
    this.#stateChanges += 1
    if (!isNew) return
    this.#log.warn({ err: fault }, 'engine does not answer')
    if (fault instanceof TlsIdentityError) this.#log.error({ remedy: fault.detail }, 'TLS came up with the wrong party')
  }
}
