import type { Clock } from '../../clock.js'
import type { Log } from '../../log.js'
import type { Omissions } from '../../model/host.js'
import { LogThrottle } from './log-throttle.js'

/** Logs when something of an engine's answers begins to be left out. */
export class OmissionLog {
  readonly #log: Log
  readonly #lists: LogThrottle
  readonly #events: LogThrottle
  #isListWhole = true
  #loggedEvents = 0

  constructor(clock: Clock, log: Log) {
    this.#log = log
    this.#lists = new LogThrottle(clock)
    this.#events = new LogThrottle(clock)
  }

  note({ events, ...list }: Omissions): void {
    const isListWhole = list.containers === 0 && list.partialContainers === 0 && !list.isListTruncated
    if (this.#isListWhole && !isListWhole)
      this.#lists.write('list', () => this.#log.warn(list, "the engine's list cannot be shown in full"))
    this.#isListWhole = isListWhole
    if (events === this.#loggedEvents) return
    this.#events.write('events', () => this.#log.warn({ events }, 'events that cannot be read were passed over'))
    this.#loggedEvents = events
  }
}
