import { randomBytes } from 'node:crypto'
import type { EventPassage, Events } from '../view.js'
import { HostJournal } from './host-journal.js'

/**
 * The recent events of all hosts, in order of arrival. The memory is bounded per host. A reader who resumes from a position learns
 * which hosts lost events in between.
 */
export class EventJournal implements Events {
  readonly #hosts = new Map<string, HostJournal>()
  /** Wakes each waiting reader. */
  readonly #readers = new Set<() => void>()
  /** Makes the `beginning` of this process unique. */
  readonly #epoch = randomBytes(8).toString('base64url')
  #seq = 0

  get end(): number {
    return this.#seq
  }

  openHost(hostId: string): HostJournal {
    const journal = new HostJournal(hostId, () => {
      this.#seq += 1
      for (const wake of [...this.#readers]) wake()
      return this.#seq
    })
    this.#hosts.set(hostId, journal)
    return journal
  }

  /** Events after the position, oldest first. */
  after(position: number): EventPassage {
    const journals = [...this.#hosts.values()]
    const events = journals.flatMap((journal) => journal.after(position)).sort((a, b) => a.seq - b.seq)
    return {
      events,
      lostHosts: journals.filter((journal) => journal.hasLostAfter(position)).map(({ hostId }) => hostId),
      next: this.#seq,
    }
  }

  /** The id of the position before all events, for readers that have seen none yet. */
  get beginning(): string {
    return `begin.${this.#epoch}`
  }

  /** The position after the event with that id; null if the event is unknown or forgotten. */
  positionOf(id: string): number | null {
    if (id === this.beginning) return 0
    for (const journal of this.#hosts.values()) {
      const event = journal.find(id)
      // Hosts replay past events in any order, so an id from another process does not say what it had shown of other hosts.
      if (event !== null) return journal.isPast(event) && this.#hosts.size > 1 ? null : event.seq
    }
    return null
  }

  /** Resolves once an event has arrived after the position, or as soon as the signal aborts. */
  wait(position: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#readers.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#readers.add(done)
      signal.addEventListener('abort', done)
      if (this.#seq > position || signal.aborted) done()
    })
  }
}
