import type { SimulatedNetwork, SimulatedSpec } from './container.js'
import { pulledImage, type SimulatedImage, unusedImages } from './images.js'
import { builtInNetworks, ownNetwork, pluginNetwork } from './networks.js'
import { givenVolumes, ownVolume, type SimulatedVolume } from './volumes.js'

/** Images, networks and volumes. Each is created with the first container that needs it, and stays when that container is removed. */
export class ObjectStore {
  /** Milliseconds since 1970, before the first container. */
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

  /** Adds the objects that a container of that spec needs, created before it, and returns its network. */
  add(spec: SimulatedSpec, createdAt: number): SimulatedNetwork {
    const image = pulledImage(spec.image, this.firstAt)
    if (!this.#images.has(image.id)) this.#images.set(image.id, image)
    for (const mount of spec.mounts) if (mount.type === 'volume') this.#addVolume(mount.source, spec, createdAt)
    return this.#addNetwork(spec, createdAt)
  }

  #addNetwork(spec: SimulatedSpec, createdAt: number): SimulatedNetwork {
    const known = this.#networks.get(spec.network)
    if (known !== undefined) {
      known.createdAt = Math.min(known.createdAt, createdAt)
      return known
    }
    const made = ownNetwork(spec.network, projectOf(spec), this.#networks.size - this.#givenNetworks, createdAt)
    this.#networks.set(made.name, made)
    return made
  }

  #addVolume(name: string, spec: SimulatedSpec, createdAt: number): void {
    const known = this.#volumes.get(name)
    if (known === undefined) this.#volumes.set(name, ownVolume(name, projectOf(spec), createdAt))
    else known.createdAt = Math.min(known.createdAt, createdAt)
  }
}

function projectOf(spec: SimulatedSpec): string | null {
  return spec.labels['com.docker.compose.project'] ?? null
}
