/** One line of the engine's event stream that concerns a container. Label values and exec command lines never get here. */
export interface ContainerEvent {
  readonly containerId: string
  /** The verb alone: `exec_create: sh -c ...` is `exec_create`. */
  readonly action: string
  /** Nanoseconds since 1970 on the engine's clock, as a decimal string: beyond what a double holds. */
  readonly timeNano: string
}
