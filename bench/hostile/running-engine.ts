import type { SimulatedEngine } from '../../demo/engine.js'

/** Starts every container that does not run. */
export function startAll(engine: SimulatedEngine): void {
  for (const { id, state } of engine.containers()) {
    if (state === 'paused') engine.unpause(id)
    else if (state !== 'running') engine.startContainer(id)
  }
}
