import type { ApiError } from './error.js'

/**
 * `connecting`: never answered yet. `live`: its event stream is up and what we hold is current. `stale`: it does not answer
 * now, and what we hold is as of `observedAt`.
 */
export const HOST_STATES = ['connecting', 'live', 'stale'] as const
export type HostState = (typeof HOST_STATES)[number]

/** Answer of GET /version. Null where a socket proxy closes it. */
export interface EngineVersion {
  readonly version: string | null
  readonly apiVersion: string | null
  readonly minApiVersion: string | null
  readonly os: string | null
  readonly architecture: string | null
  readonly kernelVersion: string | null
}

/** Answer of GET /info, less all that names a registry, a proxy or a secret. */
export interface EngineInfo {
  readonly name: string | null
  readonly operatingSystem: string | null
  readonly cgroupVersion: string | null
  readonly cgroupDriver: string | null
  readonly storageDriver: string | null
  readonly loggingDriver: string | null
  readonly rootless: boolean
  readonly cpus: number | null
  readonly memoryBytes: number | null
}

/** One engine as it stands now. `observedAt` is when its whole list was last read, milliseconds since 1970; between, events keep it current. */
export interface HostStatus {
  readonly id: string
  readonly state: HostState
  readonly observedAt: number | null
  /** Such as `unix:///var/run/docker.sock`. */
  readonly endpoint: string
  /** The operator's own words about it. */
  readonly labels: Readonly<Record<string, string>>
  readonly version: EngineVersion | null
  readonly info: EngineInfo | null
  /** Why it is not live; null while it is. */
  readonly fault: ApiError | null
  /** The engine's clock less ours, in whole seconds of milliseconds; 0 within two of them, null where the engine shows none. */
  readonly clockSkewMs: number | null
}
