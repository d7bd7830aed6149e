/** Works through keys, so many at once. A key that is added while it is worked on is worked on once more, never twice at once. */
export class WorkQueue {
  readonly #concurrency: number
  readonly #work: (key: string) => Promise<void>
  readonly #waiting = new Set<string>()
  readonly #running = new Set<string>()

  /** `work` settles its own faults: what it throws ends nothing and is nobody's to see. */
  constructor(concurrency: number, work: (key: string) => Promise<void>) {
    this.#concurrency = concurrency
    this.#work = work
  }

  add(key: string): void {
    this.#waiting.add(key)
    this.#next()
  }

  clear(): void {
    this.#waiting.clear()
  }

  #next(): void {
    for (const key of this.#waiting) {
      if (this.#running.size >= this.#concurrency) return
      if (this.#running.has(key)) continue
      this.#waiting.delete(key)
      this.#running.add(key)
      void this.#run(key)
    }
  }

  async #run(key: string): Promise<void> {
    try {
      await this.#work(key)
    } finally {
      this.#running.delete(key)
      this.#next()
    }
  }
}
