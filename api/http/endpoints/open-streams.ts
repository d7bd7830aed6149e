import { ApiError } from '../../model/error.js'

/** Streams of one subject: a page has one, a wall of dashboards a dozen. */
export const MAX_STREAMS_PER_SUBJECT = 20

/** Streams of all subjects together: each holds a connection and a few kilobytes. */
export const MAX_STREAMS = 500

/** Answers of megabytes that one subject is given at once: whoever does not read them holds their memory. */
const MAX_HEAVY_PER_SUBJECT = 4
const MAX_HEAVY = 40

/** The places of large answers that are under way. */
export function heavyAnswers(): OpenStreams {
  return new OpenStreams(MAX_HEAVY_PER_SUBJECT, MAX_HEAVY)
}

/** The streams that are open, so that they can be bounded and ended. */
export class OpenStreams {
  readonly #bySubject = new Map<string, Set<() => void>>()
  readonly #maxPerSubject: number
  readonly #max: number
  #count = 0

  constructor(maxPerSubject = MAX_STREAMS_PER_SUBJECT, max = MAX_STREAMS) {
    this.#maxPerSubject = maxPerSubject
    this.#max = max
  }

  get count(): number {
    return this.#count
  }

  /** Takes a place, and gives what gives it back. `end` is called where all are to end. Throws too-many-streams. */
  open(subject: string, end: () => void): () => void {
    const own = this.#bySubject.get(subject) ?? new Set()
    if (own.size >= this.#maxPerSubject) throw new ApiError('too-many-streams', 'too many of this subject')
    if (this.#count >= this.#max) throw new ApiError('too-many-streams', 'too many in all')
    own.add(end)
    this.#bySubject.set(subject, own)
    this.#count += 1
    return () => {
      if (!own.delete(end)) return
      this.#count -= 1
      if (own.size === 0) this.#bySubject.delete(subject)
    }
  }

  endAll(): void {
    for (const own of [...this.#bySubject.values()]) for (const end of [...own]) end()
  }
}
