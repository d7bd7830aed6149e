import { createHash } from 'node:crypto'
import type { ContainerState, HealthState } from './docker-words.js'

/** The mean rates of one container. They vary around these by its phase. */
export interface SimulatedLoad {
  readonly cores: number
  readonly memoryBytes: number
  readonly rxBytesPerSecond: number
  readonly txBytesPerSecond: number
  readonly readBytesPerSecond: number
  readonly writeBytesPerSecond: number
  readonly pids: number
}

export interface SimulatedPort {
  readonly containerPort: number
  /** Null for a port that is exposed but not published. */
  readonly hostPort: number | null
  readonly hostIp: string
}

export interface SimulatedMount {
  readonly type: 'bind' | 'volume'
  /** The path of a bind mount, or the name of a volume. A volume without a name gets one in the initial state. */
  readonly source: string
  readonly destination: string
  readonly readOnly: boolean
}

/** A change that a container made to the files of its image: 0 is modified, 1 added, 2 deleted, as on the wire. */
export interface SimulatedChange {
  readonly path: string
  readonly kind: 0 | 1 | 2
}

/** The options that `docker run` was given. */
export interface SimulatedSpec {
  readonly name: string
  readonly image: string
  readonly labels: Readonly<Record<string, string>>
  readonly env: readonly string[]
  readonly entrypoint: readonly string[] | null
  readonly cmd: readonly string[]
  readonly user: string
  readonly workingDir: string
  readonly tty: boolean
  /** `bridge`, `host`, `none` or the name of a compose network. */
  readonly network: string
  readonly ports: readonly SimulatedPort[]
  readonly mounts: readonly SimulatedMount[]
  readonly restartPolicy: 'no' | 'always' | 'unless-stopped' | 'on-failure'
  /** 0 is no limit, as on the wire. */
  readonly memoryLimitBytes: number
  readonly nanoCpus: number
  readonly pidsLimit: number | null
  readonly privileged: boolean
  readonly readOnlyRootFilesystem: boolean
  readonly capAdd: readonly string[]
  readonly capDrop: readonly string[]
  readonly securityOpt: readonly string[]
  readonly pidMode: string
  readonly logDriver: string
  readonly logOptions: Readonly<Record<string, string>>
  /** One line in this many is so long that the engine splits it; null means never. */
  readonly longLineEvery: number | null
  /** Null for a container without a health check. */
  readonly healthTest: string | null
  readonly healthOutput: string
  /** Null for the engine's default, SIGTERM. */
  readonly stopSignal: 'SIGINT' | 'SIGQUIT' | 'SIGWINCH' | null
  readonly changes: readonly SimulatedChange[]
  readonly load: SimulatedLoad
}

export interface SimulatedNetwork {
  readonly name: string
  readonly id: string
  readonly driver: string
  readonly subnet: SimulatedSubnet | null
  /** Empty without a subnet, and 0 bits, as on the wire. */
  readonly gateway: string
  readonly prefixBits: number
  readonly internal: boolean
  readonly attachable: boolean
  readonly options: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  createdAt: number
  /** How many addresses were handed out. */
  handedOut: number
}

export interface SimulatedSubnet {
  /** The first address as a number of 32 bits. */
  readonly base: number
  readonly prefixBits: number
}

export interface SimulatedContainer {
  readonly id: string
  name: string
  readonly spec: SimulatedSpec
  readonly imageId: string
  readonly network: SimulatedNetwork
  readonly endpointId: string
  readonly sandboxId: string
  /** Empty on a network that hands out no addresses. */
  readonly ipAddress: string
  readonly createdAt: number
  /** In radians. It keeps two containers of one kind from varying in step. */
  readonly phase: number
  readonly logPeriodMs: number
  state: ContainerState
  startedAt: number | null
  finishedAt: number | null
  pausedAt: number | null
  /** Milliseconds of this run that earlier pauses took. */
  pausedMs: number
  pid: number
  exitCode: number
  oomKilled: boolean
  error: string
  restartCount: number
  health: HealthState
  failingStreak: number
}

const NANOS_PER_MS = 1_000_000n
/** Digits below the milliseconds, which the clock of a real engine has and ours lacks. */
const NANOS_BELOW_MS = 417_203n
const SLOW_WAVE_SECONDS = 97
const QUICK_WAVE_SECONDS = 13
const SLOW_SWING = 0.45
/** The two amplitudes sum to less than 1, so a rate never turns negative and a counter never runs backwards. */
const QUICK_SWING = 0.3

