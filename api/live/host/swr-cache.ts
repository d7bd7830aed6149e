import type { Clock } from '../../clock.js'
import type { RecordCall } from '../../model/engine-call.js'
import { ApiError } from '../../model/error.js'
import { settlesWithin } from '../settles-within.js'

/** Milliseconds that a caller waits for a fresh value before getting an older one, or the answers of the other hosts. */
const PATIENCE_MS = 2_500

/** Milliseconds before an engine is asked again after a failure, however many callers come. */
const RETRY_MS = 2_000

const PENDING = new ApiError('engine-timeout', 'not fetched yet; the call goes on', {
  detail: 'The container engine has not answered yet, and is still being waited for: ask again in a moment.',
})

export interface Fetched<T> {
  /** Null if none was ever fetched. */
  readonly value: T | null
  /** When it was fetched, in milliseconds since 1970. */
  readonly observedAt: number | null
  /** Why there is no newer value; null if it is fresh enough. */
  readonly fault: ApiError | null
  /** Whether a newer value is still being fetched. */
  readonly isPending: boolean
}

export interface SwrCacheOptions<T> {
  readonly fetch: (recordCall: RecordCall) => Promise<T>
  /** A value younger than this is fresh enough. */
  readonly maxAgeMs: number
  readonly clock: Clock
}

/**
 * A stale-while-revalidate cache of one value, fetched on demand and at most once at a time. If the value is too old, a caller
 * waits a moment for a newer one, then gets the older one with its age. So a slow engine delays an answer by no more than that.
 */
export class SwrCache<T> {
  readonly #options: SwrCacheOptions<T>
  #value: T | null = null
  #observedAt: number | null = null
  #fault: ApiError | null = null
  #failedAt = Number.NEGATIVE_INFINITY
  #fetching: Promise<void> | null = null
  /** Callers who wait for the engine now. */
  readonly #recorders = new Set<RecordCall>()

  constructor(options: SwrCacheOptions<T>) {
    this.#options = options
  }

  /** `recordCall` gets the record of a call that the caller caused or waited for. */
  async get(recordCall?: RecordCall): Promise<Fetched<T>> {
    const { clock, maxAgeMs } = this.#options
    if (this.#observedAt !== null && this.#fault === null && clock.now() - this.#observedAt < maxAgeMs)
      return this.#fetched(null)
    if (this.#fetching === null && clock.now() - this.#failedAt < RETRY_MS) return this.#fetched(this.#fault)
    // Wrapped, so that the same function passed twice counts as two callers.
    const recorder: RecordCall = (record) => recordCall?.(record)
    this.#recorders.add(recorder)
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = null
    })
    const isOver = await settlesWithin(this.#fetching, PATIENCE_MS, clock)
    this.#recorders.delete(recorder)
    return this.#fetched(isOver ? this.#fault : PENDING)
  }

  /** The last value, of any age. Fetches nothing. */
  get latest(): T | null {
    return this.#value
  }

  #fetched(fault: ApiError | null): Fetched<T> {
    return { value: this.#value, observedAt: this.#observedAt, fault, isPending: fault === PENDING }
  }

  /** Never rejects. */
  async #fetch(): Promise<void> {
    const { fetch, clock } = this.#options
    try {
      this.#value = await fetch((record) => {
        for (const recordCall of this.#recorders) recordCall(record)
      })
      this.#observedAt = clock.now()
      this.#fault = null
    } catch (error) {
      this.#fault = error instanceof ApiError ? error : new ApiError('internal', 'unexpected', { cause: error })
      this.#failedAt = clock.now()
    }
  }
}
