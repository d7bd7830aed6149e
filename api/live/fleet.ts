import type { Clock } from '../clock.js'
import type { Container, InspectedContainer } from '../model/container.js'
import type { RecordCall } from '../model/engine-call.js'
import type { EngineMetrics } from '../model/engine-metrics.js'
import type { DiskUse } from '../model/engine-object.js'
import { ApiError } from '../model/error.js'
import type { ChangeList } from '../model/file-change.js'
import type { History } from '../model/history.js'
import type { HostStatus } from '../model/host.js'
import { type LabelSelector, matchesSelectors } from '../model/label-selector.js'
import type { LogCursor, LogFollowQuery, LogPage, LogQuery, LogReader, LogStep } from '../model/log-line.js'
import type { ProcessList } from '../model/process.js'
import type { Sample } from '../model/sample.js'
import type { Host } from './host/host.js'
import { WatchShares } from './stats/watch-shares.js'
import type { EngineObjects, Events, HostObjects, RecordEngineCall, View, Watch } from './view.js'

const FULL_ID_LENGTH = 64

/** Milliseconds after which answers are rendered again even if nothing has changed. */
const AGEING_STEP_MS = 30_000

/** All hosts as one view. */
export class Fleet implements View {
  readonly #hosts: ReadonlyMap<string, Host>
  #all: { readonly version: number; readonly containers: readonly Container[] } = { version: -1, containers: [] }

  readonly events: Events
  readonly #clock: Clock
  readonly #watchShares: WatchShares

  constructor(hosts: readonly Host[], events: Events, clock: Clock) {
    this.#hosts = new Map(hosts.map((host) => [host.id, host]))
    this.events = events
    this.#clock = clock
    this.#watchShares = new WatchShares(clock)
  }

  /** Problems expire by themselves, so time alone moves the version as well, in coarse steps. */
  get version(): number {
    return sum(this.#hosts.values(), (host) => host.version) + Math.floor(this.#clock.now() / AGEING_STEP_MS)
  }

  get statsVersion(): number {
    return this.version + sum(this.#hosts.values(), (host) => host.sampleVersion)
  }

  get isReady(): boolean {
    return this.hosts().some(({ state }) => state === 'live')
  }

  hosts(): readonly HostStatus[] {
    return [...this.#hosts.values()].map((host) => host.status())
  }

  containers(selectors: readonly LabelSelector[]): readonly Container[] {
    const { version } = this
    if (this.#all.version !== version)
      this.#all = { version, containers: [...this.#hosts.values()].flatMap((host) => host.containers()) }
    if (selectors.length === 0) return this.#all.containers
    return this.#all.containers.filter(({ labels }) => matchesSelectors(labels, selectors))
  }

  find(id: string, host: string | null, selectors: readonly LabelSelector[]): Container {
    const asked = [...this.#hosts.values()].filter((one) => host === null || one.id === host)
    const fitting = asked
      .flatMap((one) => (id.length === FULL_ID_LENGTH ? [one.container(id) ?? []].flat() : startingWith(one, id)))
      .filter(({ labels }) => matchesSelectors(labels, selectors))
    const [first] = fitting
    if (first === undefined) {
      const unheard = asked.map((one) => one.status()).find(({ state }) => state === 'connecting')
      if (unheard !== undefined) throw new ApiError('engine-unavailable', `host ${unheard.id} has never answered`)
      throw new ApiError('container-not-found', 'no visible container has this id')
    }
    if (fitting.length > 1)
      throw new ApiError('ambiguous-container-id', `${fitting.length} visible containers have this id`, {
        detail: isOneId(fitting)
          ? 'Containers of several hosts have this id. Add host=ID to say which; the list shows them.'
          : 'Several containers have an id that begins so. Give more digits.',
      })
    return first
  }

  sample(container: Container): Sample | null {
    return this.#hosts.get(container.hostId)?.sample(container.id) ?? null
  }

  history(container: Container, since: number): History | null {
    return this.#hosts.get(container.hostId)?.history(container.id, since) ?? null
  }

  watch({ key, parties, containers, intervalMs }: Watch): void {
    const paceMs = this.#watchShares.paceMs({ key, parties, count: containers.length, intervalMs })
    for (const { hostId, id } of containers) this.#hosts.get(hostId)?.watch(id, paceMs)
  }

  engineMetrics(): readonly EngineMetrics[] {
    return [...this.#hosts.values()].map((host) => host.metrics())
  }

  inspect(container: Container, recordCall: RecordEngineCall): Promise<InspectedContainer> {
    return this.#hostOf(container).reads.inspect(container.id, recorderOf(container.hostId, recordCall))
  }

  top(container: Container, recordCall: RecordEngineCall): Promise<ProcessList> {
    return this.#hostOf(container).reads.top(container.id, recorderOf(container.hostId, recordCall))
  }

  changes(container: Container, recordCall: RecordEngineCall): Promise<ChangeList> {
    return this.#hostOf(container).reads.changes(container.id, recorderOf(container.hostId, recordCall))
  }

  readLog(container: Container, query: LogQuery, reader: LogReader, recordCall: RecordEngineCall): Promise<LogPage> {
    return this.#hostOf(container).logs.read(container.id, query, reader, recorderOf(container.hostId, recordCall))
  }

  followLog(
    container: Container,
    query: LogFollowQuery,
    from: LogCursor | null,
    reader: LogReader,
  ): AsyncIterable<LogStep> {
    return this.#hostOf(container).logs.follow(container.id, query, from, reader)
  }

  objects<Kind extends keyof EngineObjects>(
    kind: Kind,
    hosts: readonly string[],
    recordCall: RecordEngineCall,
  ): Promise<readonly HostObjects<EngineObjects[Kind]>[]> {
    const asked = [...this.#hosts.values()].filter(({ id }) => hosts.length === 0 || hosts.includes(id))
    return Promise.all(
      asked.map(async (host) => {
        const { value, observedAt, fault } = await host.reads.objects(kind, recorderOf(host.id, recordCall))
        return { hostId: host.id, value, observedAt, fault }
      }),
    )
  }

  knownDiskUse(host: string): DiskUse | null {
    return this.#hosts.get(host)?.reads.knownDiskUse ?? null
  }

  #hostOf({ hostId }: Container): Host {
    const host = this.#hosts.get(hostId)
    if (host === undefined) throw new ApiError('internal', 'a container without a host')
    return host
  }
}

/** Passes each call record on with its host. */
function recorderOf(host: string, recordCall: RecordEngineCall): RecordCall {
  return ({ read, status, milliseconds }) => recordCall({ host, call: read, status, milliseconds })
}

function startingWith(host: Host, digits: string): Container[] {
  const fitting: Container[] = []
  for (const container of host.containers()) if (container.id.startsWith(digits)) fitting.push(container)
  return fitting
}

function isOneId(containers: readonly Container[]): boolean {
  return containers.every(({ id }) => id === containers[0]?.id)
}

function sum<T>(items: Iterable<T>, of: (item: T) => number): number {
  let total = 0
  for (const item of items) total += of(item)
  return total
}
