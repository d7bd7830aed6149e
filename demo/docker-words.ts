/** The states of a container, in the engine's words (engine API, ContainerState). */
export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'

/** The health of a container, in the engine's words; `none` means that the container has no health check. */
export type HealthState = 'healthy' | 'unhealthy' | 'starting' | 'none'
