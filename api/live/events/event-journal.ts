import { randomBytes } from 'node:crypto'
import type { EventPassage, Events } from '../view.js'
import { HostJournal } from './host-journal.js'

/**
 * The recent events of all hosts, in the order of their arrival. What is remembered is bounded for each host; a reader who goes on
 * from a position sees which hosts lost events in between.
 */
export class EventJournal implements Events {
  readonly #hosts = new Map<string, HostJournal>()
  /** Wakes each reader that waits. */
  readonly #readers = new Set<() => void>()
  /** Makes this process's `beginning` another than that of every other process. */
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

  /** What arrived after the position, oldest first. */
  after(position: number): EventPassage {
    const journals = [...this.#hosts.values()]
    const events = journals.flatMap((journal) => journal.after(position)).sort((a, b) => a.seq - b.seq)
    return {
      events,
      lostHosts: journals.filter((journal) => journal.hasLostAfter(position)).map(({ hostId }) => hostId),
      next: this.#seq,
    }
  }

  /** The id of the position before every event, for readers that have seen none yet. */
  get beginning(): string {
    return `begin.${this.#epoch}`
  }

  /** The position behind the event of that id; null where the event is unknown, or no longer remembered. */
  positionOf(id: string): number | null {
    if (id === this.beginning) return 0
    for (const journal of this.#hosts.values()) {
      const event = journal.find(id)
      // Hosts replay their pasts in any order, so a position in one says nothing of what another process had shown of the others.
      if (event !== null) return journal.isPast(event) && this.#hosts.size > 1 ? null : event.seq
    }
    return null
  }

  /** Resolves when something has arrived after the position, or as soon as the signal aborts. */
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
