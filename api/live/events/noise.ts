import type { ContainerEvent, RecordedEvent } from '../../model/container-event.js'
import { evictOldest } from '../../model/evict-oldest.js'

/** GET /api/containers/:id/top makes one each time. */
const NOISY_ACTIONS = new Set(['top'])

/** Execs whose command is remembered between their beginning and their end. */
const MAX_OPEN_EXECS = 1_000

/** Events whose container is not inspected yet: an engine replays no more than these. */
const MAX_UNDECIDED = 256

/** The command line of a container's health check; null where it has none, undefined while its container is not inspected. */
export type HealthCommandOf = (containerId: string) => string | null | undefined

/** Finds the events that a container's own health check makes, twice a second at times, and those that a look at its processes makes. */
export class NoiseClassifier {
  /** The command of each exec, by its id. */
  readonly #execs = new Map<string, string>()
  #undecided: RecordedEvent[] = []

  /** Sets `isNoise`, for good or until the container is inspected. */
  classify(event: RecordedEvent, healthCommandOf: HealthCommandOf): void {
    const command = this.#commandOf(event)
    const healthCommand = command === null ? null : healthCommandOf(event.containerId)
    event.isNoise = NOISY_ACTIONS.has(event.action) || isOfHealthCheck(command, healthCommand)
    if (healthCommand === undefined) this.#undecided = [...this.#undecided, event].slice(-MAX_UNDECIDED)
  }

  /** The container is inspected: classifies those of its events that came before. */
  decide(containerId: string, healthCommand: string | null): void {
    if (this.#undecided.length === 0) return
    const own = this.#undecided.filter((event) => event.containerId === containerId)
    if (own.length === 0) return
    this.#undecided = this.#undecided.filter((event) => event.containerId !== containerId)
    const execs = new Map<string | null, boolean>()
    for (const event of own) {
      const { command, execId } = event
      event.isNoise = command === null ? (execs.get(execId) ?? healthCommand !== null) : command === healthCommand
      execs.set(execId, event.isNoise)
    }
  }

  /** Of an exec, at each of its events; undefined where its beginning never came, null of all else. */
  #commandOf({ command, execId }: ContainerEvent): string | null | undefined {
    if (execId === null) return command
    if (command === null) {
      const known = this.#execs.get(execId)
      this.#execs.delete(execId)
      return known
    }
    this.#execs.set(execId, command)
    evictOldest(this.#execs, MAX_OPEN_EXECS)
    return command
  }
}

/** An exec of unknown command is taken for a health check where there is one: most execs are. */
function isOfHealthCheck(command: string | null | undefined, healthCommand: string | null | undefined): boolean {
  if (command === undefined) return healthCommand !== null && healthCommand !== undefined
  return command !== null && command === healthCommand
}
