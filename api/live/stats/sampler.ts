import type { Clock } from '../../clock.js'
import { Notifier } from '../../concurrency/notifier.js'
import type { Engine } from '../../engine/engine.js'
import type { Log } from '../../log.js'
import { type Container, isRunning } from '../../model/container.js'
import type { History } from '../../model/history.js'
import { type Reading, type Sample, sampleBetween } from '../../model/sample.js'
import { SampleHistory } from './sample-history.js'

/** After a first reading the second follows soon, so that rates are there within seconds rather than a whole interval. */
const WARM_UP_MS = 1_500

/** A reading takes the engine 1 to 2 s. As many run at once as a round needs to end in half an interval, within these bounds. */
const SECONDS_PER_READING = 2
const MIN_CONCURRENCY = 4
/** The engine's collector visits containers one after another: more at once makes each slower, and the round no shorter. */
const MAX_CONCURRENCY = 64

/** Share of the interval by which each next reading is moved to and fro, so that readings spread out by themselves. */
const JITTER = 0.1

/** A watcher who comes back so soon, as a browser does that reloads, finds its containers still read at its pace. */
const LINGER_MS = 5_000

export interface SamplerSettings {
  /** Between two readings of a container that nobody watches. */
  readonly intervalMs: number
  /** How far back samples are kept. */
  readonly historyMs: number
}

interface Entry {
  isRunning: boolean
  /** When it was started, as the engine tells. */
  startedAt: string | null
  /** Grows with each stop and start: a reading of an earlier life is no base for rates. */
  life: number
  /** What the next reading is compared with. */
  previous: Reading | null
  sample: Sample | null
  history: SampleHistory | null
  readAt: number
  dueAt: number
  isPolling: boolean
  /** The shortest interval that somebody asked for, and until when it holds. */
  watchedMs: number
  watchedUntil: number
}

/**
 * Reads each running container's statistics every interval, at the pace of whoever watches it while somebody does, and keeps the
 * latest sample and those of the window, rates included. Callers read memory; the engine's cost does not depend on how many
 * they are.
 */
export class Sampler {
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #log: Log
  readonly #settings: SamplerSettings
  readonly #notifier: Notifier
  readonly #entries = new Map<string, Entry>()
  #polling = 0
  #lastWatched = 0
  #version = 0

  constructor(engine: Engine, settings: SamplerSettings, clock: Clock, log: Log) {
    this.#engine = engine
    this.#settings = settings
    this.#clock = clock
    this.#log = log
    this.#notifier = new Notifier(clock)
  }

  /** Grows with each new sample. */
  get version(): number {
    return this.#version
  }

  /** Containers that are read at a watcher's pace now. */
  get watched(): number {
    const now = this.#clock.now()
    let count = 0
    for (const entry of this.#entries.values()) if (entry.isRunning && entry.watchedUntil > now) count += 1
    return count
  }

  /** The same as of the last round: costs nothing to ask. */
  get lastWatched(): number {
    return this.#lastWatched
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

  /** What was read after `since`; null before the first reading. A stopped container keeps its last window. */
  history(id: string, since: number): History | null {
    return this.#entries.get(id)?.history?.after(since) ?? null
  }

  /** Somebody looks at this container, so often: asked again before `intervalMs` and some seconds are over, it stays so. */
  watch(id: string, intervalMs: number): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    const now = this.#clock.now()
    // Who looks less often asks again when the other's time is over.
    if (entry.watchedUntil > now && entry.watchedMs < intervalMs) return
    entry.watchedMs = intervalMs
    entry.watchedUntil = now + intervalMs + LINGER_MS
    const dueAt = entry.readAt + this.#intervalOf(entry, now)
    if (dueAt >= entry.dueAt) return
    entry.dueAt = dueAt
    this.#notifier.notify()
  }

  /** Says which containers there are now. Those that stopped lose their latest sample: they use nothing. */
  track(containers: Iterable<Container>): void {
    const present = new Set<string>()
    for (const container of containers) {
      present.add(container.id)
      const entry = this.#entries.get(container.id)
      if (!isRunning(container)) this.#rest(entry)
      else if (entry === undefined) this.#entries.set(container.id, this.#newEntry(container))
      else this.#wake(entry, container)
    }
    for (const [id, entry] of this.#entries) {
      if (present.has(id)) continue
      this.#rest(entry)
      this.#entries.delete(id)
    }
    this.#notifier.notify()
  }

  /** Samples until the signal ends it. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const now = this.#clock.now()
      let nextAt = now + this.#settings.intervalMs
      let needed = 0
      let watched = 0
      const due: [string, Entry][] = []
      for (const [id, entry] of this.#entries) {
        if (!entry.isRunning) continue
        if (entry.watchedUntil > now) watched += 1
        needed += (SECONDS_PER_READING * 2_000) / this.#intervalOf(entry, now)
        if (entry.isPolling) continue
        if (entry.dueAt > now) nextAt = Math.min(nextAt, entry.dueAt)
        else due.push([id, entry])
      }
      this.#lastWatched = watched
      const concurrency = Math.min(MAX_CONCURRENCY, Math.max(MIN_CONCURRENCY, Math.ceil(needed)))
      // Who has waited longest comes first, so that none is passed over where all together want more than there is.
      if (due.length > concurrency - this.#polling) due.sort(([, a], [, b]) => a.dueAt - b.dueAt)
      for (const [id, entry] of due) {
        if (this.#polling >= concurrency) break
        void this.#poll(id, entry, signal)
      }
      await this.#notifier.wait(nextAt - now, signal)
    }
  }

  async #poll(id: string, entry: Entry, signal: AbortSignal): Promise<void> {
    entry.isPolling = true
    entry.readAt = this.#clock.now()
    this.#polling += 1
    let isFirst = false
    try {
      const { life } = entry
      const reading = await this.#engine.stats(id, signal)
      if (entry.life !== life) return
      if (reading === null) this.#rest(entry)
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
      this.#notifier.notify()
    }
  }

  #intervalOf(entry: Entry, now: number): number {
    const { intervalMs } = this.#settings
    return entry.watchedUntil > now ? Math.min(intervalMs, entry.watchedMs) : intervalMs
  }

  #newEntry({ startedAt }: Container): Entry {
    const now = this.#clock.now()
    return {
      isRunning: true,
      startedAt,
      life: 0,
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

  #wake(entry: Entry, { startedAt }: Container): void {
    const isAnotherLife = entry.startedAt !== null && startedAt !== null && entry.startedAt !== startedAt
    if (isAnotherLife) this.#rest(entry)
    if (!entry.isRunning) entry.dueAt = this.#clock.now()
    entry.startedAt = startedAt ?? entry.startedAt
    entry.isRunning = true
  }

  #rest(entry: Entry | undefined): void {
    if (entry === undefined) return
    if (entry.sample !== null) this.#version += 1
    entry.isRunning = false
    entry.life += 1
    entry.previous = null
    entry.sample = null
  }
}
