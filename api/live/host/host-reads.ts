import type { Clock } from '../../clock.js'
import type { Engine } from '../../engine/engine.js'
import type { InspectedContainer } from '../../model/container.js'
import type { RecordCall } from '../../model/engine-call.js'
import type { DiskUse } from '../../model/engine-object.js'
import type { ChangeList } from '../../model/file-change.js'
import type { ProcessList } from '../../model/process.js'
import type { EngineObjects } from '../view.js'
import { SharedCalls } from './shared-calls.js'
import { type Fetched, SwrCache } from './swr-cache.js'

/** How old images, networks and volumes may be. They seldom change, and no client watches them live. */
const OBJECTS_MAX_AGE_MS = 15_000

/** How old disk use may be. Measuring it takes an engine long. */
const DISK_USE_MAX_AGE_MS = 10 * 60_000

export interface HostReadsParts {
  readonly engine: Engine
  readonly clock: Clock
  /** Aborts with the host, not with one connection. Throws engine-unavailable if the host is not live. */
  readonly hostSignal: () => AbortSignal
}

/**
 * Reads that memory cannot answer, so callers wait for the engine. Every read rejects at once if the host is not live.
 * `recordCall` gets each call that was made for the caller or shared with others.
 */
export class HostReads {
  readonly #parts: HostReadsParts
  readonly #objects: { readonly [Kind in keyof EngineObjects]: SwrCache<EngineObjects[Kind]> }
  readonly #calls = new SharedCalls()

  constructor(parts: HostReadsParts) {
    this.#parts = parts
    const { engine } = parts
    this.#objects = {
      images: this.#cache(OBJECTS_MAX_AGE_MS, (signal, record) => engine.images(signal, record)),
      networks: this.#cache(OBJECTS_MAX_AGE_MS, (signal, record) => engine.networks(signal, record)),
      volumes: this.#cache(OBJECTS_MAX_AGE_MS, (signal, record) => engine.volumes(signal, record)),
      disk: this.#cache(DISK_USE_MAX_AGE_MS, (signal, record) => engine.diskUse(signal, record)),
    }
  }

  async inspect(id: string, recordCall?: RecordCall): Promise<InspectedContainer> {
    const { engine, hostSignal } = this.#parts
    const signal = hostSignal()
    return this.#calls.get(`inspect ${id}`, recordCall, (record) => engine.inspect(id, signal, record))
  }

  async top(id: string, recordCall?: RecordCall): Promise<ProcessList> {
    const { engine, hostSignal } = this.#parts
    const signal = hostSignal()
    return this.#calls.get(`top ${id}`, recordCall, (record) => engine.top(id, signal, record))
  }

  async changes(id: string, recordCall?: RecordCall): Promise<ChangeList> {
    const { engine, hostSignal } = this.#parts
    const signal = hostSignal()
    return this.#calls.get(`changes ${id}`, recordCall, (record) => engine.changes(id, signal, record))
  }

  /** Images, networks, volumes or disk use, no older than the kind may be. */
  async objects<Kind extends keyof EngineObjects>(
    kind: Kind,
    recordCall?: RecordCall,
  ): Promise<Fetched<EngineObjects[Kind]>> {
    const startedAt = performance.now()
    const fetched = await this.#objects[kind].get(recordCall)
    // The call goes on without this caller. Nothing else would record that the caller caused it.
    if (fetched.isPending) {
      const milliseconds = performance.now() - startedAt
      recordCall?.({ read: kind, status: null, milliseconds, bytes: 0, result: 'engine-timeout' })
    }
    return fetched
  }

  /** The last measurement, of any age. Asks no engine. */
  get knownDiskUse(): DiskUse | null {
    return this.#objects.disk.latest
  }

  #cache<T>(maxAgeMs: number, fetch: (signal: AbortSignal, recordCall: RecordCall) => Promise<T>): SwrCache<T> {
    const { hostSignal, clock } = this.#parts
    return new SwrCache({ fetch: async (recordCall) => fetch(hostSignal(), recordCall), maxAgeMs, clock })
  }
}
