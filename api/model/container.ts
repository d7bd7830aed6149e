/** Docker's own words for a container's state (engine API, ContainerState). */
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

/** One container as the engine's list has it. Label values are scrubbed already. */
export interface ListedContainer {
  /** 64 lower-case hex digits. */
  readonly id: string
  /** Without the engine's leading slash. */
  readonly name: string
  readonly image: string
  readonly imageId: string
  readonly state: ContainerState
  /** The engine's own sentence, such as `Up 2 hours (healthy)`. */
  readonly status: string
  /** RFC 3339, UTC. */
  readonly createdAt: string
  readonly ports: readonly Port[]
  readonly labels: ReadonlyMap<string, string>
  readonly networks: readonly string[]
  /** Names of the volumes that are mounted. */
  readonly volumes: readonly string[]
  /** How many secrets the decoder took out of the image's name and the labels. */
  readonly redactions: number
}

/** How the container's health is found out. Durations are in milliseconds; null is the engine's default. */
export interface HealthCheck {
  /** Shell or arguments in one line, scrubbed. */
  readonly command: string
  readonly intervalMs: number | null
  readonly timeoutMs: number | null
  readonly startPeriodMs: number | null
  readonly retries: number | null
}

export interface Device {
  /** The path on the host: for callers with `security:read` alone. */
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
  /** The path on the host: for callers with `security:read` alone. */
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
 * One inspected container, with every secret gone: of the environment only the names are left, and command, labels and
 * health-check output are scrubbed. Nothing above the engine room ever holds more.
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
  /** Null where it has none, or has it switched off. */
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
    /** Null where no limit is set. */
    readonly memoryLimitBytes: number | null
    readonly memoryReservationBytes: number | null
    /** Memory and swap together; null where none is set. */
    readonly memorySwapLimitBytes: number | null
    /** In cores; null where no quota is set. */
    readonly cpuLimit: number | null
    readonly cpuShares: number | null
    readonly cpusetCpus: string | null
    readonly pidsLimit: number | null
    /** In bytes of /dev/shm. */
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
  /** How many secrets the decoder took out: those in texts, and each value of the environment. */
  readonly redactions: number
  /** How many of them stood in texts. */
  readonly textRedactions: number
}

/** One container as the inventory holds it: its list entry, and the few fields that only an inspect or an event has. */
export interface Container extends ListedContainer {
  readonly hostId: string
  readonly health: HealthState
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly restartCount: number | null
  readonly exitCode: number | null
  readonly oomKilled: boolean
  /** Label com.docker.compose.project. */
  readonly project: string | null
  /** Label com.docker.compose.service. */
  readonly service: string | null
  /** Whether its output is that of a terminal; null until it is inspected, and never changing after. */
  readonly tty: boolean | null
  /** The command of its health check, scrubbed, as the engine's events spell it; null where it has none, or is not inspected yet. */
  readonly healthCommand: string | null
  /** When it ended with another code than 0 and was not asked to: the last times, milliseconds since 1970. */
  readonly crashes: readonly number[]
  /** When the kernel killed one of its processes for memory: the last times, milliseconds since 1970. */
  readonly memoryKills: readonly number[]
}

/** A stopped container uses nothing, so it has no statistics. */
export function isRunning(container: Pick<Container, 'state'>): boolean {
  return container.state === 'running' || container.state === 'paused'
}

/** The health that the engine's sentence carries, as in `Up 2 hours (healthy)`; for the time before a container is inspected. */
export function healthInStatus(status: string): HealthState {
  if (status.endsWith('(healthy)')) return 'healthy'
  if (status.endsWith('(unhealthy)')) return 'unhealthy'
  return status.endsWith('(health: starting)') ? 'starting' : 'none'
}

/** What compose names a container as; null where compose has not made it. */
export function composeOf(labels: ReadonlyMap<string, string>): Pick<Container, 'project' | 'service'> {
  return {
    project: labels.get('com.docker.compose.project') ?? null,
    service: labels.get('com.docker.compose.service') ?? null,
  }
}
