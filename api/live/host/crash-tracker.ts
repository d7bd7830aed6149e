import type { Container } from '../../model/container.js'
import type { ContainerEvent } from '../../model/container-event.js'
import { evictOldest } from '../../model/evict-oldest.js'
import { CRASHES_OF_A_LOOP } from '../../model/problem.js'

/** How long after a stop signal an end counts as requested. Docker waits 10 s by default, and some users allow minutes. */
const ASKED_WITHIN_MS = 5 * 60_000

/** Signals that only ask a process to end: SIGINT, SIGQUIT, SIGKILL, SIGTERM. */
const END_SIGNALS: ReadonlySet<number | null> = new Set([null, 2, 3, 9, 15])

/** Other signals stop some programs (httpd: SIGWINCH) but mean something else to most, so they explain only an end right after. */
const OTHERWISE_WITHIN_MS = 15_000

/** Times held of each kind: enough to detect a loop, and some to show. */
const MAX_TIMES = CRASHES_OF_A_LOOP + 5

/**
 * Containers held until a whole list says which of them exist: twice as many as an engine of ten thousand has. One that sends events
 * of ever new ones loses the history of the oldest.
 */
const MAX_CONTAINERS = 20_000

/** When a container failed, which only events show: milliseconds since 1970. */
export type CrashHistory = Pick<Container, 'crashes' | 'memoryKills'>

interface Entry {
  history: CrashHistory
  /** Until when an end counts as requested; null if none was requested. */
  askedUntil: number | null
}

/** Detects crashes in an engine's events: ends that were not requested and not successful. */
export class CrashTracker {
  readonly #entries = new Map<string, Entry>()

  /** The container's new history; null if the event does not change it. `at`: milliseconds since 1970. */
  record(event: ContainerEvent, at: number): CrashHistory | null {
    const { containerId, action } = event
    if (action === 'destroy') this.#entries.delete(containerId)
    if (action !== 'kill' && action !== 'die' && action !== 'oom') return null
    const entry = this.#entries.get(containerId) ?? { history: { crashes: [], memoryKills: [] }, askedUntil: null }
    this.#entries.set(containerId, entry)
    evictOldest(this.#entries, MAX_CONTAINERS)
    if (action === 'kill') {
      const until = at + (END_SIGNALS.has(event.signal) ? ASKED_WITHIN_MS : OTHERWISE_WITHIN_MS)
      entry.askedUntil = Math.max(entry.askedUntil ?? 0, until)
      return null
    }
    const { crashes, memoryKills } = entry.history
    if (action === 'oom') entry.history = { crashes, memoryKills: [...memoryKills, at].slice(-MAX_TIMES) }
    else {
      const wasAsked = entry.askedUntil !== null && at < entry.askedUntil
      entry.askedUntil = null
      // A job that succeeds and is restarted each minute does not crash.
      if (wasAsked || event.exitCode === 0) return null
      entry.history = { crashes: [...crashes, at].slice(-MAX_TIMES), memoryKills }
    }
    return entry.history
  }

  historyOf(containerId: string): CrashHistory | null {
    return this.#entries.get(containerId)?.history ?? null
  }

  /** Forgets removed containers: their `destroy` may have been missed while the host was not connected. */
  retain(exists: (containerId: string) => boolean): void {
    for (const id of this.#entries.keys()) if (!exists(id)) this.#entries.delete(id)
  }
}
