import type { Engine } from '../engine/engine.js'
import type { Log } from '../log.js'
import { type Container, isRunning } from '../model/container.js'
import { type Sample, sampleBetween } from '../model/sample.js'
import { type Clock, Doorbell } from './clock.js'

/** After a first reading the second follows soon, so that rates are there within seconds rather than a whole interval. */
const WARM_UP_MS = 1_500

/** A reading takes the engine 1 to 2 s. As many run at once as a round needs to end in half an interval, within these bounds. */
const SECONDS_PER_READING = 2
const MIN_CONCURRENCY = 4
/** The engine's collector visits containers one after another: more at once makes each slower, and the round no shorter. */
const MAX_CONCURRENCY = 64

/** Share of the interval by which each next reading is moved to and fro, so that readings spread out by themselves. */
const JITTER = 0.1

interface Entry {
  sample: Sample | null
  dueAt: number
  isPolling: boolean
}

/**
 * Reads each running container's statistics every interval and keeps the latest sample, rates included. Callers read memory;
 * the engine's cost does not depend on how many they are.
 */
export class Sampler {
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #log: Log
  readonly #intervalMs: number
  readonly #bell: Doorbell
  readonly #entries = new Map<string, Entry>()
  #polling = 0
  #version = 0

  constructor(engine: Engine, intervalMs: number, clock: Clock, log: Log) {
    this.#engine = engine
    this.#intervalMs = intervalMs
    this.#clock = clock
    this.#log = log
    this.#bell = new Doorbell(clock)
  }

  /** Grows with each new sample. */
  get version(): number {
    return this.#version
  }

  sample(id: string): Sample | null {
    return this.#entries.get(id)?.sample ?? null
  }

  /** Says which containers there are now. Those that stopped lose their samples: they use nothing. */
  track(containers: Iterable<Container>): void {
    const running = new Set<string>()
    for (const container of containers) if (isRunning(container)) running.add(container.id)
    for (const id of this.#entries.keys()) if (!running.has(id)) this.#forget(id)
    for (const id of running) {
      if (!this.#entries.has(id)) this.#entries.set(id, { sample: null, dueAt: this.#clock.now(), isPolling: false })
    }
    this.#bell.ring()
  }

  /** Samples until the signal ends it. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const now = this.#clock.now()
      let nextAt = now + this.#intervalMs
      for (const [id, entry] of this.#entries) {
        if (entry.isPolling) continue
        if (entry.dueAt > now) nextAt = Math.min(nextAt, entry.dueAt)
        else if (this.#polling < this.#concurrency()) void this.#poll(id, entry, signal)
      }
      await this.#bell.wait(nextAt - now, signal)
    }
  }

  async #poll(id: string, entry: Entry, signal: AbortSignal): Promise<void> {
    entry.isPolling = true
    this.#polling += 1
    let wait = this.#intervalMs * (1 + JITTER * (this.#clock.random() * 2 - 1))
    try {
      const reading = await this.#engine.stats(id, signal)
      if (this.#entries.get(id) !== entry) return
      if (reading === null) this.#forget(id)
      else if (entry.sample === null || reading.readAt > entry.sample.reading.readAt) {
        if (entry.sample === null) wait = Math.min(wait, WARM_UP_MS)
        entry.sample = sampleBetween(entry.sample?.reading ?? null, reading)
        this.#version += 1
      }
    } catch (err) {
      if (!signal.aborted) this.#log.debug({ err, container: id.slice(0, 12) }, 'no reading')
    } finally {
      entry.isPolling = false
      entry.dueAt = this.#clock.now() + wait
      this.#polling -= 1
      this.#bell.ring()
    }
  }

  #forget(id: string): void {
    if (this.#entries.delete(id)) this.#version += 1
  }

  #concurrency(): number {
    const needed = Math.ceil((this.#entries.size * SECONDS_PER_READING * 2000) / this.#intervalMs)
    return Math.min(MAX_CONCURRENCY, Math.max(MIN_CONCURRENCY, needed))
  }
}
