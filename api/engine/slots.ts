/** Hands out a bounded number of places, first come first served. */
export class Slots {
  readonly #limit: number
  readonly #waiting = new Set<() => void>()
  #taken = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * Runs `start` as soon as a place is free: within this call where one is. What `start` is given, and what is returned,
   * gives back the place, or the place in the line; to call it again does nothing.
   */
  enter(start: (leave: () => void) => void): () => void {
    let hasLeft = false
    const begin = () => {
      this.#taken += 1
      start(leave)
    }
    const leave = () => {
      if (hasLeft) return
      hasLeft = true
      if (this.#waiting.delete(begin)) return
      this.#taken -= 1
      this.#next()
    }
    if (this.#taken < this.#limit) begin()
    else this.#waiting.add(begin)
    return leave
  }

  #next(): void {
    const [first] = this.#waiting
    if (first === undefined || this.#taken >= this.#limit) return
    this.#waiting.delete(first)
    first()
  }
}
