import { type Clock, sleep } from '../../clock.js'
import type { RecordCall } from '../../model/engine-call.js'
import { ApiError } from '../../model/error.js'

/** Milliseconds that a caller waits for a fresh answer where an older one is at hand, or where other hosts have theirs. */
const PATIENCE_MS = 2_500

/** Milliseconds before an engine that has just refused or failed is asked again, however many callers come. */
const RETRY_MS = 2_000

const PENDING = new ApiError('engine-timeout', 'not answered yet; the question goes on', {
  detail: 'The container engine has not answered yet, and is still being waited for: ask again in a moment.',
})

export interface Kept<T> {
  /** Null where none was ever given. */
  readonly value: T | null
  /** When it was given, milliseconds since 1970. */
  readonly observedAt: number | null
  /** Why there is no newer one; null where it is as new as it should be. */
  readonly fault: ApiError | null
  /** The engine is asked for a newer one, and has not answered yet. */
  readonly isPending: boolean
}

export interface KeptAnswerOptions<T> {
  readonly ask: (recordCall: RecordCall) => Promise<T>
  /** An answer that is younger is good enough. */
  readonly maxAgeMs: number
  readonly clock: Clock
}

/**
 * An answer of an engine that is asked for when somebody wants it, at most once at a time, and is good for a while. Whoever comes
 * when it is too old waits a moment for a newer one, and then gets the older one with its age: a slow engine delays nobody.
 */
export class KeptAnswer<T> {
  readonly #options: KeptAnswerOptions<T>
  #value: T | null = null
  #observedAt: number | null = null
  #fault: ApiError | null = null
  #failedAt = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | null = null
  /** Of callers who wait for the engine now. */
  readonly #recorders = new Set<RecordCall>()

  constructor(options: KeptAnswerOptions<T>) {
    this.#options = options
  }

  /** `recordCall` gets the record of the call where the caller caused or awaited one. */
  async get(recordCall?: RecordCall): Promise<Kept<T>> {
    const { clock, maxAgeMs } = this.#options
    if (this.#observedAt !== null && this.#fault === null && clock.now() - this.#observedAt < maxAgeMs)
      return this.#kept(null)
    if (this.#asking === null && clock.now() - this.#failedAt < RETRY_MS) return this.#kept(this.#fault)
    // Wrapped, so that a caller who comes twice is two callers.
    const recorder: RecordCall = (record) => recordCall?.(record)
    this.#recorders.add(recorder)
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null
    })
    const patience = new AbortController()
    let isOver = false
    const over = this.#asking.then(() => {
      isOver = true
    })
    await Promise.race([over, sleep(clock, PATIENCE_MS, patience.signal)])
    patience.abort()
    this.#recorders.delete(recorder)
    return this.#kept(isOver ? this.#fault : PENDING)
  }

  /** What is known now; asks nobody. */
  get latest(): T | null {
    return this.#value
  }

  #kept(fault: ApiError | null): Kept<T> {
    return { value: this.#value, observedAt: this.#observedAt, fault, isPending: fault === PENDING }
  }

  async #ask(): Promise<void> {
    try {
      this.#value = await this.#options.ask((record) => {
        for (const recordCall of this.#recorders) recordCall(record)
      })
      this.#observedAt = this.#options.clock.now()
      this.#fault = null
    } catch (error) {
      this.#fault = error instanceof ApiError ? error : new ApiError('internal', 'unexpected', { cause: error })
      this.#failedAt = this.#options.clock.now()
    }
  }
}
