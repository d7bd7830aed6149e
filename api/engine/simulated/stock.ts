import type { SimulatedNetwork, SimulatedSpec } from './container.js'
import { builtInNetworks, ownNetwork, pluginNetwork } from './networks.js'

/** What the engine holds beside containers. It comes with the first container that needs it, and stays when that one goes. */
export class Stock {
  readonly #networks = new Map<string, SimulatedNetwork>()
  readonly #givenNetworks: number

  /** `firstAt` lies before the first container. */
  constructor(firstAt: number) {
    for (const network of [...builtInNetworks(firstAt), pluginNetwork(firstAt)]) {
      this.#networks.set(network.name, network)
    }
    this.#givenNetworks = this.#networks.size
  }

  networks(): readonly SimulatedNetwork[] {
    return [...this.#networks.values()]
  }

  /** Whatever a container of that spec needs is there from now on, and no younger than the container. */
  take(spec: SimulatedSpec, createdAt: number): SimulatedNetwork {
    return this.#takeNetwork(spec, createdAt)
  }

  #takeNetwork(spec: SimulatedSpec, createdAt: number): SimulatedNetwork {
    const known = this.#networks.get(spec.network)
    if (known !== undefined) {
      known.createdAt = Math.min(known.createdAt, createdAt)
      return known
    }
    const project = spec.labels['com.docker.compose.project'] ?? null
    const made = ownNetwork(spec.network, project, this.#networks.size - this.#givenNetworks, createdAt)
    this.#networks.set(made.name, made)
    return made
  }
}
