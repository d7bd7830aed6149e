import type { ContainerEvent, RecordedEvent } from '../../model/container-event.js'
import { evictOldest } from '../../model/evict-oldest.js'

/** The event that each GET /api/containers/:id/top makes. */
const NOISY_ACTIONS = new Set(['top'])

/** Execs whose command is remembered from their start to their end. */
const MAX_OPEN_EXECS = 1_000

/** Events of containers that are not inspected yet. An engine replays no more than this. */
const MAX_UNDECIDED = 256

/** The command line of a container's health check; null if it has none, undefined until the container is inspected. */
export type HealthCommandOf = (containerId: string) => string | null | undefined

/** Finds the events of a container's own health check, at times two a second, and those of a look at its processes. */
export class NoiseClassifier {
  /** The command of each exec, by exec id. */
  readonly #execs = new Map<string, string>()
  #undecided: RecordedEvent[] = []

  /** Sets `isNoise`. The verdict is preliminary until the container is inspected. */
  classify(event: RecordedEvent, healthCommandOf: HealthCommandOf): void {
    const command = this.#commandOf(event)
    const healthCommand = command === null ? null : healthCommandOf(event.containerId)
    event.isNoise = NOISY_ACTIONS.has(event.action) || isOfHealthCheck(command, healthCommand)
    if (healthCommand === undefined) this.#undecided = [...this.#undecided, event].slice(-MAX_UNDECIDED)
  }

  /** Runs once the container is inspected: classifies its earlier events. */
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

  /** The command of an exec, at each of its events; undefined if its start was missed, null for other events. */
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

/** An exec with an unknown command counts as the health check, if there is one: most execs are. */
function isOfHealthCheck(command: string | null | undefined, healthCommand: string | null | undefined): boolean {
  if (command === undefined) return healthCommand !== null && healthCommand !== undefined
  return command !== null && command === healthCommand
}
