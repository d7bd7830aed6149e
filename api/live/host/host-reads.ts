import type { Clock } from '../../clock.js'
import { STOPWATCH } from '../../concurrency/event-loop-yield.js'
import type { Engine, LogRequest } from '../../engine/engine.js'
import type { InspectedContainer } from '../../model/container.js'
import type { CallRecord, RecordCall } from '../../model/engine-call.js'
import type { DiskUse } from '../../model/engine-object.js'
import { ApiError } from '../../model/error.js'
import type { ChangeList } from '../../model/file-change.js'
import type { LogCursor, LogFollowQuery, LogLine, LogPage, LogQuery, LogStep } from '../../model/log-line.js'
import type { ProcessList } from '../../model/process.js'
import { followLog, type LogSource } from '../logs/log-follower.js'
import { readTail } from '../logs/log-reader.js'
import type { TokenBucket } from '../logs/token-bucket.js'
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
  /** Shared by all hosts. */
  readonly lineBucket: TokenBucket
}

/** A call that is under way, and who gets its record. */
interface Lookup {
  answer: Promise<unknown>
  readonly recorders: (RecordCall | undefined)[]
  /** Null until the call has ended. */
  record: CallRecord | null
}

/**
 * What callers wait for one engine for: what memory does not hold. Every read rejects at once where the host is not live.
 * `recordCall` gets each call that was made for the caller, or that they shared.
 */
export class HostReads {
  readonly #parts: HostReadsParts
  readonly #objects: { readonly [Kind in keyof EngineObjects]: KeptAnswer<EngineObjects[Kind]> }
  /** Calls under way, by what they ask. */
  readonly #lookups = new Map<string, Lookup>()
  #logRedactions = 0

