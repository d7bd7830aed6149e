import type { Clock } from '../../clock.js'
import type { Engine, LogRequest } from '../../engine/engine.js'
import type { InspectedContainer } from '../../model/container.js'
import type { DiskUse } from '../../model/engine-object.js'
import { ApiError } from '../../model/error.js'
import type { ChangeList } from '../../model/file-change.js'
import type { LogLine, LogPage, LogPosition, LogStep, LogWish } from '../../model/log-line.js'
import type { ProcessList } from '../../model/process.js'
import type { LinePace } from '../logs/line-pace.js'
import { followLog, type LogSource } from '../logs/log-follower.js'
import { readLog } from '../logs/log-reader.js'
import type { EngineObjects } from '../view.js'
import { type Kept, KeptAnswer } from './kept-answer.js'

/** Images, networks and volumes seldom change, and nobody watches them live. */
const OBJECTS_MAX_AGE_MS = 15_000

/** Disk use takes an engine so long that it is measured seldom. */
const DISK_USE_MAX_AGE_MS = 10 * 60_000

/** Milliseconds for one answer from a log, however often the engine is asked for it. */
const READ_LOG_MS = 25_000

/** Built-in drivers, and plugins by their image's name. */
const DRIVER_NAME = /^[a-z0-9][a-z0-9._/:-]{0,63}$/i

export interface HostReadsParts {
  readonly engine: Engine
  readonly clock: Clock
  /** What ends a call: the end of the host, not that of one connection. Throws engine-unavailable where the host is not live. */
  readonly life: () => AbortSignal
  /** Whether a container has a terminal; null where nobody knows yet. */
  readonly isTty: (id: string) => boolean | null
  readonly pace: LinePace
}

/** What callers wait for one engine for: what memory does not hold. Every read rejects at once where the host is not live. */
export class HostReads {
  readonly #parts: HostReadsParts
  readonly #objects: { readonly [Kind in keyof EngineObjects]: KeptAnswer<EngineObjects[Kind]> }
  /** Calls under way, by what they ask. */
  readonly #lookups = new Map<string, Promise<unknown>>()

  constructor(parts: HostReadsParts) {
    this.#parts = parts
    const { engine } = parts
    this.#objects = {
      images: this.#kept(OBJECTS_MAX_AGE_MS, (signal) => engine.images(signal)),
      networks: this.#kept(OBJECTS_MAX_AGE_MS, (signal) => engine.networks(signal)),
      volumes: this.#kept(OBJECTS_MAX_AGE_MS, (signal) => engine.volumes(signal)),
      disk: this.#kept(DISK_USE_MAX_AGE_MS, (signal) => engine.diskUse(signal)),
    }
  }

  inspect(id: string): Promise<InspectedContainer> {
    return this.#lookUp(`inspect ${id}`, (signal) => this.#parts.engine.inspect(id, signal))
  }

  top(id: string): Promise<ProcessList> {
    return this.#lookUp(`top ${id}`, (signal) => this.#parts.engine.top(id, signal))
  }

  changes(id: string): Promise<ChangeList> {
    return this.#lookUp(`changes ${id}`, (signal) => this.#parts.engine.changes(id, signal))
  }

  /** `signal`: whoever asks has gone. */
  async readLog(id: string, wish: LogWish, signal: AbortSignal): Promise<LogPage> {
    const life = this.#parts.life()
    const ask = await this.#logOf(id)
    const deadline = AbortSignal.timeout(READ_LOG_MS)
    const ends = AbortSignal.any([life, signal, deadline])
    try {
      return await readLog((request) => ask(request, ends), wish)
    } catch (error) {
      if (deadline.aborted) throw new ApiError('engine-timeout', `a log was not read within ${READ_LOG_MS} ms`)
      throw await this.#explainDriver(id, error)
    }
  }

  async *followLog(
    id: string,
    wish: Omit<LogWish, 'until'>,
    from: LogPosition | null,
    signal: AbortSignal,
  ): AsyncGenerator<LogStep> {
    const life = this.#parts.life()
    const { clock, pace } = this.#parts
    const source: LogSource = {
      ask: await this.#logOf(id),
      isAlive: (asked) => this.#isAlive(id, asked),
      pace: (lines, asked) => pace.take(lines, asked),
      clock,
    }
    try {
      yield* followLog(source, wish, from, AbortSignal.any([signal, life]))
    } catch (error) {
      throw await this.#explainDriver(id, error)
    }
  }

  /** What the engine holds beside containers, as it told lately. */
  objects<Kind extends keyof EngineObjects>(kind: Kind): Promise<Kept<EngineObjects[Kind]>> {
    return this.#objects[kind].get()
  }

  /** As it was last measured; asks nobody. */
  get knownDiskUse(): DiskUse | null {
    return this.#objects.disk.latest
  }

  /** A container has a terminal for life, so one inspect tells. */
  async #logOf(
    id: string,
  ): Promise<(request: Omit<LogRequest, 'isTty'>, signal: AbortSignal) => AsyncIterable<readonly LogLine[]>> {
    const isTty = this.#parts.isTty(id) ?? (await this.inspect(id)).tty
    return (request, signal) => this.#parts.engine.logs(id, { ...request, isTty }, signal)
  }

  /** Whether a container writes, or is about to again. */
  async #isAlive(id: string, signal: AbortSignal): Promise<boolean> {
    try {
      const { state } = await this.#parts.engine.inspect(id, signal)
      return state === 'running' || state === 'paused' || state === 'restarting'
    } catch (error) {
      if (error instanceof ApiError && error.code === 'container-not-found') return false
      throw error
    }
  }

  /** Which log driver it is that cannot be read: the engine does not say. */
  async #explainDriver(id: string, error: unknown): Promise<unknown> {
    if (!(error instanceof ApiError) || error.code !== 'log-driver-unreadable') return error
    try {
      const { logDriver } = await this.inspect(id)
      if (!DRIVER_NAME.test(logDriver)) return error
      const detail = `The log driver ${logDriver} of this container keeps nothing that the engine can read back.`
      const { engineStatus } = error
      return new ApiError(error.code, error.message, { detail, ...(engineStatus === null ? {} : { engineStatus }) })
    } catch {
      return error
    }
  }

  /** Callers who ask for the same at the same time share one call. */
  async #lookUp<T>(key: string, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const life = this.#parts.life()
    const under = this.#lookups.get(key) as Promise<T> | undefined
    if (under !== undefined) return under
    const lookup = ask(life).finally(() => this.#lookups.delete(key))
    this.#lookups.set(key, lookup)
    return lookup
  }

  #kept<T>(maxAgeMs: number, ask: (signal: AbortSignal) => Promise<T>): KeptAnswer<T> {
    return new KeptAnswer({ ask: async () => ask(this.#parts.life()), maxAgeMs, clock: this.#parts.clock })
  }
}
