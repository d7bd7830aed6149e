import type { Container, InspectedContainer } from '../model/container.js'
import type { RecordedEvent } from '../model/container-event.js'
import type { EngineCall } from '../model/engine-call.js'
import type { EngineMetrics } from '../model/engine-metrics.js'
import type { DiskUse, Image, Network, Volume } from '../model/engine-object.js'
import type { ApiError } from '../model/error.js'
import type { ChangeList } from '../model/file-change.js'
import type { History } from '../model/history.js'
import type { HostStatus } from '../model/host.js'
import type { LabelSelector } from '../model/label-selector.js'
import type { LogCursor, LogFollowQuery, LogPage, LogQuery, LogReader, LogStep } from '../model/log-line.js'
import type { ProcessList } from '../model/process.js'
import type { Sample } from '../model/sample.js'

/**
 * The questions that http may ask. Each one about containers takes the caller's selectors, and answers as if containers that they
 * do not select did not exist. Questions that need an engine return a promise; all others read memory. `recordCall` gets each
 * engine call that the answer waited for, including failed ones.
 */
export interface View {
  /** Changes whenever an answer about containers or hosts could. */
  readonly version: number
  /** Changes whenever an answer about statistics could. */
  readonly statsVersion: number
  /** Whether any engine answers. */
  readonly isReady: boolean
  hosts(): readonly HostStatus[]
  containers(selectors: readonly LabelSelector[]): readonly Container[]
  /**
   * The one container that an id of 12 to 64 digits matches, on `host` alone if it is given: machines that were cloned from one
   * image have containers with the same full id.
   * @throws container-not-found, ambiguous-container-id or engine-unavailable
   */
  find(id: string, host: string | null, selectors: readonly LabelSelector[]): Container
  /** The latest sample; null before the first reading. */
  sample(container: Container): Sample | null
  /** Samples after `since` (milliseconds since 1970) and within the window before the last; null before the first. */
  history(container: Container, since: number): History | null
  /** Reads their statistics at the asked pace for a while, or at the share of those who look. A watcher calls again with each look. */
  watch(watch: Watch): void
  /** What watching each engine costs. */
  engineMetrics(): readonly EngineMetrics[]
  inspect(container: Container, recordCall: RecordEngineCall): Promise<InspectedContainer>
  top(container: Container, recordCall: RecordEngineCall): Promise<ProcessList>
  changes(container: Container, recordCall: RecordEngineCall): Promise<ChangeList>
  readLog(container: Container, query: LogQuery, reader: LogReader, recordCall: RecordEngineCall): Promise<LogPage>
  /** Begins with the lines that the query asks for, or after a cursor. The first step comes when the engine begins to answer. */
  followLog(
    container: Container,
    query: LogFollowQuery,
    from: LogCursor | null,
    reader: LogReader,
  ): AsyncIterable<LogStep>
  /**
   * Images, networks, volumes or disk use of all hosts or of the named ones, regardless of what the caller may see. An engine that
   * does not answer within a moment delays no answer: its part is an older value, or none, with the reason.
   */
  objects<Kind extends keyof EngineObjects>(
    kind: Kind,
    hosts: readonly string[],
    recordCall: RecordEngineCall,
  ): Promise<readonly HostObjects<EngineObjects[Kind]>[]>
  /** The last measurement, of any age. Asks no engine. */
  knownDiskUse(host: string): DiskUse | null
  readonly events: Events
}

export interface Watch {
  /** The same for each look of one watcher. */
  readonly key: string
  /** Who looks: what shares count by. */
  readonly parties: Iterable<string>
  readonly containers: readonly Container[]
  readonly intervalMs: number
}

export type RecordEngineCall = (call: EngineCall) => void

export interface EngineObjects {
  readonly images: readonly Image[]
  readonly networks: readonly Network[]
  readonly volumes: readonly Volume[]
  readonly disk: DiskUse
}

export interface HostObjects<T> {
  readonly hostId: string
  /** Null if the engine has never answered. */
  readonly value: T | null
  /** Milliseconds since 1970. */
  readonly observedAt: number | null
  /** Why there is no newer answer. */
  readonly fault: ApiError | null
}

/** Recent events of all hosts in order of arrival, including those of hidden containers. */
export interface Events {
  /** The position after the latest event. */
  readonly end: number
  /** The id of the position before all events. */
  readonly beginning: string
  /** The position after the event with that id; null if it is forgotten. */
  positionOf(id: string): number | null
  after(position: number): EventPassage
  /** Resolves once an event has arrived after the position, or as soon as the signal aborts. */
  wait(position: number, signal: AbortSignal): Promise<void>
}

export interface EventPassage {
  readonly events: readonly RecordedEvent[]
  /** Hosts that lost events between the requested position and these events. */
  readonly lostHosts: readonly string[]
  readonly next: number
}