  constructor(parts: HostReadsParts) {
    this.#parts = parts
    const { engine } = parts
    this.#objects = {
      images: this.#kept(OBJECTS_MAX_AGE_MS, (signal, recordCall) => engine.images(signal, recordCall)),
      networks: this.#kept(OBJECTS_MAX_AGE_MS, (signal, recordCall) => engine.networks(signal, recordCall)),
      volumes: this.#kept(OBJECTS_MAX_AGE_MS, (signal, recordCall) => engine.volumes(signal, recordCall)),
      disk: this.#kept(DISK_USE_MAX_AGE_MS, (signal, recordCall) => engine.diskUse(signal, recordCall)),
    }
  }

  inspect(id: string, recordCall?: RecordCall): Promise<InspectedContainer> {
    const { engine } = this.#parts
    return this.#lookUp(`inspect ${id}`, recordCall, (signal, record) => engine.inspect(id, signal, record))
  }

  top(id: string, recordCall?: RecordCall): Promise<ProcessList> {
    const { engine } = this.#parts
    return this.#lookUp(`top ${id}`, recordCall, (signal, record) => engine.top(id, signal, record))
  }

  changes(id: string, recordCall?: RecordCall): Promise<ChangeList> {
    const { engine } = this.#parts
    return this.#lookUp(`changes ${id}`, recordCall, (signal, record) => engine.changes(id, signal, record))
  }

  /** `signal`: whoever asks has gone. */
  async readLog(id: string, query: LogQuery, signal: AbortSignal, recordCall?: RecordCall): Promise<LogPage> {
    const life = this.#parts.life()
    const open = await this.#logOf(id, recordCall)
    const deadline = AbortSignal.timeout(READ_LOG_MS)
    const ends = AbortSignal.any([life, signal, deadline])
    try {
      return await readTail((request) => open(request, ends), query)
    } catch (error) {
      if (deadline.aborted) throw new ApiError('engine-timeout', `a log was not read within ${READ_LOG_MS} ms`)
      throw await this.#explainDriver(id, error, recordCall)
    }
  }

  async *followLog(
    id: string,
    query: LogFollowQuery,
    from: LogCursor | null,
    signal: AbortSignal,
  ): AsyncGenerator<LogStep> {
    const life = this.#parts.life()
    const { clock, lineBucket } = this.#parts
    const source: LogSource = {
      open: await this.#logOf(id),
      isAlive: (asked) => this.#isAlive(id, asked),
      lineBucket,
      clock,
      stopwatch: STOPWATCH,
    }
    try {
      yield* followLog(source, query, from, AbortSignal.any([signal, life]))
    } catch (error) {
      throw await this.#explainDriver(id, error)
    }
  }

  /** What the engine holds beside containers, as it told lately. */
  async objects<Kind extends keyof EngineObjects>(
    kind: Kind,
    recordCall?: RecordCall,
  ): Promise<Kept<EngineObjects[Kind]>> {
    const startedAt = performance.now()
    const kept = await this.#objects[kind].get(recordCall)
    // The call goes on, and the caller no longer waits for it: of their part in it there is no other record.
    if (kept.isPending) {
      const milliseconds = performance.now() - startedAt
      recordCall?.({ read: kind, status: null, milliseconds, bytes: 0, result: 'engine-timeout' })
    }
    return kept
  }

  /** Secrets that were taken out of log lines, of followed logs too. */
  get logRedactions(): number {
    return this.#logRedactions
  }

  /** As it was last measured; asks nobody. */
  get knownDiskUse(): DiskUse | null {
    return this.#objects.disk.latest
  }

  /** A container has a terminal for life, so one inspect tells. */
  async #logOf(
    id: string,
    recordCall?: RecordCall,
  ): Promise<(request: Omit<LogRequest, 'isTty'>, signal: AbortSignal) => AsyncIterable<readonly LogLine[]>> {
    const isTty = this.#parts.isTty(id) ?? (await this.inspect(id, recordCall)).tty
    return (request, signal) =>
      this.#countRedactions(this.#parts.engine.logs(id, { ...request, isTty }, signal, recordCall))
  }

  async *#countRedactions(log: AsyncIterable<readonly LogLine[]>): AsyncGenerator<readonly LogLine[]> {
    for await (const lines of log) {
      for (const { redactions } of lines) this.#logRedactions += redactions
      yield lines
    }
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
  async #explainDriver(id: string, error: unknown, recordCall?: RecordCall): Promise<unknown> {
    if (!(error instanceof ApiError) || error.code !== 'log-driver-unreadable') return error
    try {
      const { logDriver } = await this.inspect(id, recordCall)
      if (!DRIVER_NAME.test(logDriver)) return error
      const detail = `The log driver ${logDriver} of this container keeps nothing that the engine can read back.`
      const { engineStatus } = error
      return new ApiError(error.code, error.message, { detail, ...(engineStatus === null ? {} : { engineStatus }) })
    } catch {
      return error
    }
  }

  /** Callers who ask for the same at the same time share one call, and each gets its record. */
  async #lookUp<T>(
    key: string,
    recordCall: RecordCall | undefined,
    ask: (signal: AbortSignal, recordCall: RecordCall) => Promise<T>,
  ): Promise<T> {
    const life = this.#parts.life()
    const shared = this.#lookups.get(key)
    if (shared !== undefined) {
      if (shared.record === null) shared.recorders.push(recordCall)
      else recordCall?.(shared.record)
      return shared.answer as Promise<T>
    }
    const lookup: Lookup = { answer: Promise.resolve(), recorders: [recordCall], record: null }
    const answer = ask(life, (record) => {
      lookup.record = record
      for (const one of lookup.recorders) one?.(record)
    }).finally(() => this.#lookups.delete(key))
    lookup.answer = answer
    this.#lookups.set(key, lookup)
    return answer
  }

  #kept<T>(maxAgeMs: number, ask: (signal: AbortSignal, recordCall: RecordCall) => Promise<T>): KeptAnswer<T> {
    const { life, clock } = this.#parts
    return new KeptAnswer({ ask: async (recordCall) => ask(life(), recordCall), maxAgeMs, clock })
  }
}