/** Stands in for digests of the engine: 64 lower-case hex digits for any text. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** An amount between two bounds, always the same for the same text, with each order of magnitude equally likely. */
export function amountOf(text: string, low: number, high: number): number {
  const share = Number.parseInt(digest(text).slice(0, 8), 16) / 2 ** 32
  return Math.floor(low * (high / low) ** share)
}

/** A small seeded generator (mulberry32). The same seed gives the same state on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The engine counts a paused container as running too, but not a restarting one. */
export function hasProcesses(container: SimulatedContainer): boolean {
  return container.state === 'running' || container.state === 'paused'
}

/** How long this run has been running, without pauses. */
export function activeMs(container: SimulatedContainer, at: number): number {
  if (container.startedAt === null) return 0
  return Math.max(0, (container.pausedAt ?? at) - container.startedAt - container.pausedMs)
}

/** The integral of a varying rate over `seconds`, in closed form, so that nothing has to tick between requests. */
export function grownBy(ratePerSecond: number, seconds: number, phase: number): number {
  return ratePerSecond * (seconds + waveArea(seconds, SLOW_WAVE_SECONDS, SLOW_SWING, phase) + quick(seconds, phase))
}

function quick(seconds: number, phase: number): number {
  return waveArea(seconds, QUICK_WAVE_SECONDS, QUICK_SWING, phase * 2)
}

function waveArea(seconds: number, period: number, swing: number, phase: number): number {
  const pace = (2 * Math.PI) / period
  return (swing / pace) * (Math.cos(phase) - Math.cos(pace * seconds + phase))
}

/** A gauge that varies slowly around 1. */
export function wander(seconds: number, phase: number): number {
  return 1 + 0.12 * Math.sin((2 * Math.PI * seconds) / (SLOW_WAVE_SECONDS * 4) + phase)
}

/** RFC 3339 with nanoseconds, as Go writes it. Go's zero time means "never". */
export function goTime(at: number | null): string {
  return at === null ? '0001-01-01T00:00:00Z' : goTimeOf(nanosOf(at))
}

/** Always with nine digits, as in the timestamps of logs. */
export function goTimeOf(nanos: bigint): string {
  const below = String(nanos % NANOS_PER_MS).padStart(6, '0')
  return `${new Date(Number(nanos / NANOS_PER_MS)).toISOString().slice(0, -1)}${below}Z`
}

export function nanosOf(at: number): bigint {
  return BigInt(Math.floor(at)) * NANOS_PER_MS + NANOS_BELOW_MS
}

/** The engine's own sentence in the list (moby container/state.go, State.String). */
export function statusSentence(container: SimulatedContainer, at: number): string {
  const up = `Up ${humanDuration(at - (container.startedAt ?? at))}`
  const gone = humanDuration(at - (container.finishedAt ?? at))
  switch (container.state) {
    case 'running':
      if (container.health === 'none') return up
      return `${up} (${container.health === 'starting' ? 'health: starting' : container.health})`
    case 'paused':
      return `${up} (Paused)`
    case 'restarting':
      return `Restarting (${container.exitCode}) ${gone} ago`
    case 'created':
      return 'Created'
    case 'removing':
      return 'Removal In Progress'
    case 'dead':
      return 'Dead'
    case 'exited':
      return `Exited (${container.exitCode}) ${gone} ago`
  }
}

/** docker/go-units, HumanDuration. */
function humanDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  if (seconds < 1) return 'Less than a second'
  if (seconds === 1) return '1 second'
  if (seconds < 60) return `${seconds} seconds`
  const minutes = Math.floor(seconds / 60)
  if (minutes === 1) return 'About a minute'
  if (minutes < 60) return `${minutes} minutes`
  const hours = Math.round(seconds / 3600)
  if (hours === 1) return 'About an hour'
  if (hours < 48) return `${hours} hours`
  if (hours < 24 * 14) return `${Math.floor(hours / 24)} days`
  if (hours < 24 * 60) return `${Math.floor(hours / 24 / 7)} weeks`
  return `${Math.floor(hours / 24 / 30)} months`
}
