import { CONTAINER_STATES, type ContainerState, HEALTH_STATES, type HealthState } from '../../model/container.js'

/** Podman's words for states that docker does not have. */
const PODMAN_STATES: ReadonlyMap<string, ContainerState> = new Map([
  ['configured', 'created'],
  ['initialized', 'created'],
  ['stopping', 'running'],
  ['stopped', 'exited'],
])

/**
 * An unknown word costs neither the list nor the container: what is left to say is whether it runs.
 */
export function stateOf(word: string, isRunning: boolean): ContainerState {
  const known = CONTAINER_STATES.find((state) => state === word) ?? PODMAN_STATES.get(word)
  return known ?? (isRunning ? 'running' : 'exited')
}

export function healthOf(word: string | null | undefined): HealthState {
  return HEALTH_STATES.find((state) => state === word) ?? 'none'
}
