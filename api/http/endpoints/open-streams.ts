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

/** The open streams: bounds their number, and ends all of them at a stop. */
export class OpenStreams {
  readonly #quota: Quota
  readonly #ends = new Set<() => void>()

  constructor(perHolder = MAX_STREAMS_PER_SUBJECT, total = MAX_STREAMS) {
    this.#quota = new Quota({ perHolder, total, refusal })
  }

  get count(): number {
    return this.#quota.count
  }

  /** Counts a stream until the release is called. `end` runs when all streams must end. Throws too-many-streams. */
  open(subject: string, end: () => void): Release {
    const release = this.#quota.acquire(subject)
    this.#ends.add(end)
    return () => {
      this.#ends.delete(end)
      release()
    }
  }

  endAll(): void {
    for (const end of [...this.#ends]) end()
  }
}

function refusal(bound: QuotaBound): ApiError {
  return new ApiError('too-many-streams', bound === 'holder' ? 'too many of this subject' : 'too many in all')
}
