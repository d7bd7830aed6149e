import { EventJournal } from '../../api/live/events/event-journal.js'
import type { EngineObjects, HostObjects, View, Watch } from '../../api/live/view.js'
import type { Container, InspectedContainer } from '../../api/model/container.js'
import type { EngineMetrics } from '../../api/model/engine-metrics.js'
import type { DiskUse } from '../../api/model/engine-object.js'
import { ApiError } from '../../api/model/error.js'
import type { ChangeList } from '../../api/model/file-change.js'
import type { History } from '../../api/model/history.js'
import type { HostStatus } from '../../api/model/host.js'
import { type LabelSelector, matchesSelectors } from '../../api/model/label-selector.js'
import type { LogCursor, LogFollowQuery, LogPage, LogQuery, LogReader, LogStep } from '../../api/model/log-line.js'
import type { ProcessList } from '../../api/model/process.js'
import { type Sample, sampleBetween } from '../../api/model/sample.js'
import { inspected, listed, readingAt } from './fake-engine.js'

export function containerOf(changes: Partial<Container> & Pick<Container, 'id'>): Container {
  return {
    ...listed({ id: changes.id }),
    hostId: 'local',
    health: 'none',
    startedAt: '2026-11-24T00:00:01Z',
    finishedAt: null,
    restartCount: 0,
    exitCode: null,
    oomKilled: false,
    project: null,
    service: null,
    tty: false,
    healthCommand: null,
    crashes: [],
    memoryKills: [],
    ...changes,
  }
}

export function hostOf(changes: Partial<HostStatus> = {}): HostStatus {
  return {
    id: 'local',
    state: 'live',
    observedAt: Date.UTC(2026, 10, 24),
    endpoint: 'unix:///var/run/docker.sock',
    labels: {},
    version: null,
    info: null,
    fault: null,
    clockSkewMs: 0,
    omitted: { containers: 0, partialContainers: 0, events: 0, isListTruncated: false },
    ...changes,
  }
}

/** A view with the contents that the test sets. */
export class FakeView implements View {
  version = 1
  statsVersion = 1
  all: Container[] = []
  fleet: HostStatus[] = [hostOf()]
  inspectFault: Error | null = null
  inspections = 0
  readonly samples = new Map<string, Sample>()
  readonly histories = new Map<string, History>()
  metrics: EngineMetrics[] = []
  lookupFault: Error | null = null
  processes: ProcessList = { processes: [], redactions: 0, isTruncated: false }
  fileChanges: ChangeList = { changes: [], isTruncated: false }
  logPage: LogPage = { lines: [], isTruncated: false, redactions: 0 }
  /** The steps of a followed log after the first. */
  steps: (signal: AbortSignal) => AsyncIterable<LogStep> = async function* () {}
  readonly logQueries: LogQuery[] = []
  readonly logParties: string[] = []
  readonly followedFrom: (LogCursor | null)[] = []
  readonly answers: { -readonly [Kind in keyof EngineObjects]: readonly HostObjects<EngineObjects[Kind]>[] } = {
    images: [],
    networks: [],
    volumes: [],
    disk: [],
  }
  readonly events = new EventJournal()
  readonly sinceAsked: number[] = []
  readonly watched: {
    readonly parties: readonly string[]
    readonly ids: readonly string[]
    readonly intervalMs: number
  }[] = []

  get isReady(): boolean {
    return this.fleet.some(({ state }) => state === 'live')
  }

  hosts(): readonly HostStatus[] {
    return this.fleet
  }

  containers(selectors: readonly LabelSelector[]): readonly Container[] {
    return this.all.filter(({ labels }) => matchesSelectors(labels, selectors))
  }

  find(id: string, host: string | null, selectors: readonly LabelSelector[]): Container {
    const fitting = this.containers(selectors).filter(
      (container) => container.id.startsWith(id) && (host === null || container.hostId === host),
    )
    if (fitting.length > 1) throw new ApiError('ambiguous-container-id', 'several')
    const [found] = fitting
    if (found === undefined) throw new ApiError('container-not-found', 'none')
    return found
  }

  sample(container: Container): Sample | null {
    return this.samples.get(container.id) ?? null
  }

  history(container: Container, since: number): History | null {
    this.sinceAsked.push(since)
    return this.histories.get(container.id) ?? null
  }

  watch({ parties, containers, intervalMs }: Watch): void {
    this.watched.push({ parties: [...parties], ids: containers.map(({ id }) => id), intervalMs })
  }

  engineMetrics(): readonly EngineMetrics[] {
    return this.metrics
  }

  async inspect(container: Container): Promise<InspectedContainer> {
    this.inspections += 1
    if (this.inspectFault !== null) throw this.inspectFault
    return inspected(container)
  }

  async top(): Promise<ProcessList> {
    if (this.lookupFault !== null) throw this.lookupFault
    return this.processes
  }

  async changes(): Promise<ChangeList> {
    if (this.lookupFault !== null) throw this.lookupFault
    return this.fileChanges
  }

  async readLog(_container: Container, query: LogQuery, reader: LogReader, _recordCall?: unknown): Promise<LogPage> {
    this.logQueries.push(query)
    this.logParties.push(reader.party)
    if (this.lookupFault !== null) throw this.lookupFault
    return this.logPage
  }

  async *followLog(
    _container: Container,
    query: LogFollowQuery,
    from: LogCursor | null,
    { party, signal }: LogReader,
  ): AsyncIterable<LogStep> {
    this.logQueries.push({ ...query, until: null })
    this.logParties.push(party)
    this.followedFrom.push(from)
    if (this.lookupFault !== null) throw this.lookupFault
    yield { kind: 'lines', lines: [] }
    yield* this.steps(signal)
  }

  async objects<Kind extends keyof EngineObjects>(
    kind: Kind,
    hosts: readonly string[],
  ): Promise<readonly HostObjects<EngineObjects[Kind]>[]> {
    const answers = this.answers[kind] as readonly HostObjects<EngineObjects[Kind]>[]
    return answers.filter(({ hostId }) => hosts.length === 0 || hosts.includes(hostId))
  }

  knownDiskUse(host: string): DiskUse | null {
    return this.answers.disk.find(({ hostId }) => hostId === host)?.value ?? null
  }

  addSample(id: string): void {
    this.samples.set(id, sampleBetween(readingAt(1_000_000), readingAt(1_010_000)))
  }
}
