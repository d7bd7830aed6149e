/**
 * One line of the engine's event stream that concerns a container, without its secrets: command lines and label values are
 * scrubbed. What an event of its kind does not have is null.
 */
export interface ContainerEvent {
  readonly containerId: string
  /** The verb alone: `exec_create: sh -c ...` is `exec_create`. */
  readonly action: string
  /** Nanoseconds since 1970 on the engine's clock, as a decimal string: beyond what a double holds. */
  readonly timeNano: string
  readonly name: string | null
  readonly image: string | null
  readonly labels: ReadonlyMap<string, string>
  readonly exitCode: number | null
  readonly signal: number | null
  readonly health: 'healthy' | 'unhealthy' | null
  /** Of exec_create and exec_start, arguments joined by spaces as the engine has them. */
  readonly command: string | null
  /** What an exec's create, start and end have in common. */
  readonly execId: string | null
  /** Of rename. */
  readonly oldName: string | null
  /** How many secrets the decoder took out of the names and the command; those in labels are not shown. */
  readonly redactions: number
}

/** An event as it is remembered. */
export interface RecordedEvent extends ContainerEvent {
  /** A hash: another reading of the same event has the same, in every process, and it shows nothing of other events. */
  readonly id: string
  readonly hostId: string
  /** When it happened, by our clock as far as the engine's is known to be off: milliseconds since 1970. */
  readonly at: number
  /** The order of arrival, over all hosts of this process. Not for callers: it counts events that are hidden from them. */
  readonly seq: number
  /** Whether the container's own health check made it, or a look at its processes; false while that is unknown. */
  isNoise: boolean
}

/** Milliseconds since 1970, on the engine's clock. */
export function eventMilliseconds({ timeNano }: Pick<ContainerEvent, 'timeNano'>): number {
  return Number(timeNano.slice(0, -6) || '0')
}
