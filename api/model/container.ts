/** The states of a container, in Docker's words (engine API, ContainerState). */
export const CONTAINER_STATES = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'] as const
export type ContainerState = (typeof CONTAINER_STATES)[number]

/** `none` is a container without a health check. */
export const HEALTH_STATES = ['healthy', 'unhealthy', 'starting', 'none'] as const
export type HealthState = (typeof HEALTH_STATES)[number]

export interface Port {
  readonly ip: string | null
  readonly hostPort: number | null
  readonly containerPort: number
  readonly protocol: string
}

/** The engine's list, as far as it could be read. */
export interface ContainerList {
  readonly containers: readonly ListedContainer[]
  /** Items that could not be shown even by their id. */
  readonly omitted: number
  /** Whether the list went on beyond what is read of it. */
  readonly isTruncated: boolean
}

/** One container of the engine's list. Label values are scrubbed. Null is what the engine's item does not say in a readable form. */
export interface ListedContainer {
  /** 64 lower-case hex digits. */
  readonly id: string
  /** Without the engine's leading slash; the first 12 digits of the id where the engine gives none. */
  readonly name: string
  readonly image: string | null
  readonly imageId: string | null
  readonly state: ContainerState | null
  /** The engine's own sentence, such as `Up 2 hours (healthy)`. */
  readonly status: string | null
  /** RFC 3339, UTC. */
  readonly createdAt: string | null
  readonly ports: readonly Port[]
  readonly labels: ReadonlyMap<string, string>
  readonly networks: readonly string[]
  /** Names of mounted volumes. */
  readonly volumes: readonly string[]
  /** How many secrets the decoder redacted in the image's name and the labels. */
  readonly redactions: number
  /** Whether some of the engine's item was unreadable or was cut. */
  readonly isPartial: boolean
}

/** How the engine checks the container's health. Durations are in milliseconds; null is the engine's default. */
export interface HealthCheck {
  /** Shell or arguments in one line, scrubbed. */
  readonly command: string
  readonly intervalMs: number | null
  readonly timeoutMs: number | null
  readonly startPeriodMs: number | null
  readonly retries: number | null
}

export interface Device {
  /** The path on the host: for callers with `security:read` only. */
  readonly source: string
  readonly destination: string
  /** Of `r`, `w` and `m` (mknod). */
  readonly permissions: string
}

export interface Ulimit {
  readonly name: string
  /** -1 is unlimited. */
  readonly soft: number
  readonly hard: number
}

/** One of the last runs of a health check; the output is scrubbed and bounded. */
export interface HealthRun {
  readonly startedAt: string | null
  readonly endedAt: string | null
  readonly exitCode: number
  readonly output: string
}

export interface Mount {
  readonly type: string
  /** A volume's name; null for a bind mount. */
  readonly name: string | null
  /** The path on the host: for callers with `security:read` only. */
  readonly source: string | null
  readonly destination: string
  readonly readOnly: boolean
  readonly propagation: string | null
}

export interface NetworkAttachment {
  readonly name: string
  readonly ipAddress: string | null
  readonly ipv6Address: string | null
  readonly gateway: string | null
  readonly macAddress: string | null
  readonly aliases: readonly string[]
}

/**
 * One inspected container without secrets: the environment is reduced to its names, and command, labels and health-check output
 * are scrubbed. Nothing above engine/ ever holds more.
 */
