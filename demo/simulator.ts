import type { SimulatorState } from './simulator-state.js'
import type { SimulatedMachine } from './stats.js'

/** Everything that answers are made from. */
export interface Simulator {
  readonly state: SimulatorState
  readonly machine: SimulatedMachine
  readonly statsDelayMs: number
  readonly diskDelayMs: number
  /** The engine measures its disk use for one caller at a time. */
  readonly diskWalk: { busy: boolean }
  readonly now: () => number
}
