/** Returns a permit, or stops waiting for one. A second call does nothing. */
export type Release = () => void

/** Lets at most `limit` run at once. The others wait in order of arrival. */
export class Semaphore {
  readonly #limit: number
  readonly #waiting = new Set<() => void>()
  #running = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * Calls `start` as soon as there is a permit, within this call if one is free. The release that `start` gets is the one that
   * this call returns.
   */
  enter(start: (release: Release) => void): Release {
    let isReleased = false
    const begin = () => {
      this.#running += 1
      start(release)
    }
    const release = () => {
      if (isReleased) return
      isReleased = true
      if (this.#waiting.delete(begin)) return
      this.#running -= 1
      this.#next()
    }
    if (this.#running < this.#limit) begin()
    else this.#waiting.add(begin)
    return release
  }

  #next(): void {
    const [first] = this.#waiting
    if (first === undefined || this.#running >= this.#limit) return
    this.#waiting.delete(first)
    first()
  }
}
