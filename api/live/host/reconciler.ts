import { type Clock, sleep } from '../../clock.js'
import { Notifier } from '../../concurrency/notifier.js'
import type { Engine } from '../../engine/engine.js'
import type { Log } from '../../log.js'
import type { ListedContainer } from '../../model/container.js'
import { ApiError } from '../../model/error.js'
import type { HostJournal } from '../events/host-journal.js'
import type { Sampler } from '../stats/sampler.js'
import type { CrashTracker } from './crash-tracker.js'
import type { Inventory } from './inventory.js'
import { WorkQueue } from './work-queue.js'

/** How often the whole list is read again: the engine's status sentences age, and a proxy may lose an event. */
const RECONCILE_INTERVAL_MS = 30_000

/**
 * Even if list and inspect agree, a container is inspected again with each nth list. So a lost event is made up for within five
 * minutes, and a hundred containers cost the engine ten inspects per 30 s.
 */
const LISTS_PER_INSPECT = 10

/** Events come in bursts (create, connect, start). Events within this time are read together. */
const BURST_MS = 50

/** Ids in the query of one list call, which reads all containers of a burst. */
const MAX_IDS_PER_LIST = 50

/** Concurrent inspects: enough for 100 containers within a second, few enough not to burden the engine. */
const INSPECT_CONCURRENCY = 8

/**
 * How often a container is read again because list and inspect disagree. An engine sends the event of an end before its list shows
 * it (moby daemon/monitor.go: the event, then the network, then the list), and an inspect waits until that is done, so once is
 * enough. An engine that never agrees with itself (podman lists no health) is not asked forever.
 */
const MAX_REREADS = 3

export interface ReconcilerParts {
  readonly engine: Engine
  readonly inventory: Inventory
  readonly crashes: CrashTracker
  readonly journal: HostJournal
  readonly sampler: Sampler
  readonly clock: Clock
  readonly log: Log
}

/**
 * Reconciles the inventory with the engine: lists and inspects what an event has marked, and lists everything every 30 s. An event
 * contributes no data, only the fact that it happened.
 */
export class Reconciler {
  readonly #parts: ReconcilerParts
  readonly #wakeUp: Notifier
  readonly #inspects: WorkQueue
  /** Ids to list and inspect again. */
  readonly #dirty = new Set<string>()
  /** How often each id was read again while list and inspect disagreed. */
  readonly #rereads = new Map<string, number>()
  /** How many whole lists were read. */
  #wholeLists = 0
  #observedAt: number | null = null
  #signal = AbortSignal.abort()

  constructor(parts: ReconcilerParts) {
    this.#parts = parts
    this.#wakeUp = new Notifier(parts.clock)
    this.#inspects = new WorkQueue(INSPECT_CONCURRENCY, (id) => this.#inspect(id))
  }

  /** When the whole list was last read (milliseconds since 1970). A partial list would reveal that a hidden container changed. */
  get observedAt(): number | null {
    return this.#observedAt
  }

  /** Grows with `observedAt`. */
  get version(): number {
    return this.#wholeLists
  }

  /** Marks a container that changed, as an event says. */
  markChanged(id: string): void {
    this.#rereads.delete(id)
    this.#markDirty(id)
  }

  /** Begins a connection: reads the whole list. */
  begin(listed: readonly ListedContainer[], signal: AbortSignal): void {
    this.#signal = signal
    this.#applyList(null, listed)
  }

  /** Reconciles until the signal aborts. Rejects with the fault of a list. */
  async run(signal: AbortSignal): Promise<void> {
    const { engine, clock } = this.#parts
    // A random first wait, so that hosts that connected together, as all do at the start, do not stay in step.
    let reconcileAt = clock.now() + RECONCILE_INTERVAL_MS * (0.5 + clock.random() / 2)
    while (!signal.aborted) {
      const now = clock.now()
      if (this.#dirty.size > 0) {
        await sleep(clock, BURST_MS, signal)
        const ids = [...this.#dirty].slice(0, MAX_IDS_PER_LIST)
        for (const id of ids) this.#dirty.delete(id)
        this.#applyList(ids, await engine.containers(ids, signal))
      } else if (now >= reconcileAt) {
        reconcileAt = now + RECONCILE_INTERVAL_MS
        this.#applyList(null, await engine.containers(null, signal))
      } else await this.#wakeUp.wait(reconcileAt - now, signal)
    }
  }

  /** Ends a connection. The next one begins with a whole list. */
  reset(): void {
    this.#inspects.clear()
    this.#dirty.clear()
    this.#rereads.clear()
  }

  #applyList(ids: readonly string[] | null, answer: readonly ListedContainer[]): void {
    const { inventory, sampler, clock } = this.#parts
    inventory.applyList(ids, answer)
    this.#applyCrashes(ids, answer)
    sampler.track(inventory.containers())
    if (ids === null) {
      this.#observedAt = clock.now()
      this.#wholeLists += 1
    }
    for (const { id } of answer) if (ids !== null || !inventory.agrees(id) || this.#isTurnOf(id)) this.#inspects.add(id)
  }

  /** Events of a container may arrive before the list that shows it. */
  #applyCrashes(ids: readonly string[] | null, answer: readonly ListedContainer[]): void {
    const { inventory, crashes } = this.#parts
    if (ids === null) crashes.retain((id) => inventory.get(id) !== undefined)
    for (const { id } of answer) {
      const history = crashes.historyOf(id)
      if (history !== null) inventory.applyCrashes(id, history)
    }
  }

  /** Ids are hashes, so each remainder has an equal share of them. */
  #isTurnOf(id: string): boolean {
    return Number.parseInt(id.slice(0, 8), 16) % LISTS_PER_INSPECT === this.#wholeLists % LISTS_PER_INSPECT
  }

  async #inspect(id: string): Promise<void> {
    const { engine, inventory, journal, log } = this.#parts
    const signal = this.#signal
    try {
      const inspected = await engine.inspect(id, signal)
      journal.decideNoise(id, inspected.healthCheck?.command ?? null)
      if (inventory.applyInspect(inspected)) this.#rereads.delete(id)
      else this.#reread(id)
    } catch (err) {
      if (signal.aborted) return
      if (err instanceof ApiError && err.code === 'container-not-found') inventory.remove(id)
      else log.warn({ err, container: id.slice(0, 12) }, 'could not inspect')
    }
  }

  #reread(id: string): void {
    const rereads = this.#rereads.get(id) ?? 0
    this.#rereads.set(id, rereads + 1)
    if (rereads < MAX_REREADS) this.#markDirty(id)
  }

  #markDirty(id: string): void {
    this.#dirty.add(id)
    this.#wakeUp.notify()
  }
}
