import type { Clock } from '../../clock.js'
import { LINGER_MS } from './sampler.js'

/**
 * Readings a second of watched containers, over all hosts. Each costs this process half a millisecond, so one page that watches
 * thousands of containers each second would leave no time for anything else.
 */
export const MAX_WATCHED_READINGS_PER_SECOND = 500

/** Of one party: a dashboard of 100 containers each second, or of 500 each 5 s. It takes five such parties to share the whole. */
export const MAX_WATCHED_READINGS_PER_PARTY = 100

/** How often those that no longer look are forgotten. It goes through all watchers: hundreds of streams look each second. */
const SWEEP_INTERVAL_MS = 1_000

export interface WatchRequest {
  /** The same for each look of one watcher. */
  readonly key: string
  /** Who looks. Parties that look at the same share what it costs. */
  readonly parties: Iterable<string>
  /** Containers. */
  readonly count: number
  readonly intervalMs: number
}

interface Watch {
  readonly payer: string
  readonly readingsPerSecond: number
  readonly until: number
}

/**
 * Shares out the readings of watched containers among the parties that watch. A party that asks for more than its share has its
 * own containers read less often, all of them evenly. Of the parties that look at the same, the one that asks for least besides
 * pays for it: joining a view makes it slower for nobody.
 */
export class WatchShares {
  readonly #clock: Clock
  readonly #watches = new Map<string, Watch>()
  /** Readings a second that each party asks for. */
  #wants = new Map<string, number>()
  #share = Number.POSITIVE_INFINITY
  #sweptAt = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whole milliseconds between two readings of each container. A watcher asks again with each look. */
  paceMs({ key, parties, count, intervalMs }: WatchRequest): number {
    const now = this.#clock.now()
    const readingsPerSecond = (count * 1_000) / intervalMs
    const before = this.#remove(key)
    const payer = this.#leastOf(parties)
    this.#watches.set(key, { payer, readingsPerSecond, until: now + intervalMs + LINGER_MS })
    this.#wants.set(payer, this.#wantOf(payer) + readingsPerSecond)
    if (now - this.#sweptAt >= SWEEP_INTERVAL_MS) this.#sweep(now)
    else if (before?.payer !== payer || before.readingsPerSecond !== readingsPerSecond) this.#shareOut()
    const slowdown = this.#wantOf(payer) / Math.min(MAX_WATCHED_READINGS_PER_PARTY, this.#share)
    return Math.round(intervalMs * Math.max(1, slowdown))
  }

  #remove(key: string): Watch | undefined {
    const watch = this.#watches.get(key)
    if (watch === undefined) return undefined
    this.#watches.delete(key)
    this.#wants.set(watch.payer, this.#wantOf(watch.payer) - watch.readingsPerSecond)
    return watch
  }

  #leastOf(parties: Iterable<string>): string {
    let least: string | null = null
    for (const party of parties) if (least === null || this.#wantOf(party) < this.#wantOf(least)) least = party
    return least ?? ''
  }

  #wantOf(party: string): number {
    return this.#wants.get(party) ?? 0
  }

  #sweep(now: number): void {
    this.#sweptAt = now
    this.#wants = new Map()
    for (const [key, { payer, readingsPerSecond, until }] of this.#watches) {
      if (until > now) this.#wants.set(payer, this.#wantOf(payer) + readingsPerSecond)
      else this.#watches.delete(key)
    }
    this.#shareOut()
  }

  #shareOut(): void {
    const wants = [...this.#wants.values()].map((wanted) => Math.min(wanted, MAX_WATCHED_READINGS_PER_PARTY))
    this.#share = evenShare(wants, MAX_WATCHED_READINGS_PER_SECOND)
  }
}

/** The most that each gets so that all together get `total`. Who wants less leaves the rest to the others. Infinite if it is enough for all. */
export function evenShare(wants: readonly number[], total: number): number {
  let left = total
  let others = wants.length
  for (const wanted of [...wants].sort((a, b) => a - b)) {
    if (wanted * others > left) return left / others
    left -= wanted
    others -= 1
  }
  return Number.POSITIVE_INFINITY
}
