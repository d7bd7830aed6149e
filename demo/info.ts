import { goTime } from './container.js'
import type { SimulatedMachine } from './stats.js'

export const ENGINE_NAME = 'simulated'
export const ENGINE_VERSION = '20.10.24'
export const API_VERSION = '1.41'
export const MIN_API_VERSION = '1.12'
const BUILD_TIME = '2023-04-04T18:21:07.000000000+00:00'
const COMMIT = '5d6db84'
const CONTAINERD_COMMIT = '2806fc1057397dbaeefbea0e4e17bddfbd388f38'
const RUNC_COMMIT = 'v1.1.5-0-gf19387a'
const KERNEL = '6.1.0-simulated'

/** Header fields of every answer of the engine. */
export const ENGINE_HEADERS: Readonly<Record<string, string>> = {
  'Api-Version': API_VERSION,
  'Docker-Experimental': 'false',
  Ostype: 'linux',
  Server: `Docker/${ENGINE_VERSION} (linux)`,
}

/** Body of GET /version. */
export function versionBody(): object {
  return {
    Platform: { Name: 'Porthole simulated engine' },
    Components: [
      {
        Name: 'Engine',
        Version: ENGINE_VERSION,
        Details: {
          ApiVersion: API_VERSION,
          Arch: 'amd64',
          BuildTime: BUILD_TIME,
          Experimental: 'false',
          GitCommit: COMMIT,
          GoVersion: 'go1.19.7',
          KernelVersion: KERNEL,
          MinAPIVersion: MIN_API_VERSION,
          Os: 'linux',
        },
      },
      { Name: 'containerd', Version: '1.6.20', Details: { GitCommit: CONTAINERD_COMMIT } },
      { Name: 'runc', Version: '1.1.5', Details: { GitCommit: RUNC_COMMIT } },
      { Name: 'docker-init', Version: '0.19.0', Details: { GitCommit: 'de40ad0' } },
    ],
    Version: ENGINE_VERSION,
    ApiVersion: API_VERSION,
    MinAPIVersion: MIN_API_VERSION,
    GitCommit: COMMIT,
    GoVersion: 'go1.19.7',
    Os: 'linux',
    Arch: 'amd64',
    KernelVersion: KERNEL,
    BuildTime: BUILD_TIME,
  }
}

/** How many containers there are, and what else GET /info counts. */
export interface SimulatedCensus {
  readonly running: number
  readonly paused: number
  readonly stopped: number
  readonly images: number
  readonly eventListeners: number
}

/** Body of GET /info. */
export function infoBody(machine: SimulatedMachine, census: SimulatedCensus, at: number): object {
  const { running, paused, stopped } = census
  return {
    ID: 'PORT:HOLE:SIMU:LATE:DENG:INEX:PORT:HOLE:SIMU:LATE:DENG:INEX',
    Containers: running + paused + stopped,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: stopped,
    Images: census.images,
    Driver: 'overlay2',
    DriverStatus: [
      ['Backing Filesystem', 'extfs'],
      ['Supports d_type', 'true'],
      ['Native Overlay Diff', 'true'],
      ['userxattr', 'false'],
    ],
    Plugins: {
      Volume: ['local'],
      Network: ['bridge', 'host', 'ipvlan', 'macvlan', 'null', 'overlay'],
      Authorization: null,
      Log: [
        'awslogs',
        'fluentd',
        'gcplogs',
        'gelf',
        'journald',
        'json-file',
        'local',
        'logentries',
        'splunk',
        'syslog',
      ],
    },
    MemoryLimit: true,
    SwapLimit: true,
    KernelMemory: machine.cgroup === 1,
    KernelMemoryTCP: machine.cgroup === 1,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    PidsLimit: true,
    IPv4Forwarding: true,
    BridgeNfIptables: true,
    BridgeNfIp6tables: true,
    Debug: false,
    NFd: 26,
    OomKillDisable: machine.cgroup === 1,
    NGoroutines: 39,
    SystemTime: goTime(at),
    LoggingDriver: 'json-file',
    CgroupDriver: machine.cgroup === 1 ? 'cgroupfs' : 'systemd',
    CgroupVersion: String(machine.cgroup),
    NEventsListener: census.eventListeners,
    KernelVersion: KERNEL,
    OperatingSystem: 'Porthole simulated engine',
    OSVersion: '12',
    OSType: 'linux',
    Architecture: 'x86_64',
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: {
      AllowNondistributableArtifactsCIDRs: [],
      AllowNondistributableArtifactsHostnames: [],
      InsecureRegistryCIDRs: ['127.0.0.0/8'],
      IndexConfigs: { 'docker.io': { Name: 'docker.io', Mirrors: [], Secure: true, Official: true } },
      Mirrors: [],
    },
    NCPU: machine.cores,
    MemTotal: machine.memoryBytes,
    GenericResources: null,
    DockerRootDir: '/var/lib/docker',
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: ENGINE_NAME,
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: ENGINE_VERSION,
    Runtimes: {
      'io.containerd.runc.v2': { path: 'runc' },
      'io.containerd.runtime.v1.linux': { path: 'runc' },
      runc: { path: 'runc' },
    },
    DefaultRuntime: 'runc',
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: 'docker-init',
    ContainerdCommit: { ID: CONTAINERD_COMMIT, Expected: CONTAINERD_COMMIT },
    RuncCommit: { ID: RUNC_COMMIT, Expected: RUNC_COMMIT },
    InitCommit: { ID: 'de40ad0', Expected: 'de40ad0' },
    SecurityOptions: [
      'name=apparmor',
      'name=seccomp,profile=default',
      ...(machine.cgroup === 2 ? ['name=cgroupns'] : []),
    ],
    Warnings: null,
  }
}
