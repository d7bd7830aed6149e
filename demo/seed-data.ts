import type { SimulatedLoad, SimulatedMount, SimulatedPort, SimulatedSpec } from './container.js'
import type { HealthState } from './docker-words.js'
import type { InitialState } from './initial-state.js'
import { SEED_SERVICES, type SeedService } from './seed-services.js'
import { anonymousVolume } from './volumes.js'

const MIB = 2 ** 20
const RUNNING_STATE: InitialState = {
  state: 'running',
  exitCode: 0,
  oomKilled: false,
  error: '',
  health: 'none',
  restartCount: 0,
}

const PLAIN: Omit<SimulatedSpec, 'name' | 'image' | 'cmd' | 'load'> = {
  labels: {},
  env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  entrypoint: null,
  user: '',
  workingDir: '',
  tty: false,
  network: 'bridge',
  ports: [],
  mounts: [],
  restartPolicy: 'unless-stopped',
  memoryLimitBytes: 0,
  nanoCpus: 0,
  pidsLimit: null,
  privileged: false,
  readOnlyRootFilesystem: false,
  capAdd: [],
  capDrop: [],
  securityOpt: [],
  pidMode: '',
  logDriver: 'json-file',
  logOptions: {},
  longLineEvery: null,
  healthTest: null,
  healthOutput: '',
  stopSignal: null,
  changes: [],
}

const LIGHT: SimulatedLoad = {
  cores: 0.02,
  memoryBytes: 48 * MIB,
  rxBytesPerSecond: 1200,
  txBytesPerSecond: 900,
  readBytesPerSecond: 0,
  writeBytesPerSecond: 300,
  pids: 6,
}

/** Owners for later rounds, so that thousands of containers still have realistic names. */
const TENANTS: readonly string[] = [
  'north',
  'harbor',
  'cedar',
  'atlas',
  'finch',
  'ember',
  'delta',
  'juniper',
  'orbit',
  'slate',
]
/** The share of troubled services that stay troubled after the first round. Most containers simply run. */
const TROUBLED_SHARE = 0.3

export interface SeedContainer {
  readonly spec: SimulatedSpec
  readonly initialState: InitialState
}

/** The container at `index` of the initial state. `random` is its only source of chance, so one seed gives one state. */
export function seedContainer(index: number, random: () => number): SeedContainer {
  const service = SEED_SERVICES[index % SEED_SERVICES.length] as SeedService
  const round = Math.floor(index / SEED_SERVICES.length)
  const spread = 0.6 + random() * 0.9
  const isDoneJob = service.initialState?.state === 'exited' && service.initialState.exitCode === 0
  const troubled = round === 0 || random() < TROUBLED_SHARE || isDoneJob
  const healthy: HealthState = service.spec.healthTest === undefined ? 'none' : 'healthy'
  const initialState: InitialState = { ...RUNNING_STATE, health: healthy, ...(troubled ? service.initialState : {}) }
  const project = projectName(service.project, round)
  const name =
    project === null ? `${service.service}${round === 0 ? '' : `-${round}`}` : `${project}-${service.service}-1`
  const network = service.spec.network ?? (project === null ? 'bridge' : `${project}_default`)
  return {
    initialState,
    spec: {
      ...PLAIN,
      ...service.spec,
      name,
      network,
      labels: { ...service.spec.labels, ...composeLabels(project, service.service) },
      // Two rounds cannot publish the same port of one machine.
      ports: (service.spec.ports ?? []).map((port) => shiftedPort(port, round)),
      mounts: (service.spec.mounts ?? []).map((mount) => ownMount(mount, name, service.project, project)),
      load: spreadLoad({ ...LIGHT, ...service.load }, spread),
    },
  }
}

/** The spec of a container that a test or the demo runs. Omitted options have plain defaults. */
export function plainSpec(given: Partial<SimulatedSpec> & Pick<SimulatedSpec, 'name'>): SimulatedSpec {
  return { ...PLAIN, image: 'busybox:1.36', cmd: ['sleep', '86400'], load: LIGHT, ...given }
}

function projectName(project: string | null, round: number): string | null {
  if (project === null || round === 0) return project
  const tenant = TENANTS[(round - 1) % TENANTS.length] as string
  const generation = Math.floor((round - 1) / TENANTS.length)
  return `${tenant}${generation === 0 ? '' : generation + 1}-${project}`
}

function composeLabels(project: string | null, service: string): Readonly<Record<string, string>> {
  if (project === null) return {}
  return {
    'com.docker.compose.container-number': '1',
    'com.docker.compose.oneoff': 'False',
    'com.docker.compose.project': project,
    'com.docker.compose.project.config_files': `/srv/${project}/compose.yaml`,
    'com.docker.compose.project.working_dir': `/srv/${project}`,
    'com.docker.compose.service': service,
    'com.docker.compose.version': '2.29.7',
  }
}

function shiftedPort(port: SimulatedPort, round: number): SimulatedPort {
  if (port.hostPort === null || round === 0) return port
  const dynamicPorts = 28_000
  return { ...port, hostPort: 32_768 + ((port.hostPort + round * 7) % dynamicPorts) }
}

/** Each project has its own volumes, and each container its own anonymous ones. */
function ownMount(
  mount: SimulatedMount,
  container: string,
  first: string | null,
  project: string | null,
): SimulatedMount {
  if (mount.type === 'bind') return mount
  if (mount.source === '') return { ...mount, source: anonymousVolume(container, mount.destination) }
  if (project === null || !mount.source.startsWith(`${first}_`)) return mount
  return { ...mount, source: `${project}${mount.source.slice(first?.length)}` }
}

function spreadLoad(load: SimulatedLoad, factor: number): SimulatedLoad {
  return {
    cores: load.cores * factor,
    memoryBytes: Math.round(load.memoryBytes * (0.8 + factor * 0.2)),
    rxBytesPerSecond: load.rxBytesPerSecond * factor,
    txBytesPerSecond: load.txBytesPerSecond * factor,
    readBytesPerSecond: load.readBytesPerSecond * factor,
    writeBytesPerSecond: load.writeBytesPerSecond * factor,
    pids: load.pids,
  }
}
