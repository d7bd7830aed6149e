import { Quota, type QuotaBound } from '../../concurrency/quota.js'
import type { Release } from '../../concurrency/semaphore.js'
import { ApiError } from '../../model/error.js'

/** Streams of one subject: a page has one, a wall of dashboards a dozen. */
export const MAX_STREAMS_PER_SUBJECT = 20

/** Streams of all subjects together: each holds a connection and a few kilobytes. */
export const MAX_STREAMS = 500

/** Answers of megabytes that one subject gets at once. A client that does not read one occupies its memory. */
const MAX_LARGE_RESPONSES_PER_SUBJECT = 4
const MAX_LARGE_RESPONSES = 40

/** Bounds the large responses in progress. */
export function largeResponseQuota(): Quota {
  return new Quota({ perHolder: MAX_LARGE_RESPONSES_PER_SUBJECT, total: MAX_LARGE_RESPONSES, refusal })
}

/**
 * Milliseconds after which a stream may give way to a newer one of its subject. A client that has vanished without a word holds
 * its place for minutes, while those that a page opens at once are all wanted.
 */
const GIVES_WAY_AFTER_MS = 60_000

interface OpenStream {
  readonly openedAt: number
  readonly end: (reason: ApiError) => void
  readonly release: Release
}

/** The open streams: bounds their number, and ends all of them at a stop. */
export class OpenStreams {
  readonly #quota: Quota
  readonly #perHolder: number
  /** Of each subject, the oldest first. */
  readonly #streams = new Map<string, Set<OpenStream>>()
  /** Why no stream opens any more; null until the stop. */
  #stopReason: ApiError | null = null

  constructor(perHolder = MAX_STREAMS_PER_SUBJECT, total = MAX_STREAMS) {
    this.#quota = new Quota({ perHolder, total, refusal })
    this.#perHolder = perHolder
  }

  get count(): number {
    return this.#quota.count
  }

  /**
   * Counts a stream until the release is called. `end` runs when the stream must end: at a stop, or where it gives way. Throws
   * too-many-streams, and at a stop its reason.
   */
  open(subject: string, now: number, end: OpenStream['end']): Release {
    if (this.#stopReason !== null) throw this.#stopReason
    const own = this.#streams.get(subject) ?? new Set()
    const [oldest] = own
    if (own.size >= this.#perHolder && oldest !== undefined && now - oldest.openedAt >= GIVES_WAY_AFTER_MS) {
      // Its place is free at once: a client that has vanished does not read its end either.
      oldest.release()
      oldest.end(GAVE_WAY)
    }
    const leave = this.#quota.acquire(subject)
    const release = () => {
      leave()
      own.delete(stream)
      if (own.size === 0 && this.#streams.get(subject) === own) this.#streams.delete(subject)
    }
    const stream: OpenStream = { openedAt: now, end, release }
    own.add(stream)
    this.#streams.set(subject, own)
    return release
  }

  /** Ends all streams, and opens no more. */
  endAll(reason: ApiError): void {
    this.#stopReason = reason
    for (const { end } of [...this.#streams.values()].flatMap((own) => [...own])) end(reason)
  }
}

const GAVE_WAY = new ApiError('too-many-streams', 'gave way to a newer stream of its subject')

function refusal(bound: QuotaBound): ApiError {
  return new ApiError('too-many-streams', bound === 'holder' ? 'too many of this subject' : 'too many in all')
}
