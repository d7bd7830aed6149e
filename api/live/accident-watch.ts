import { type ContainerEvent, eventMilliseconds } from '../model/container-event.js'
import { CRASHES_OF_A_LOOP } from '../model/problem.js'
import type { Accidents } from './inventory.js'

/** A container that is asked to end gets 10 s unless told otherwise, and some are given minutes. */
const ASKED_WITHIN_MS = 5 * 60_000

/** Times kept of each kind: as many as make a loop, and some to show. */
const MAX_TIMES = CRASHES_OF_A_LOOP + 5

/** SIGHUP asks to read the configuration again; every other signal is somebody's way to say: end (httpd's is SIGWINCH). */
const RELOAD_SIGNAL = 1

interface Past {
  crashes: readonly number[]
  memoryKills: readonly number[]
  /** When somebody last asked it to end; null once it has. */
  askedAt: number | null
}

/** Tells from an engine's events which containers ended though nobody had asked for it. Times are the engine's. */
export class AccidentWatch {
  readonly #records = new Map<string, Past>()

  /** What is known of the container now; null where the event adds nothing to it. */
  take(event: ContainerEvent): Accidents | null {
    const { containerId, action } = event
    if (action === 'destroy') this.#records.delete(containerId)
    if (action !== 'kill' && action !== 'die' && action !== 'oom') return null
    const record = this.#records.get(containerId) ?? { crashes: [], memoryKills: [], askedAt: null }
    this.#records.set(containerId, record)
    const at = eventMilliseconds(event)
    if (action === 'kill') {
      if (event.signal !== RELOAD_SIGNAL) record.askedAt = at
      return null
    }
    if (action === 'oom') record.memoryKills = [...record.memoryKills, at].slice(-MAX_TIMES)
    else {
      const wasAsked = record.askedAt !== null && at - record.askedAt < ASKED_WITHIN_MS
      record.askedAt = null
      if (wasAsked) return null
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
