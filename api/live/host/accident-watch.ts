import type { ContainerEvent } from '../../model/container-event.js'
import { CRASHES_OF_A_LOOP } from '../../model/problem.js'
import type { Accidents } from './inventory.js'

/** A container that is asked to end gets 10 s unless told otherwise, and some are given minutes. */
const ASKED_WITHIN_MS = 5 * 60_000

/** Signals that ask to end and nothing else: SIGINT, SIGQUIT, SIGKILL, SIGTERM. */
const END_SIGNALS: ReadonlySet<number | null> = new Set([null, 2, 3, 9, 15])

/** Others ask some programs to end (httpd: SIGWINCH) and most for something else, so they explain an end that follows at once. */
const OTHERWISE_WITHIN_MS = 15_000

/** Times kept of each kind: as many as make a loop, and some to show. */
const MAX_TIMES = CRASHES_OF_A_LOOP + 5

interface Past {
  crashes: readonly number[]
  memoryKills: readonly number[]
  /** Until when an end is one that somebody asked for; null where nobody has. */
  askedUntil: number | null
}

/** Tells from an engine's events which containers failed: ended though nobody had asked for it, and not with success. */
export class AccidentWatch {
  readonly #records = new Map<string, Past>()

  /** What is known of the container now; null where the event adds nothing to it. `at`: milliseconds since 1970. */
  take(event: ContainerEvent, at: number): Accidents | null {
    const { containerId, action, signal } = event
    if (action === 'destroy') this.#records.delete(containerId)
    if (action !== 'kill' && action !== 'die' && action !== 'oom') return null
    const record = this.#records.get(containerId) ?? { crashes: [], memoryKills: [], askedUntil: null }
    this.#records.set(containerId, record)
    if (action === 'kill') {
      const until = at + (END_SIGNALS.has(signal) ? ASKED_WITHIN_MS : OTHERWISE_WITHIN_MS)
      record.askedUntil = Math.max(record.askedUntil ?? 0, until)
      return null
    }
    if (action === 'oom') record.memoryKills = [...record.memoryKills, at].slice(-MAX_TIMES)
    else {
      const wasAsked = record.askedUntil !== null && at < record.askedUntil
      record.askedUntil = null
      // A job that is done, each minute anew, is no crash.
      if (wasAsked || event.exitCode === 0) return null
      record.crashes = [...record.crashes, at].slice(-MAX_TIMES)
    }
    return this.of(containerId)
  }

  /** Forgets those that are gone, whose end may have been told while nobody listened. */
  keepOnly(exists: (containerId: string) => boolean): void {
    for (const id of this.#records.keys()) if (!exists(id)) this.#records.delete(id)
  }

  of(containerId: string): Accidents | null {
    const record = this.#records.get(containerId)
    return record === undefined ? null : { crashes: record.crashes, memoryKills: record.memoryKills }
  }
}
