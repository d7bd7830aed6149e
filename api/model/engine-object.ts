/** What an engine holds beside containers. Labels, options and names are scrubbed. */

export interface Image {
  /** `sha256:` and 64 hex digits. */
  readonly id: string
  /** Such as `nginx:1.27`; empty for one that lost its tag. */
  readonly tags: readonly string[]
  readonly digests: readonly string[]
  readonly createdAt: string | null
  /** All layers together. */
  readonly sizeBytes: number | null
  readonly labels: ReadonlyMap<string, string>
  /** How many secrets the decoder took out of the names and the labels. */
  readonly redactions: number
}

export interface Subnet {
  readonly subnet: string | null
  readonly gateway: string | null
  readonly ipRange: string | null
}

export interface Network {
  readonly id: string
  readonly name: string
  readonly driver: string
  /** `local`, `swarm` or `global`. */
  readonly scope: string
  readonly createdAt: string | null
  readonly internal: boolean
  readonly attachable: boolean
  readonly ipv6: boolean
  readonly subnets: readonly Subnet[]
  readonly labels: ReadonlyMap<string, string>
  readonly options: ReadonlyMap<string, string>
  /** How many secrets the decoder took out of the name, the labels and the options. */
  readonly redactions: number
}

export interface Volume {
  readonly name: string
  readonly driver: string
  readonly scope: string
  readonly createdAt: string | null
  /** The path on the host: for callers with `security:read` alone. */
  readonly mountpoint: string | null
  readonly labels: ReadonlyMap<string, string>
  /** Some name paths on the host or shares: values for callers with `security:read` alone. */
  readonly options: ReadonlyMap<string, string>
  /** How many secrets the decoder took out of the name and the labels. */
  readonly redactions: number
  /** How many it took out of what only callers with `security:read` see: the mountpoint and the options. */
  readonly hostPathRedactions: number
}

/** What one kind of thing takes on the engine's disk. */
export interface DiskUsePart {
  readonly count: number
  /** In use by a container, running or not. */
  readonly active: number
  readonly sizeBytes: number
  /** What removing all that is not in use would free. */
  readonly reclaimableBytes: number
}

/** Answer of GET /system/df, added up as `docker system df` does it. */
export interface DiskUse {
  readonly images: DiskUsePart
  readonly containers: DiskUsePart
  readonly volumes: DiskUsePart
  readonly buildCache: DiskUsePart
  /** Bytes of each volume, by name; null where its driver does not tell. */
  readonly volumeBytes: ReadonlyMap<string, number | null>
}
