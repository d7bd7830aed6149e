import { digest, goTime, hasProcesses, type SimulatedContainer } from './container.js'
import { macAddress, mountEntry, networkMode, networks, portMap } from './container-parts.js'
import { isAnonymous } from './volumes.js'

const ENGINE_ROOT = '/var/lib/docker'
const NANOS_PER_MS = 1_000_000
const HEALTH_INTERVAL_MS = 30_000
const HEALTH_TIMEOUT_MS = 5_000
const HEALTH_START_MS = 10_000
/** The engine keeps the last five runs of a health check. */
const HEALTH_RUNS = 5
const SHM_BYTES = 67_108_864
const MASKED_PATHS = [
  'asound',
  'acpi',
  'kcore',
  'keys',
  'latency_stats',
  'timer_list',
  'timer_stats',
  'sched_debug',
  'scsi',
]
const READ_ONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']

/** Body of GET /containers/{id}/json. */
export function inspectBody(container: SimulatedContainer, cgroup: 1 | 2, engineName: string, at: number): object {
  const { spec, id } = container
  const [path = '', ...args] = [...(spec.entrypoint ?? []), ...spec.cmd]
  const home = `${ENGINE_ROOT}/containers/${id}`
  const layer = `${ENGINE_ROOT}/overlay2/${digest(`layer ${id}`)}`
  return {
    Id: id,
    Created: goTime(container.createdAt),
    Path: path,
    Args: args,
    State: stateBlock(container, at),
    Image: container.imageId,
    ResolvConfPath: `${home}/resolv.conf`,
    HostnamePath: `${home}/hostname`,
    HostsPath: `${home}/hosts`,
    LogPath: spec.logDriver === 'json-file' ? `${home}/${id}-json.log` : '',
    Name: `/${container.name}`,
    RestartCount: container.restartCount,
    Driver: 'overlay2',
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile:
      spec.privileged || spec.securityOpt.includes('apparmor=unconfined') ? 'unconfined' : 'docker-default',
    ExecIDs: null,
    HostConfig: hostConfig(container, cgroup),
    GraphDriver: {
      Data: {
        LowerDir: `${layer}-init/diff:${ENGINE_ROOT}/overlay2/${digest(`base ${spec.image}`)}/diff`,
        MergedDir: `${layer}/merged`,
        UpperDir: `${layer}/diff`,
        WorkDir: `${layer}/work`,
      },
      Name: 'overlay2',
    },
    Mounts: spec.mounts.map(mountEntry),
    Config: configBlock(container, engineName),
    NetworkSettings: networkSettings(container),
  }
}

/** Body of GET /containers/{id}/changes. An empty list is null, as in Go. */
export function changesBody({ spec }: SimulatedContainer): readonly object[] | null {
  return spec.changes.length === 0 ? null : spec.changes.map(({ path, kind }) => ({ Path: path, Kind: kind }))
}

function stateBlock(container: SimulatedContainer, at: number): object {
  return {
    Status: container.state,
    Running: hasProcesses(container) || container.state === 'restarting',
    Paused: container.state === 'paused',
    Restarting: container.state === 'restarting',
    OOMKilled: container.oomKilled,
    Dead: container.state === 'dead',
    Pid: container.pid,
    ExitCode: container.exitCode,
    Error: container.error,
    StartedAt: goTime(container.startedAt),
    FinishedAt: goTime(container.finishedAt),
    Health: container.health === 'none' ? undefined : healthBlock(container, at),
  }
}

function healthBlock(container: SimulatedContainer, at: number): object {
  const since = container.startedAt ?? at
  const intervals = Math.max(0, Math.floor(((container.finishedAt ?? at) - since) / HEALTH_INTERVAL_MS))
  const lastStart = since + intervals * HEALTH_INTERVAL_MS
  const runs = Math.min(HEALTH_RUNS, container.health === 'starting' ? intervals : Math.max(1, intervals))
  const exitCode = container.health === 'healthy' ? 0 : 1
  const log = Array.from({ length: runs }, (_, index) => {
    const start = lastStart - (runs - 1 - index) * HEALTH_INTERVAL_MS
    return { Start: goTime(start), End: goTime(start + 57), ExitCode: exitCode, Output: container.spec.healthOutput }
  })
  return { Status: container.health, FailingStreak: container.failingStreak, Log: log }
}

