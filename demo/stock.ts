import type { SimulatedNetwork, SimulatedSpec } from './container.js'
import { pulledImage, type SimulatedImage, unusedImages } from './images.js'
import { builtInNetworks, ownNetwork, pluginNetwork } from './networks.js'
import { givenVolumes, ownVolume, type SimulatedVolume } from './volumes.js'

/** What the engine holds beside containers. It comes with the first container that needs it, and stays when that one goes. */
export class Stock {
  /** Before the first container. */
  readonly firstAt: number
  readonly #images = new Map<string, SimulatedImage>()
  readonly #networks = new Map<string, SimulatedNetwork>()
  readonly #givenNetworks: number
  readonly #volumes = new Map<string, SimulatedVolume>()

  constructor(firstAt: number) {
    this.firstAt = firstAt
    for (const image of unusedImages(firstAt)) this.#images.set(image.id, image)
    for (const network of [...builtInNetworks(firstAt), pluginNetwork(firstAt)]) {
      this.#networks.set(network.name, network)
    }
    this.#givenNetworks = this.#networks.size
    for (const volume of givenVolumes(firstAt)) this.#volumes.set(volume.name, volume)
  }

  /** Newest first, as the engine lists them. */
  images(): readonly SimulatedImage[] {
    return [...this.#images.values()].sort((a, b) => b.createdAt - a.createdAt)
  }

  networks(): readonly SimulatedNetwork[] {
    return [...this.#networks.values()]
  }

  volumes(): readonly SimulatedVolume[] {
    return [...this.#volumes.values()]
  }

  /** Whatever a container of that spec needs is there from now on, and no younger than the container. */
  take(spec: SimulatedSpec, createdAt: number): SimulatedNetwork {
    const image = pulledImage(spec.image, this.firstAt)
    if (!this.#images.has(image.id)) this.#images.set(image.id, image)
    for (const mount of spec.mounts) if (mount.type === 'volume') this.#takeVolume(mount.source, spec, createdAt)
    return this.#takeNetwork(spec, createdAt)
  }

  #takeNetwork(spec: SimulatedSpec, createdAt: number): SimulatedNetwork {
    const known = this.#networks.get(spec.network)
    if (known !== undefined) {
      known.createdAt = Math.min(known.createdAt, createdAt)
      return known
    }
    const made = ownNetwork(spec.network, projectOf(spec), this.#networks.size - this.#givenNetworks, createdAt)
    this.#networks.set(made.name, made)
    return made
  }

  #takeVolume(name: string, spec: SimulatedSpec, createdAt: number): void {
    const known = this.#volumes.get(name)
    if (known === undefined) this.#volumes.set(name, ownVolume(name, projectOf(spec), createdAt))
    else known.createdAt = Math.min(known.createdAt, createdAt)
  }
}

function projectOf(spec: SimulatedSpec): string | null {
  return spec.labels['com.docker.compose.project'] ?? null
}
