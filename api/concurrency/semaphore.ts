/** Returns a permit, or stops waiting for one. A second call does nothing. */
export type Release = () => void

export interface EnterOptions {
  /** Enters before all that are not preferred. */
  readonly isPreferred?: boolean
}

/** Lets at most `limit` run at once. The others wait in order of arrival, preferred ones first. */
export class Semaphore {
  readonly #limit: number
  readonly #preferred = new Set<() => void>()
  readonly #others = new Set<() => void>()
  #running = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** How many wait. */
  get waiting(): number {
    return this.#preferred.size + this.#others.size
  }

  /**
   * Calls `start` as soon as there is a permit, within this call if one is free. The release that `start` gets is the one that
   * this call returns.
   */
  enter(start: (release: Release) => void, { isPreferred = false }: EnterOptions = {}): Release {
    const queue = isPreferred ? this.#preferred : this.#others
    let isReleased = false
    const begin = () => {
      this.#running += 1
      start(release)
    }
    const release = () => {
      if (isReleased) return
      isReleased = true
      if (queue.delete(begin)) return
      this.#running -= 1
      this.#next()
    }
    if (this.#running < this.#limit) begin()
    else queue.add(begin)
    return release
  }

  /** Runs the work once there is a permit, and resolves with its result. */
  async run<T>(work: () => Promise<T>, options: EnterOptions = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      this.enter((release) => {
        // Wrapped in a promise, so that work which throws synchronously rejects too.
        new Promise<T>((done) => done(work())).finally(release).then(resolve, reject)
      }, options)
    })
  }

  #next(): void {
    const queue = this.#preferred.size > 0 ? this.#preferred : this.#others
    const [first] = queue
    if (first === undefined || this.#running >= this.#limit) return
    queue.delete(first)
    first()
  }
}
