import type { Container } from '../../model/container.js'
import type { ContainerEvent } from '../../model/container-event.js'
import { CRASHES_OF_A_LOOP } from '../../model/problem.js'

/** A container that is asked to end gets 10 s by default, and some are given minutes. */
const ASKED_WITHIN_MS = 5 * 60_000

/** Signals that ask to end and nothing else: SIGINT, SIGQUIT, SIGKILL, SIGTERM. */
const END_SIGNALS: ReadonlySet<number | null> = new Set([null, 2, 3, 9, 15])

/** Others ask some programs to end (httpd: SIGWINCH) and most for something else, so they explain an end that follows at once. */
const OTHERWISE_WITHIN_MS = 15_000

/** Times of each kind that stay: as many as make a loop, and some to show. */
const MAX_TIMES = CRASHES_OF_A_LOOP + 5

/** When a container failed, as only events show: milliseconds since 1970. */
export type CrashHistory = Pick<Container, 'crashes' | 'memoryKills'>

interface Entry {
  history: CrashHistory
  /** Until when an end is one that was asked for; null where none was. */
  askedUntil: number | null
}

/** Finds in an engine's events which containers crashed: ended without being asked to, and not with success. */
export class CrashTracker {
  readonly #entries = new Map<string, Entry>()

  /** The container's history now; null where the event adds nothing to it. `at`: milliseconds since 1970. */
  record(event: ContainerEvent, at: number): CrashHistory | null {
    const { containerId, action } = event
    if (action === 'destroy') this.#entries.delete(containerId)
    if (action !== 'kill' && action !== 'die' && action !== 'oom') return null
    const entry = this.#entries.get(containerId) ?? { history: { crashes: [], memoryKills: [] }, askedUntil: null }
    this.#entries.set(containerId, entry)
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
      // A job that ends well, and begins anew each minute, does not crash.
      if (wasAsked || event.exitCode === 0) return null
      entry.history = { crashes: [...crashes, at].slice(-MAX_TIMES), memoryKills }
    }
    return entry.history
  }

  historyOf(containerId: string): CrashHistory | null {
    return this.#entries.get(containerId)?.history ?? null
  }

  /** Forgets the containers that are gone: a `destroy` may have come while the host was not connected. */
  retain(exists: (containerId: string) => boolean): void {
    for (const id of this.#entries.keys()) if (!exists(id)) this.#entries.delete(id)
  }
}
