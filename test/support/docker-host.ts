import type { SimulatedEngine } from '../../demo/engine.js'

/** What DOCKER_HOST has to be for a process to watch a simulated engine. */
export function dockerHostOf(engine: SimulatedEngine): string {
  const { endpoint } = engine
  return 'socketPath' in endpoint ? `unix://${endpoint.socketPath}` : `tcp://${endpoint.host}:${endpoint.port}`
}
