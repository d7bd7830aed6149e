import type { Engine } from '../engine/engine.js'
import type { CallUse } from '../model/engine-use.js'
import { ApiError } from '../model/error.js'

/** Passes every call on to an engine and keeps count of it: what is asked of an engine is a cost that its owner wants to see. */
export class EngineMeter implements Engine {
  readonly #engine: Engine
  readonly #uses = new Map<string, { call: string; result: string; count: number; seconds: number }>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  get uses(): readonly CallUse[] {
    return [...this.#uses.values()]
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

  async *events(signal: AbortSignal, onOpen: () => void) {
    const startedAt = performance.now()
    let result = 'ok'
    try {
      yield* this.#engine.events(signal, onOpen)
    } catch (error) {
      result = resultOf(error, signal)
      throw error
    } finally {
      this.#add('events', result, startedAt)
    }
  }

  close(): void {
    this.#engine.close()
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
