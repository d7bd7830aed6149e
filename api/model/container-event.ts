/**
 * One event about a container from the engine's stream, without secrets: command lines and label values are scrubbed. Fields that
 * events of its kind do not have are null.
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
  /** The command of exec_create and exec_start: its arguments joined by spaces, as the engine sends them. */
  readonly command: string | null
  /** The id that the create, start and end events of an exec share. */
  readonly execId: string | null
  /** The name before a rename. */
  readonly oldName: string | null
  /** How many secrets the decoder redacted in the names and the command. Labels are not shown, so not counted. */
  readonly redactions: number
}

/**
 * One step of an engine's event stream. `gap` stands for an event that was passed over, because it is too long or unreadable;
 * `containerId` is null if not even that could be read.
 */
export type EventStep =
  | { readonly kind: 'event'; readonly event: ContainerEvent }
  | { readonly kind: 'gap'; readonly containerId: string | null }

/** An event as it is remembered. */
export interface RecordedEvent extends ContainerEvent {
  /** A hash: the same event has the same id in every process, and the id reveals nothing about other events. */
  readonly id: string
  readonly hostId: string
  /** When it happened, in milliseconds since 1970, on our clock as far as the skew of the engine's is known. */
  readonly at: number
  /** The order of arrival, over all hosts of this process. Not for callers, because it counts hidden events. */
  readonly seq: number
  /** Whether it comes from the container's own health check or from a look at its processes; false while unknown. */
  isNoise: boolean
}

/** Milliseconds since 1970, on the engine's clock. */
export function eventMilliseconds({ timeNano }: Pick<ContainerEvent, 'timeNano'>): number {
  return Number(timeNano.slice(0, -6) || '0')
}
