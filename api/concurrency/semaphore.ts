/** Gives a place back, whether it was had or only waited for. A second call does nothing. */
export type Release = () => void

export interface EnterOptions {
  /** Stands before everyone who is not preferred. */
  readonly isPreferred?: boolean
}

/** Lets at most `limit` run at once. The rest wait in the order in which they came, the preferred first. */
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
   * Calls `start` as soon as there is a place: within this call where one is free. The release that `start` is given is the one
   * that this call returns.
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

  /** Runs the work once there is a place, and gives what it gives. */
  async run<T>(work: () => Promise<T>, options: EnterOptions = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      this.enter((release) => {
        // A promise of its own, so that work which throws at once is a rejection too.
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