function hostConfig(container: SimulatedContainer, cgroup: 1 | 2): object {
  const { spec } = container
  const orNull = (list: readonly string[]) => (list.length === 0 ? null : list)
  // Docker's command line sends empty lists; compose sends no lists.
  const nothing = 'com.docker.compose.project' in spec.labels ? null : []
  return {
    Binds: orNull(
      spec.mounts
        .filter((mount) => !isAnonymous(mount.source))
        .map((mount) => `${mount.source}:${mount.destination}:${mount.readOnly ? 'ro' : 'rw'}`),
    ),
    ContainerIDFile: '',
    LogConfig: { Type: spec.logDriver, Config: spec.logOptions },
    NetworkMode: networkMode(container),
    PortBindings: portMap(container, true),
    RestartPolicy: { Name: spec.restartPolicy, MaximumRetryCount: spec.restartPolicy === 'on-failure' ? 3 : 0 },
    AutoRemove: false,
    VolumeDriver: '',
    VolumesFrom: null,
    CapAdd: orNull(spec.capAdd),
    CapDrop: orNull(spec.capDrop),
    CgroupnsMode: cgroup === 1 ? 'host' : 'private',
    Dns: [],
    DnsOptions: [],
    DnsSearch: [],
    ExtraHosts: null,
    GroupAdd: null,
    IpcMode: 'private',
    Cgroup: '',
    Links: null,
    OomScoreAdj: 0,
    PidMode: spec.pidMode,
    Privileged: spec.privileged,
    PublishAllPorts: false,
    ReadonlyRootfs: spec.readOnlyRootFilesystem,
    SecurityOpt: orNull(spec.securityOpt),
    UTSMode: '',
    UsernsMode: '',
    ShmSize: SHM_BYTES,
    Runtime: 'runc',
    ConsoleSize: [0, 0],
    Isolation: '',
    CpuShares: 0,
    Memory: spec.memoryLimitBytes,
    NanoCpus: spec.nanoCpus,
    CgroupParent: '',
    BlkioWeight: 0,
    BlkioWeightDevice: [],
    BlkioDeviceReadBps: [],
    BlkioDeviceWriteBps: [],
    BlkioDeviceReadIOps: [],
    BlkioDeviceWriteIOps: [],
    CpuPeriod: 0,
    CpuQuota: 0,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: '',
    CpusetMems: '',
    Devices: nothing,
    DeviceCgroupRules: null,
    DeviceRequests: null,
    KernelMemory: 0,
    KernelMemoryTCP: 0,
    MemoryReservation: 0,
    MemorySwap: spec.memoryLimitBytes * 2,
    MemorySwappiness: null,
    OomKillDisable: false,
    PidsLimit: spec.pidsLimit,
    Ulimits: nothing,
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
    MaskedPaths: spec.privileged ? null : [...MASKED_PATHS.map((name) => `/proc/${name}`), '/sys/firmware'],
    ReadonlyPaths: spec.privileged ? null : READ_ONLY_PATHS,
  }
}

function configBlock(container: SimulatedContainer, engineName: string): object {
  const { spec } = container
  const ports = Object.fromEntries(spec.ports.map((port) => [`${port.containerPort}/tcp`, {}]))
  return {
    Hostname: spec.network === 'host' ? engineName : container.id.slice(0, 12),
    Domainname: '',
    User: spec.user,
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    ExposedPorts: spec.ports.length === 0 ? undefined : ports,
    Tty: spec.tty,
    OpenStdin: spec.tty,
    StdinOnce: false,
    Env: spec.env.length === 0 ? null : spec.env,
    Cmd: spec.cmd.length === 0 ? null : spec.cmd,
    Healthcheck:
      spec.healthTest === null
        ? undefined
        : {
            Test: ['CMD-SHELL', spec.healthTest],
            Interval: HEALTH_INTERVAL_MS * NANOS_PER_MS,
            Timeout: HEALTH_TIMEOUT_MS * NANOS_PER_MS,
            StartPeriod: HEALTH_START_MS * NANOS_PER_MS,
            Retries: 3,
          },
    Image: spec.image,
    Volumes: null,
    WorkingDir: spec.workingDir,
    Entrypoint: spec.entrypoint,
    OnBuild: null,
    Labels: spec.labels,
    StopSignal: spec.stopSignal ?? undefined,
  }
}

/** The outer address fields only describe the default bridge, so they are empty on any other network. */
function networkSettings(container: SimulatedContainer): object {
  const onBridge = container.spec.network === 'bridge' && hasProcesses(container)
  const wasStarted = container.startedAt !== null
  return {
    Bridge: '',
    SandboxID: wasStarted ? container.sandboxId : '',
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    Ports: hasProcesses(container) ? portMap(container, false) : {},
    SandboxKey: wasStarted ? `/var/run/docker/netns/${container.sandboxId.slice(0, 12)}` : '',
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: onBridge ? container.endpointId : '',
    Gateway: onBridge ? container.network.gateway : '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    IPAddress: onBridge ? container.ipAddress : '',
    IPPrefixLen: onBridge ? container.network.prefixBits : 0,
    IPv6Gateway: '',
    MacAddress: onBridge ? macAddress(container.ipAddress) : '',
    Networks: networks(container),
  }
}
