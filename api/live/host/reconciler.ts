import { type Clock, sleep } from '../../clock.js'
import type { LoopShare, TimeSlice } from '../../concurrency/event-loop-yield.js'
import { Notifier } from '../../concurrency/notifier.js'
import type { Engine } from '../../engine/engine.js'
import type { Log } from '../../log.js'
import type { ContainerList, ListedContainer } from '../../model/container.js'
import { ApiError } from '../../model/error.js'
import type { HostJournal } from '../events/host-journal.js'
import type { Sampler } from '../stats/sampler.js'
import type { CrashTracker } from './crash-tracker.js'
import type { Inventory } from './inventory.js'
import { LogThrottle } from './log-throttle.js'
import { WholeListTimer } from './whole-list-timer.js'
import { WorkQueue } from './work-queue.js'

/**
 * Even if list and inspect agree, a container is inspected again with each nth list. So a lost event is made up for within five
 * minutes, and a hundred containers cost the engine ten inspects per 30 s.
 */
const LISTS_PER_INSPECT = 10

/** Events come in bursts (create, connect, start). Events within this time are read together. */
const BURST_MS = 50

/** Ids in the query of one list call, which reads all containers of a burst. */
const MAX_IDS_PER_LIST = 50

/**
 * Ids of containers not yet listed that wait to be listed. An engine that sends events of ever new containers, faster than they are
 * listed, has them listed with the whole list.
 */
const MAX_UNLISTED = 1_000

/** Concurrent inspects: enough for 100 containers within a second, few enough not to burden the engine. */
const INSPECT_CONCURRENCY = 8

/**
 * How often a container is read again because list and inspect disagree. An engine sends the event of an end before its list shows
 * it (moby daemon/monitor.go: the event, then the network, then the list), and an inspect waits until that is done, so once is
 * enough. An engine that never agrees with itself (podman lists no health) is not asked forever.
 */
const MAX_REREADS = 3

export interface ReconcilerParts {
  readonly hostId: string
  readonly engine: Engine
  readonly inventory: Inventory
  readonly crashes: CrashTracker
  readonly journal: HostJournal
  readonly sampler: Sampler
  readonly loopShare: LoopShare
  readonly clock: Clock
  readonly log: Log
  /** Runs after each whole list. */
  readonly onWholeList: () => void
}

/**
 * Reconciles the inventory with the engine: lists and inspects what an event has marked, and lists everything every 30 s. An event
 * contributes no data, only the fact that it happened.
 */
export class Reconciler {
  readonly #parts: ReconcilerParts
  readonly #wakeUp: Notifier
  readonly #inspects: WorkQueue
  readonly #inspectFaults: LogThrottle
  readonly #wholeList: WholeListTimer
  /** Ids to list and inspect again. */
  readonly #dirty = new Set<string>()
  /** How often each id was read again while list and inspect disagreed. */
  readonly #rereads = new Map<string, number>()
  /** Ids that an inspect found gone since the list that is being read or applied was asked for, which may still name them. */
  readonly #gone = new Set<string>()
  /** How many whole lists were read. */
  #wholeLists = 0
  #omitted = 0
  #isListTruncated = false
  #observedAt: number | null = null
  #signal = AbortSignal.abort()

  constructor(parts: ReconcilerParts) {
    this.#parts = parts
    this.#wakeUp = new Notifier(parts.clock)
    this.#inspects = new WorkQueue(INSPECT_CONCURRENCY, (id) => this.#inspect(id))
    this.#inspectFaults = new LogThrottle(parts.clock)
    this.#wholeList = new WholeListTimer(parts.clock)
  }

  /** When the whole list was last read (milliseconds since 1970). A partial list would reveal that a hidden container changed. */
  get observedAt(): number | null {
    return this.#observedAt
  }

  /** Grows with `observedAt`. */
  get version(): number {
    return this.#wholeLists
  }

  /** Items of the last whole list that could not be shown even by their id. */
  get omitted(): number {
    return this.#omitted
  }

  /** Whether the last whole list went on beyond what is read of it. */
  get isListTruncated(): boolean {
    return this.#isListTruncated
  }

  /** Marks a container that changed, as an event says. */
  markChanged(id: string): void {
    this.#rereads.delete(id)
    this.#markDirty(id)
  }

  /** Something changed, and nothing says what: the whole list is read soon. */
  markAllChanged(): void {
    this.#wholeList.hasten()
    this.#wakeUp.notify()
  }

  /** Begins a connection with the whole list. Resolves once it is applied. */
  async begin(listed: ContainerList, signal: AbortSignal): Promise<void> {
    this.#signal = signal
    await this.#applyList(null, listed, signal)
    this.#wholeList.end()
  }

