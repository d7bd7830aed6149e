import { type Release, Semaphore } from '../../concurrency/semaphore.js'

/** Works through keys with bounded concurrency. A key that is added while its work runs is run once more, never concurrently. */
export class WorkQueue {
  readonly #semaphore: Semaphore
  readonly #work: (key: string) => Promise<void>
  readonly #waiting = new Map<string, Release>()
  readonly #running = new Set<string>()
  /** Running keys that will run once more. */
  readonly #again = new Set<string>()

  /** `work` must not reject. */
  constructor(concurrency: number, work: (key: string) => Promise<void>) {
    this.#semaphore = new Semaphore(concurrency)
    this.#work = work
  }

  add(key: string): void {
    if (this.#running.has(key)) this.#again.add(key)
    else if (!this.#waiting.has(key)) this.#enter(key)
  }

  /** Drops all work that has not begun. */
  clear(): void {
    this.#again.clear()
    for (const leave of this.#waiting.values()) leave()
    this.#waiting.clear()
  }

  #enter(key: string): void {
    const leave = this.#semaphore.enter((release) => {
      this.#waiting.delete(key)
      this.#running.add(key)
      void this.#run(key, release)
    })
    if (!this.#running.has(key)) this.#waiting.set(key, leave)
  }

  async #run(key: string, release: Release): Promise<void> {
    try {
      await this.#work(key)
    } finally {
      this.#running.delete(key)
      release()
      if (this.#again.delete(key)) this.#enter(key)
    }
  }
}
