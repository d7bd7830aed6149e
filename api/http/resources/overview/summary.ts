import type { Container } from '../../../model/container.js'
import type { HostStatus } from '../../../model/host.js'
import { problemsOf } from '../../../model/problem.js'
import type { Sample } from '../../../model/sample.js'

/** The numbers of a status tile in one call, two levels deep. */
export interface Summary {
  readonly hosts: Readonly<Record<'total' | 'live' | 'stale' | 'connecting', number>>
  readonly containers: Readonly<
    Record<'total' | 'running' | 'paused' | 'restarting' | 'created' | 'exited' | 'removing' | 'dead', number>
  >
  readonly health: Readonly<Record<'healthy' | 'unhealthy' | 'starting' | 'none', number>>
  /** `percent`: 100 is one core. `cores` and `memory.totalBytes` are those of the hosts; null if no engine reports them. */
  readonly cpu: { readonly percent: number | null; readonly cores: number | null }
  readonly memory: { readonly usedBytes: number | null; readonly totalBytes: number | null }
  readonly problems: Readonly<
    Record<
      'total' | 'crashloop' | 'unhealthy' | 'restarting' | 'oomKilled' | 'exitedNonzero' | 'dead' | 'hostsDown',
      number
    >
  >
}

export function summarize(
  hosts: readonly HostStatus[],
  containers: readonly Container[],
  sampleOf: (container: Container) => Sample | null,
  now: number,
): Summary {
  const inState = (state: Container['state']) => count(containers, (container) => container.state === state)
  const inHealth = (health: Container['health']) => count(containers, (container) => container.health === health)
  const samples = containers.map(sampleOf)
  const hostsIn = (state: HostStatus['state']) => count(hosts, (host) => host.state === state)
  const problems = {
    crashloop: count(containers, (container) => problemsOf(container, now).includes('crashloop')),
    unhealthy: inHealth('unhealthy'),
    restarting: inState('restarting'),
    oomKilled: count(containers, (container) => container.oomKilled),
    exitedNonzero: count(
      containers,
      ({ state, exitCode }) => state === 'exited' && exitCode !== null && exitCode !== 0,
    ),
    dead: inState('dead'),
    hostsDown: count(hosts, ({ fault }) => fault !== null),
  }
  return {
    hosts: { total: hosts.length, live: hostsIn('live'), stale: hostsIn('stale'), connecting: hostsIn('connecting') },
    containers: {
      total: containers.length,
      running: inState('running'),
      paused: inState('paused'),
      restarting: inState('restarting'),
      created: inState('created'),
      exited: inState('exited'),
      removing: inState('removing'),
      dead: inState('dead'),
    },
    health: {
      healthy: inHealth('healthy'),
      unhealthy: problems.unhealthy,
      starting: inHealth('starting'),
      none: inHealth('none'),
    },
    cpu: {
      percent: sumKnown(samples.map((sample) => sample?.cpuPercent ?? null)),
      cores: sumKnown(hosts.map(({ info }) => info?.cpus ?? null)),
    },
    memory: {
      usedBytes: sumKnown(samples.map((sample) => sample?.reading.memoryUsedBytes ?? null)),
      totalBytes: sumKnown(hosts.map(({ info }) => info?.memoryBytes ?? null)),
    },
    // A container that was killed for memory also exited non-zero. It counts once.
    problems: {
      total: count(containers, (container) => isProblem(container, now)) + problems.hostsDown,
      ...problems,
    },
  }
}

function isProblem(container: Container, now: number): boolean {
  const { state } = container
  return state === 'dead' || state === 'restarting' || problemsOf(container, now).length > 0
}

function count<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.reduce((total, item) => total + (holds(item) ? 1 : 0), 0)
}

/** Null if no number is known: unknown is not zero. */
function sumKnown(numbers: readonly (number | null)[]): number | null {
  return numbers.reduce((total, number) => (number === null ? total : (total ?? 0) + number), null)
}
