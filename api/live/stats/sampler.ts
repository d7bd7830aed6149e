import type { Clock } from '../../clock.js'
import { Notifier } from '../../concurrency/notifier.js'
import type { SamplingConfig } from '../../config/config.js'
import type { Engine } from '../../engine/engine.js'
import type { Log } from '../../log.js'
import { type Container, isRunning } from '../../model/container.js'
import type { History } from '../../model/history.js'
import { type Reading, type Sample, sampleBetween } from '../../model/sample.js'
import { SampleHistory } from './sample-history.js'

/** The second reading follows the first soon, so that rates are available within seconds rather than after a whole interval. */
const WARM_UP_MS = 1_500

/** A reading takes the engine 1 to 2 s. Concurrency is such that a round ends in half an interval, within these bounds. */
const SECONDS_PER_READING = 2
const MIN_CONCURRENCY = 4
/** The engine's collector visits containers one after another: more concurrency makes each reading slower and a round no shorter. */
const MAX_CONCURRENCY = 64

/** Share of the interval by which each next reading is shifted at random, so that readings spread out. */
const JITTER = 0.1

/** How long containers stay at a watcher's pace after its last call: a browser that reloads comes back within this time. */
export const LINGER_MS = 5_000

interface Entry {
  readonly id: string
  isRunning: boolean
  /** RFC 3339, as the engine gives it. */
  startedAt: string | null
  /** Grows with each stop, because rates must not be computed from readings of two runs. */
  incarnation: number
  /** The reading that the next one is compared with. */
  previous: Reading | null
  sample: Sample | null
  history: SampleHistory | null
  readAt: number
  dueAt: number
  isPolling: boolean
  /** The shortest interval that a watcher asked for, and until when it applies. */
  watchedMs: number
  watchedUntil: number
}

/**
 * A plan looks at every container, so it is made at most once in a millisecond for each hundred of them: every 100 ms for 10,000,
 * whose readings end each millisecond.
 */
const PLANNED_PER_MS = 100

/** The containers that the next round reads, and when the round after it begins. */
interface Round {
  readonly plannedAt: number
  /** The earliest time of the next plan. */
  readonly replanAt: number
  /** Those that have not begun. Sorted by how long they are due, the longest last, because fewer may run than are due. */
  readonly due: Entry[]
  readonly concurrency: number
  readonly nextAt: number
}

/**
 * Reads the statistics of each running container every interval, or faster while it has watchers. Holds the latest sample and those
 * of the window, with rates. Callers read memory, so the cost for the engine does not depend on their number.
 */
export class Sampler {
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #log: Log
  readonly #settings: SamplingConfig
  readonly #wakeUp: Notifier
  readonly #entries = new Map<string, Entry>()
  #polling = 0
  #version = 0

  constructor(engine: Engine, settings: SamplingConfig, clock: Clock, log: Log) {
    this.#engine = engine
    this.#settings = settings
    this.#clock = clock
    this.#wakeUp = new Notifier(clock)
    this.#log = log
  }

  /** Grows with each new sample. */
  get version(): number {
    return this.#version
  }

