import type { ContainerList, InspectedContainer } from '../model/container.js'
import type { EventStep } from '../model/container-event.js'
import type { RecordCall } from '../model/engine-call.js'
import type { CallTotal } from '../model/engine-metrics.js'
import type { DiskUse, Image, Network, Volume } from '../model/engine-object.js'
import type { EngineTime } from '../model/engine-time.js'
import type { ChangeList } from '../model/file-change.js'
import type { EngineInfo, EngineVersion } from '../model/host.js'
import type { LogLine } from '../model/log-line.js'
import type { ProcessList } from '../model/process.js'
import type { Reading } from '../model/sample.js'

/**
 * Which messages an engine is asked for: of both streams and without an end, because it counts the last ones before it looks at
 * stream and time, and would give fewer than asked for.
 */
export interface LogRequest {
  /** The last so many of all that the engine stores; null is all. */
  readonly tail: number | null
  /** Inclusive, on the engine's clock. */
  readonly since: EngineTime | null
  /** Whether the container has a terminal, as inspect tells: its output has another form then. */
  readonly isTty: boolean
  /** Goes on with what is written from now on, until the container ends. */
  readonly follow: boolean
}

/**
 * One Docker engine, to read from. There is no verb here that changes anything, so nothing above can ask for one. Every call
 * is bounded by a deadline of its own and ends earlier by its signal. Each rejects with an ApiError: engine-unavailable,
 * engine-timeout, engine-bad-answer, engine-endpoint-blocked or container-not-found; TlsIdentityError for a wrong party.
 * `recordCall` gets the record of each call that reached an engine, or was about to, before its answer is given.
 */
export interface Engine {
  /** Resolves when the engine answers GET /_ping. */
  ping(signal: AbortSignal, recordCall?: RecordCall): Promise<void>
  version(signal: AbortSignal, recordCall?: RecordCall): Promise<EngineVersion>
  info(signal: AbortSignal, recordCall?: RecordCall): Promise<EngineInfo>
  /** All containers, stopped ones too; only those with the given full ids where `ids` is given. */
  containers(ids: readonly string[] | null, signal: AbortSignal, recordCall?: RecordCall): Promise<ContainerList>
  inspect(id: string, signal: AbortSignal, recordCall?: RecordCall): Promise<InspectedContainer>
  /** One reading; null where the container does not run. Takes the engine one to two seconds. */
  stats(id: string, signal: AbortSignal, recordCall?: RecordCall): Promise<Reading | null>
  /**
   * Container events after `since` that the engine still remembers (null: none), then those from now on. `onOpen` runs once the
   * engine has accepted the subscription, with its clock (milliseconds since 1970, whole seconds; null where it shows none).
   * Ends quietly by its signal and where the open stream ends or is cut: the next subscription shows whether the engine
   * still answers.
   */
  events(
    since: EngineTime | null,
    signal: AbortSignal,
    onOpen: (engineNow: number | null) => void,
    recordCall?: RecordCall,
  ): AsyncIterable<EventStep>
  /**
   * Lines of a container's output in the order in which the engine kept them, some at a time. The first batch is empty: it tells
   * that the engine has begun to answer. Rejects with log-driver-unreadable as well. A followed log ends quietly where its stream ends or is cut, and has no deadline.
   */
  logs(id: string, request: LogRequest, signal: AbortSignal, recordCall?: RecordCall): AsyncIterable<readonly LogLine[]>
  /** Rejects with container-not-running as well. */
  top(id: string, signal: AbortSignal, recordCall?: RecordCall): Promise<ProcessList>
  /** Paths that are not as the image has them. The engine walks the container's file system. */
  changes(id: string, signal: AbortSignal, recordCall?: RecordCall): Promise<ChangeList>
  images(signal: AbortSignal, recordCall?: RecordCall): Promise<readonly Image[]>
  networks(signal: AbortSignal, recordCall?: RecordCall): Promise<readonly Network[]>
  volumes(signal: AbortSignal, recordCall?: RecordCall): Promise<readonly Volume[]>
  /** Takes an engine seconds to minutes: it walks volumes and containers. */
  diskUse(signal: AbortSignal, recordCall?: RecordCall): Promise<DiskUse>
  /** Of every call since the start. */
  callTotals(): readonly CallTotal[]
  /** Closes every connection. */
  close(): void
}