export interface InspectedContainer {
  readonly id: string
  readonly name: string
  readonly image: string
  readonly imageId: string
  readonly createdAt: string
  readonly state: ContainerState
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly exitCode: number | null
  readonly oomKilled: boolean
  /** The engine's own sentence on why a start failed; scrubbed. */
  readonly error: string | null
  readonly health: HealthState
  readonly healthFailingStreak: number | null
  readonly healthLog: readonly HealthRun[]
  /** Null if it has none, or if it is switched off. */
  readonly healthCheck: HealthCheck | null
  readonly restartCount: number
  readonly restartPolicy: { readonly name: string; readonly maximumRetryCount: number }
  readonly command: readonly string[]
  readonly entrypoint: readonly string[]
  readonly workingDirectory: string
  readonly user: string
  readonly tty: boolean
  readonly stopSignal: string | null
  readonly autoRemove: boolean
  readonly hostname: string
  readonly envNames: readonly string[]
  readonly labels: ReadonlyMap<string, string>
  readonly ports: readonly Port[]
  readonly networkMode: string
  readonly networks: readonly NetworkAttachment[]
  readonly mounts: readonly Mount[]
  readonly resources: {
    /** Null if no limit is set. */
    readonly memoryLimitBytes: number | null
    readonly memoryReservationBytes: number | null
    /** Memory and swap together; null if no limit is set. */
    readonly memorySwapLimitBytes: number | null
    /** In cores; null if no quota is set. */
    readonly cpuLimit: number | null
    readonly cpuShares: number | null
    readonly cpusetCpus: string | null
    readonly pidsLimit: number | null
    /** Bytes of /dev/shm. */
    readonly shmBytes: number | null
    readonly oomKillDisabled: boolean
    readonly ulimits: readonly Ulimit[]
    readonly devices: readonly Device[]
  }
  readonly security: {
    readonly privileged: boolean
    readonly readOnlyRootFilesystem: boolean
    readonly capabilitiesAdded: readonly string[]
    readonly capabilitiesDropped: readonly string[]
    readonly securityOptions: readonly string[]
    readonly appArmorProfile: string | null
    readonly pidMode: string
    readonly ipcMode: string
    readonly utsMode: string
    readonly usernsMode: string
  }
  readonly logDriver: string
  /** How many secrets the decoder redacted: those in texts, and each value of the environment. */
  readonly redactions: number
  /** How many of them were in texts. */
  readonly textRedactions: number
  /** How many of those were in the error and the sources of mounts, which name paths on the host. */
  readonly hostPathRedactions: number
  /** Whether some of the engine's answer was unreadable or was cut. */
  readonly isPartial: boolean
}

/**
 * One container of the inventory: its list entry, and the few fields that only an inspect or an event has. A state that the list
 * does not say is the one of the last inspect.
 */
export interface Container extends ListedContainer {
  readonly hostId: string
  /** Null while neither list nor inspect has said it. */
  readonly health: HealthState | null
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly restartCount: number | null
  readonly exitCode: number | null
  readonly oomKilled: boolean
  /** Label com.docker.compose.project. */
  readonly project: string | null
  /** Label com.docker.compose.service. */
  readonly service: string | null
  /** Whether its output is a terminal. Null until it is inspected; constant afterwards. */
  readonly tty: boolean | null
  /** The scrubbed command of its health check, as the engine's events spell it; null if it has none, or before it is inspected. */
  readonly healthCommand: string | null
  /** The last times when it ended unrequested with a code other than 0, in milliseconds since 1970. */
  readonly crashes: readonly number[]
  /** The last times when the kernel killed one of its processes for memory, in milliseconds since 1970. */
  readonly memoryKills: readonly number[]
}

/** A stopped container uses nothing, so it has no statistics. */
export function isRunning(container: Pick<Container, 'state'>): boolean {
  return container.state === 'running' || container.state === 'paused'
}

/**
 * The health in the engine's status sentence, such as `Up 2 hours (healthy)`; null if there is no sentence. Used until the
 * container is inspected.
 */
export function healthInStatus(status: string | null): HealthState | null {
  if (status === null) return null
  if (status.endsWith('(healthy)')) return 'healthy'
  if (status.endsWith('(unhealthy)')) return 'unhealthy'
  return status.endsWith('(health: starting)') ? 'starting' : 'none'
}

/** The value of a compose label; null if compose did not create the container. */
export function composeOf(labels: ReadonlyMap<string, string>): Pick<Container, 'project' | 'service'> {
  return {
    project: labels.get('com.docker.compose.project') ?? null,
    service: labels.get('com.docker.compose.service') ?? null,
  }
}