  /** Reconciles until the signal aborts. Rejects with the fault of a list. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    this.#wholeList.spread()
    while (!signal.aborted) {
      const waitMs = this.#wholeList.dueAt - clock.now()
      // First, so that an endless burst of events does not keep it from being read.
      if (waitMs <= 0) await this.#readAll(signal)
      else if (this.#dirty.size > 0) await this.#readDirty(signal)
      else await this.#wakeUp.wait(waitMs, signal)
    }
  }

  /** Ends a connection. The next one begins with a whole list. */
  reset(): void {
    this.#inspects.clear()
    this.#dirty.clear()
    this.#rereads.clear()
    this.#gone.clear()
    this.#wholeList.reset()
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    this.#gone.clear()
    this.#wholeList.begin()
    await this.#applyList(null, await this.#parts.engine.containers(null, signal), signal)
    this.#wholeList.end()
  }

  async #readDirty(signal: AbortSignal): Promise<void> {
    await sleep(this.#parts.clock, BURST_MS, signal)
    this.#gone.clear()
    const ids = [...this.#dirty].slice(0, MAX_IDS_PER_LIST)
    for (const id of ids) this.#dirty.delete(id)
    await this.#applyList(ids, await this.#parts.engine.containers(ids, signal), signal)
  }

  /** In slices, so that ten thousand containers stop nobody else. One list at a time, because each is waited for. */
  async #applyList(ids: readonly string[] | null, answer: ContainerList, signal: AbortSignal): Promise<void> {
    const { hostId, inventory, crashes, loopShare, clock, onWholeList } = this.#parts
    const slice = loopShare.slice(hostId)
    const present = new Set<string>()
    for (const listed of answer.containers) {
      if (slice.isOver) await nextSlice(slice, signal)
      present.add(listed.id)
      if (!this.#gone.has(listed.id)) this.#applyListed(listed, ids === null)
    }
    // A list of some containers that is not all there does not say that the missing ones are gone: each inspect does.
    const isUnsure = ids !== null && (answer.isTruncated || answer.omitted > 0)
    for (const id of ids ?? inventory.ids()) {
      if (slice.isOver) await nextSlice(slice, signal)
      if (present.has(id)) continue
      if (isUnsure) this.#inspects.add(id)
      else this.#remove(id)
    }
    slice.end()
    if (ids !== null) return
    crashes.retain((id) => inventory.get(id) !== undefined)
    this.#observedAt = clock.now()
    this.#wholeLists += 1
    this.#omitted = answer.omitted
    this.#isListTruncated = answer.isTruncated
    onWholeList()
  }

  #applyListed(listed: ListedContainer, isWhole: boolean): void {
    const { inventory, crashes, sampler } = this.#parts
    const { id } = listed
    const container = inventory.applyListed(listed)
    // Events of a container may arrive before the list that shows it.
    const history = crashes.historyOf(id)
    if (history !== null) inventory.applyCrashes(id, history)
    sampler.track(container)
    if (!isWhole || !inventory.agrees(id) || this.#isTurnOf(id)) this.#inspects.add(id)
  }

  /** Whether the present whole list is the container's nth. Ids are hashes, so each remainder has an equal share of them. */
  #isTurnOf(id: string): boolean {
    return Number.parseInt(id.slice(0, 8), 16) % LISTS_PER_INSPECT === (this.#wholeLists + 1) % LISTS_PER_INSPECT
  }

  async #inspect(id: string): Promise<void> {
    const { engine, inventory, journal, sampler, log } = this.#parts
    const signal = this.#signal
    try {
      const inspected = await engine.inspect(id, signal)
      journal.decideNoise(id, inspected.healthCheck?.command ?? null)
      if (inventory.applyInspect(inspected)) this.#rereads.delete(id)
      else this.#reread(id)
      // A state that the list does not say is known now.
      const container = inventory.get(id)
      if (container !== undefined) sampler.track(container)
    } catch (err) {
      if (signal.aborted) return
      if (err instanceof ApiError && err.code === 'container-not-found') {
        this.#gone.add(id)
        this.#remove(id)
        return
      }
      // The container stays as it is listed.
      this.#inspectFaults.write(id, (heldBack) =>
        log.warn({ err, container: id.slice(0, 12), heldBack }, 'could not inspect'),
      )
    }
  }

  #remove(id: string): void {
    const { inventory, sampler } = this.#parts
    inventory.remove(id)
    sampler.forget(id)
    this.#rereads.delete(id)
  }

  #reread(id: string): void {
    const rereads = this.#rereads.get(id) ?? 0
    this.#rereads.set(id, rereads + 1)
    if (rereads < MAX_REREADS) this.#markDirty(id)
  }

  #markDirty(id: string): void {
    const isKnown = this.#parts.inventory.get(id) !== undefined
    if (isKnown || this.#dirty.size < MAX_UNLISTED) this.#dirty.add(id)
    else this.#wholeList.hasten()
    this.#wakeUp.notify()
  }
}

async function nextSlice(slice: TimeSlice, signal: AbortSignal): Promise<void> {
  await slice.next()
  signal.throwIfAborted()
}
