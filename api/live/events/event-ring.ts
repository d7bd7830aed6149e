import type { RecordedEvent } from '../../model/container-event.js'

/** A bounded number of the newest events, oldest first. */
export class EventRing {
  readonly #capacity: number
  #events: RecordedEvent[] = []
  #lostUntil = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** The position of the newest dropped event; 0 if none was dropped. */
  get lostUntil(): number {
    return this.#lostUntil
  }

  /** Drops half of the ring at once, so that adding one event costs next to nothing. */
  add(event: RecordedEvent): void {
    this.#events.push(event)
    if (this.#events.length < this.#capacity * 2) return
    this.#lostUntil = this.#events[this.#events.length - this.#capacity - 1]?.seq ?? 0
    this.#events = this.#events.slice(-this.#capacity)
  }

  after(position: number): readonly RecordedEvent[] {
    let first = this.#events.length
    while (first > 0 && (this.#events[first - 1]?.seq ?? 0) > position) first -= 1
    return this.#events.slice(first)
  }

  find(id: string): RecordedEvent | null {
    return this.#events.findLast((event) => event.id === id) ?? null
  }
}
