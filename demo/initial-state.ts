import type { SimulatedContainer } from './container.js'
import type { ContainerState, HealthState } from './docker-words.js'

/** The state of a container when the engine starts. */
export interface InitialState {
  readonly state: ContainerState
  readonly exitCode: number
  readonly oomKilled: boolean
  readonly error: string
  readonly health: HealthState
  readonly restartCount: number
}

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
/** Failed health checks in a row. */
const LONG_STREAK = 41

/** Puts a new container into its state with matching times. Emits no event, because this happened before the engine started. */
export function applyInitialState(container: SimulatedContainer, initialState: InitialState, openedAt: number): void {
  const { state, exitCode, oomKilled, error, restartCount, health } = initialState
  container.state = state
  container.exitCode = exitCode
  container.oomKilled = oomKilled
  container.error = error
  container.restartCount = restartCount
  container.health = health
  container.failingStreak = health === 'unhealthy' ? LONG_STREAK : 0
  if (state !== 'created') container.startedAt = container.createdAt + 400
  if (restartCount > 0) container.startedAt = openedAt - 20 * MINUTE_MS
  if (state === 'exited') container.finishedAt = container.createdAt + 95 * SECOND_MS
  if (state === 'restarting') {
    container.startedAt = openedAt - 9 * SECOND_MS
    container.finishedAt = openedAt - 4 * SECOND_MS
  }
  if (health === 'starting') container.startedAt = openedAt - 11 * SECOND_MS
  if (state === 'paused') container.pausedAt = openedAt - HOUR_MS
}
