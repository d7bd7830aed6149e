import { FairQueue } from '../../concurrency/fair-queue.js'
import { wideNetworkOf } from './wide-network.js'

/** What waits, and the key that limits count its address by. */
interface Waiting {
  readonly addressKey: string
}

/**
 * A bounded line in which wide networks take turns, and within each the addresses. When it is full, a newcomer takes the place of
 * one from a network that holds more, or from an address of its own network that does: a flood from one provider competes with
 * itself. It stays a line for each network, so a botnet that is spread over more networks than there are places fills it.
 */
export class WaitingLine<T extends Waiting> {
  readonly #limit: number
  /** The first network is next. */
  readonly #networks = new Map<string, Network<T>>()
  #size = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Adds at the end of its address, and returns who has to go for it: nobody where there was room, the item itself where none is. */
  push(item: T): T | null {
    const network = this.#networks.get(wideNetworkOf(item.addressKey))
    if (this.#size >= this.#limit) {
      const evicted = this.#placeFor(item, network)
      if (evicted === null) return item
      this.#remove(evicted)
      this.#add(item)
      return evicted
    }
    this.#add(item)
    return null
  }

  shift(): T | undefined {
    const [next] = this.#networks
    if (next === undefined) return undefined
    const [name, network] = next
    const item = network.shift()
    this.#networks.delete(name)
    if (item === undefined) return undefined
    this.#size -= 1
    // To the end of the turn.
    if (network.size > 0) this.#networks.set(name, network)
    return item
  }

  /** A place goes to a newcomer who would hold no more with it than the other has left. Anything else would only change sides. */
  #placeFor({ addressKey }: T, own: Network<T> | undefined): T | null {
    const greediest = mostOf(this.#networks.values(), ({ size }) => size)
    if (greediest === null) return null
    if (own !== greediest && (own?.size ?? 0) + 1 < greediest.size) return greediest.newest
    if (own === undefined) return null
    const greedy = own.greediestAddress
    return own.sizeOf(addressKey) + 1 < own.sizeOf(greedy) ? own.newestOf(greedy) : null
  }

  #add(item: T): void {
    const name = wideNetworkOf(item.addressKey)
    const network = this.#networks.get(name) ?? new Network<T>()
    this.#networks.set(name, network)
    network.push(item)
    this.#size += 1
  }

  #remove(item: T): void {
    const name = wideNetworkOf(item.addressKey)
    const network = this.#networks.get(name)
    if (network === undefined) return
    network.remove(item)
    if (network.size === 0) this.#networks.delete(name)
    this.#size -= 1
  }
}

/** What waits from one network. */
class Network<T extends Waiting> {
  readonly #queue = new FairQueue<T>()
  /** In order of arrival. */
  readonly #items = new Set<T>()

  get size(): number {
    return this.#items.size
  }

  get newest(): T | null {
    return [...this.#items].at(-1) ?? null
  }

  get greediestAddress(): string {
    return mostOf(this.#items, ({ addressKey }) => this.sizeOf(addressKey))?.addressKey ?? ''
  }

  sizeOf(addressKey: string): number {
    return this.#queue.sizeOf(addressKey)
  }

  newestOf(addressKey: string): T | null {
    return [...this.#items].filter((item) => item.addressKey === addressKey).at(-1) ?? null
  }

  push(item: T): void {
    this.#queue.push(item.addressKey, item)
    this.#items.add(item)
  }

  shift(): T | undefined {
    const item = this.#queue.shift()
    if (item !== undefined) this.#items.delete(item)
    return item
  }

  remove(item: T): void {
    this.#queue.remove(item.addressKey, item)
    this.#items.delete(item)
  }
}

/** The first of those that have most. */
function mostOf<T>(items: Iterable<T>, of: (item: T) => number): T | null {
  let most: T | null = null
  for (const item of items) if (most === null || of(item) > of(most)) most = item
  return most
}
