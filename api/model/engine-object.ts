/** Images, networks and volumes of an engine. Labels, options and names are scrubbed. */

export interface Image {
  /** `sha256:` and 64 hex digits. */
  readonly id: string
  /** Such as `nginx:1.27`; empty for an image that lost its tag. */
  readonly tags: readonly string[]
  readonly digests: readonly string[]
  readonly createdAt: string | null
  /** All layers together. */
  readonly sizeBytes: number | null
  readonly labels: ReadonlyMap<string, string>
  /** How many secrets the decoder redacted in the names and the labels. */
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
  /** How many secrets the decoder redacted in the name, the labels and the options. */
  readonly redactions: number
}

export interface Volume {
  readonly name: string
  readonly driver: string
  readonly scope: string
  readonly createdAt: string | null
  /** The path on the host: for callers with `security:read` only. */
  readonly mountpoint: string | null
  readonly labels: ReadonlyMap<string, string>
  /** Some name paths on the host or shares: their values are for callers with `security:read` only. */
  readonly options: ReadonlyMap<string, string>
  /** How many secrets the decoder redacted in the name and the labels. */
  readonly redactions: number
  /** How many it redacted in the mountpoint and the options, which only callers with `security:read` see. */
  readonly hostPathRedactions: number
}

/** What one kind of object takes on the engine's disk. */
export interface DiskUsePart {
  readonly count: number
  /** How many are used by a container, running or not. */
  readonly active: number
  readonly sizeBytes: number
  /** How much removing all unused ones would free. */
  readonly reclaimableBytes: number
}

/** The answer of GET /system/df, added up as `docker system df` does. */
export interface DiskUse {
  readonly images: DiskUsePart
  readonly containers: DiskUsePart
  readonly volumes: DiskUsePart
  readonly buildCache: DiskUsePart
  /** Bytes of each volume, by name; null if its driver does not report them. */
  readonly volumeBytes: ReadonlyMap<string, number | null>
}