  /** Containers that are now read at a watcher's pace. */
  get watched(): number {
    const now = this.#clock.now()
    let count = 0
    for (const entry of this.#entries.values()) if (entry.isRunning && entry.watchedUntil > now) count += 1
    return count
  }

  /** Bytes that the samples of the window take. */
  get historyBytes(): number {
    let bytes = 0
    for (const { history } of this.#entries.values()) bytes += history?.bytes ?? 0
    return bytes
  }

  sample(id: string): Sample | null {
    return this.#entries.get(id)?.sample ?? null
  }

  /** The samples after `since`; null before the first reading. A stopped container still has its last window. */
  history(id: string, since: number): History | null {
    return this.#entries.get(id)?.history?.after(since) ?? null
  }

  /** Reads this container every `intervalMs`, until that plus LINGER_MS have passed without another call. */
  watch(id: string, intervalMs: number): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    const now = this.#clock.now()
    // A slower watcher keeps calling, and its pace applies once the faster one has gone.
    if (entry.watchedUntil > now && entry.watchedMs < intervalMs) return
    entry.watchedMs = intervalMs
    entry.watchedUntil = now + intervalMs + LINGER_MS
    const dueAt = entry.readAt + this.#intervalOf(entry, now)
    if (dueAt >= entry.dueAt) return
    entry.dueAt = dueAt
    this.#wakeUp.notify()
  }

  /** Samples the container while it runs. A stopped one loses its latest sample, because it uses nothing now. */
  track(container: Container): void {
    const entry = this.#entries.get(container.id)
    if (!isRunning(container)) this.#markStopped(entry)
    else {
      if (entry === undefined) this.#entries.set(container.id, this.#newEntry(container))
      else this.#markRunning(entry, container)
      this.#wakeUp.notify()
    }
  }

  /** The container is removed. */
  forget(id: string): void {
    this.#markStopped(this.#entries.get(id))
    this.#entries.delete(id)
  }

  /** Samples until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    let round: Round = { plannedAt: 0, replanAt: 0, due: [], concurrency: 0, nextAt: 0 }
    while (!signal.aborted) {
      const now = this.#clock.now()
      const isPlanned = now >= round.replanAt || now < round.plannedAt
      if (isPlanned) round = this.#plan(now)
      while (this.#polling < round.concurrency) {
        const entry = round.due.pop()
        if (entry === undefined) break
        if (entry.isRunning && !entry.isPolling && entry.dueAt <= now) void this.#poll(entry, signal)
      }
      await this.#wakeUp.wait((isPlanned ? round.nextAt : round.replanAt) - now, signal)
    }
  }

  #plan(now: number): Round {
    let nextAt = now + this.#settings.intervalMs
    let needed = 0
    const due: Entry[] = []
    for (const entry of this.#entries.values()) {
      if (!entry.isRunning) continue
      needed += (SECONDS_PER_READING * 2_000) / this.#intervalOf(entry, now)
      if (entry.isPolling) continue
      if (entry.dueAt > now) nextAt = Math.min(nextAt, entry.dueAt)
      else due.push(entry)
    }
    const concurrency = Math.min(MAX_CONCURRENCY, Math.max(MIN_CONCURRENCY, Math.ceil(needed)))
    // Sorted, so that no container starves when more are due than may run.
    due.reverse()
    if (due.length > concurrency - this.#polling) due.sort((a, b) => b.dueAt - a.dueAt)
    const replanAt = now + Math.floor(this.#entries.size / PLANNED_PER_MS)
    return { plannedAt: now, replanAt, due, concurrency, nextAt }
  }

  async #poll(entry: Entry, signal: AbortSignal): Promise<void> {
    const { id } = entry
    entry.isPolling = true
    entry.readAt = this.#clock.now()
    this.#polling += 1
    let isFirst = false
    try {
      const { incarnation } = entry
      const reading = await this.#engine.stats(id, signal)
      if (entry.incarnation !== incarnation) return
      if (reading === null) this.#markStopped(entry)
      else if (reading.readAt !== entry.sample?.reading.readAt) {
        isFirst = entry.previous === null
        entry.sample = sampleBetween(entry.previous, reading)
        entry.previous = reading
        entry.history ??= new SampleHistory(this.#settings.historyMs, this.#settings.intervalMs)
        entry.history.add(entry.sample)
        this.#version += 1
      }
    } catch (err) {
      if (!signal.aborted) this.#log.debug({ err, container: id.slice(0, 12) }, 'no reading')
    } finally {
      entry.isPolling = false
      const now = this.#clock.now()
      const interval = this.#intervalOf(entry, now) * (1 + JITTER * (this.#clock.random() * 2 - 1))
      const wanted = entry.readAt + interval
      entry.dueAt = Math.max(now, isFirst ? Math.min(wanted, now + WARM_UP_MS) : wanted)
      this.#polling -= 1
      this.#wakeUp.notify()
    }
  }

  #intervalOf(entry: Entry, now: number): number {
    const { intervalMs } = this.#settings
    return entry.watchedUntil > now ? Math.min(intervalMs, entry.watchedMs) : intervalMs
  }

  #newEntry({ id, startedAt }: Container): Entry {
    const now = this.#clock.now()
    return {
      id,
      isRunning: true,
      startedAt,
      incarnation: 0,
      previous: null,
      sample: null,
      history: null,
      readAt: 0,
      dueAt: now,
      isPolling: false,
      watchedMs: 0,
      watchedUntil: 0,
    }
  }

  #markRunning(entry: Entry, { startedAt }: Container): void {
    const hasRestarted = entry.startedAt !== null && startedAt !== null && entry.startedAt !== startedAt
    if (hasRestarted) this.#markStopped(entry)
    if (!entry.isRunning) entry.dueAt = this.#clock.now()
    entry.startedAt = startedAt ?? entry.startedAt
    entry.isRunning = true
  }

  #markStopped(entry: Entry | undefined): void {
    if (entry === undefined) return
    if (entry.sample !== null) this.#version += 1
    entry.isRunning = false
    entry.incarnation += 1
    entry.previous = null
    entry.sample = null
  }
}
