import type { Engine, LogRequest } from '../../engine/engine.js'
import type { CallUse } from '../../model/engine-use.js'
import { ApiError } from '../../model/error.js'
import type { EngineTime, LogLine } from '../../model/log-line.js'

/** Passes every call on to an engine and keeps count of it: what is asked of an engine is a cost that its owner wants to see. */
export class EngineMeter implements Engine {
  readonly #engine: Engine
  readonly #uses = new Map<string, { call: string; result: string; count: number; seconds: number }>()

  #logRedactions = 0

  constructor(engine: Engine) {
    this.#engine = engine
  }

  get uses(): readonly CallUse[] {
    return [...this.#uses.values()]
  }

  /** Secrets that were taken out of log lines. */
  get logRedactions(): number {
    return this.#logRedactions
  }

  ping(signal: AbortSignal) {
    return this.#count('ping', signal, this.#engine.ping(signal))
  }

  version(signal: AbortSignal) {
    return this.#count('version', signal, this.#engine.version(signal))
  }

  info(signal: AbortSignal) {
    return this.#count('info', signal, this.#engine.info(signal))
  }

  containers(ids: readonly string[] | null, signal: AbortSignal) {
    return this.#count('list', signal, this.#engine.containers(ids, signal))
  }

  inspect(id: string, signal: AbortSignal) {
    return this.#count('inspect', signal, this.#engine.inspect(id, signal))
  }

  stats(id: string, signal: AbortSignal) {
    return this.#count('stats', signal, this.#engine.stats(id, signal))
  }

  top(id: string, signal: AbortSignal) {
    return this.#count('top', signal, this.#engine.top(id, signal))
  }

  changes(id: string, signal: AbortSignal) {
    return this.#count('changes', signal, this.#engine.changes(id, signal))
  }

  images(signal: AbortSignal) {
    return this.#count('images', signal, this.#engine.images(signal))
  }

  networks(signal: AbortSignal) {
    return this.#count('networks', signal, this.#engine.networks(signal))
  }

  volumes(signal: AbortSignal) {
    return this.#count('volumes', signal, this.#engine.volumes(signal))
  }

  diskUse(signal: AbortSignal) {
    return this.#count('disk', signal, this.#engine.diskUse(signal))
  }

  events(since: EngineTime | null, signal: AbortSignal, onOpen: (engineNow: number | null) => void) {
    return this.#countStream('events', signal, this.#engine.events(since, signal, onOpen))
  }

  async *logs(id: string, request: LogRequest, signal: AbortSignal): AsyncGenerator<readonly LogLine[]> {
    for await (const lines of this.#countStream('logs', signal, this.#engine.logs(id, request, signal))) {
      for (const { redactions } of lines) this.#logRedactions += redactions
      yield lines
    }
  }

  close(): void {
    this.#engine.close()
  }

  async *#countStream<T>(call: string, signal: AbortSignal, source: AsyncIterable<T>): AsyncGenerator<T> {
    const startedAt = performance.now()
    let result = 'ok'
    try {
      yield* source
    } catch (error) {
      result = resultOf(error, signal)
      throw error
    } finally {
      this.#add(call, result, startedAt)
    }
  }

  async #count<T>(call: string, signal: AbortSignal, answer: Promise<T>): Promise<T> {
    const startedAt = performance.now()
    try {
      const value = await answer
      this.#add(call, 'ok', startedAt)
      return value
    } catch (error) {
      this.#add(call, resultOf(error, signal), startedAt)
      throw error
    }
  }

  #add(call: string, result: string, startedAt: number): void {
    const key = `${call} ${result}`
    const use = this.#uses.get(key) ?? { call, result, count: 0, seconds: 0 }
    use.count += 1
    use.seconds += (performance.now() - startedAt) / 1_000
    this.#uses.set(key, use)
  }
}

function resultOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'aborted'
  return error instanceof ApiError ? error.code : 'internal'
}
