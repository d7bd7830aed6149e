import type { ApiError } from './error.js'

/**
 * `connecting`: it has not answered yet. `live`: its event stream is open and our data is current. `stale`: it does not answer now,
 * and our data is as of `observedAt`.
 */
export const HOST_STATES = ['connecting', 'live', 'stale'] as const
export type HostState = (typeof HOST_STATES)[number]

/** The answer of GET /version; null if a socket proxy closes it. */
export interface EngineVersion {
  readonly version: string | null
  readonly apiVersion: string | null
  readonly minApiVersion: string | null
  readonly os: string | null
  readonly architecture: string | null
  readonly kernelVersion: string | null
}

/** The answer of GET /info, without anything that names a registry, a proxy or a secret. */
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

/** What of an engine's answers cannot be shown. The numbers count hidden containers too. */
export interface Omissions {
  /** Items of the last whole list that cannot be shown even by their id. */
  readonly containers: number
  /** Containers that are shown in part. */
  readonly partialContainers: number
  /** Events that were passed over since the start. */
  readonly events: number
  /** Whether the last whole list went on beyond what is read of it. */
  readonly isListTruncated: boolean
}

/** The current status of one engine. `observedAt`: when its whole list was last read, in milliseconds since 1970. */
export interface HostStatus {
  readonly id: string
  readonly state: HostState
  readonly observedAt: number | null
  /** Such as `unix:///var/run/docker.sock`. */
  readonly endpoint: string
  /** The operator's labels. */
  readonly labels: Readonly<Record<string, string>>
  readonly version: EngineVersion | null
  readonly info: EngineInfo | null
  /** Why it is not live; null while it is. */
  readonly fault: ApiError | null
  /** The engine's clock minus ours, in milliseconds, rounded to seconds; 0 below two seconds, null if the engine sends no time. */
  readonly clockSkewMs: number | null
  readonly omitted: Omissions
}
