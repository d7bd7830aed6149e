/**
 * A queue that parties share. Each party's items keep their order, and the parties take turns: one that adds a thousand items
 * waits for its own, not the others.
 */
export class FairQueue<T> {
  /** The items of each waiting party. The first party is next. */
  readonly #parties = new Map<string, Set<T>>()
  #size = 0

  /** Waiting items. */
  get size(): number {
    return this.#size
  }

  /** Waiting items of one party. */
  sizeOf(party: string): number {
    return this.#parties.get(party)?.size ?? 0
  }

  /** An item may wait once. */
  push(party: string, item: T): void {
    const items = this.#parties.get(party) ?? new Set()
    this.#parties.set(party, items)
    if (items.has(item)) return
    items.add(item)
    this.#size += 1
  }

  /** Takes the oldest item of the party whose turn it is. Undefined if none waits. */
  shift(): T | undefined {
    const [next] = this.#parties
    if (next === undefined) return undefined
    const [party, items] = next
    const [item] = items
    this.#parties.delete(party)
    if (item === undefined) return undefined
    items.delete(item)
    this.#size -= 1
    // To the end of the line.
    if (items.size > 0) this.#parties.set(party, items)
    return item
  }

  /** Takes one item out. Returns whether it waited. */
  remove(party: string, item: T): boolean {
    const items = this.#parties.get(party)
    if (items === undefined || !items.delete(item)) return false
    this.#size -= 1
    if (items.size === 0) this.#parties.delete(party)
    return true
  }
}
