import type { Clock } from '../../clock.js'

/** Milliseconds between two marks while nothing but gaps arrives: each mark wakes every reader, and an engine can send thousands a second. */
const GAP_MARK_MS = 1_000

/** Marks gaps where events are missing: the first at once, those that follow soon as one. */
export class GapMarker {
  readonly #clock: Clock
  readonly #mark: () => void
  #cancel: (() => void) | null = null
  #isPending = false

  constructor(clock: Clock, mark: () => void) {
    this.#clock = clock
    this.#mark = mark
  }

  /** An event is missing here. */
  add(): void {
    if (this.#cancel !== null) this.#isPending = true
    else this.#markNow()
  }

  /** Marks what is pending, so that the gap stands before what comes next. */
  flush(): void {
    if (!this.#isPending) return
    this.#cancel?.()
    this.#markNow()
  }

  /** Nothing more arrives. */
  end(): void {
    this.flush()
    this.#cancel?.()
    this.#cancel = null
  }

  #markNow(): void {
    this.#isPending = false
    this.#cancel = this.#clock.after(GAP_MARK_MS, () => {
      this.#cancel = null
      this.flush()
    })
    this.#mark()
  }
}
