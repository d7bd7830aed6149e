import type { InspectedContainer, ListedContainer } from '../model/container.js'
import type { ContainerEvent } from '../model/container-event.js'
import type { EngineInfo, EngineVersion } from '../model/host.js'
import type { Reading } from '../model/sample.js'

/**
 * One Docker engine, to read from. There is no verb here that changes anything, so nothing above can ask for one. Every call
 * is bounded by a deadline of its own and ends earlier by its signal. Each rejects with an ApiError: engine-unavailable,
 * engine-timeout, engine-bad-answer, engine-endpoint-blocked or container-not-found; TlsIdentityError for a wrong party.
 */
export interface Engine {
  /** Resolves when the engine answers GET /_ping. */
  ping(signal: AbortSignal): Promise<void>
  version(signal: AbortSignal): Promise<EngineVersion>
  info(signal: AbortSignal): Promise<EngineInfo>
  /** All containers, stopped ones too; only those with the given full ids where `ids` is given. */
  containers(ids: readonly string[] | null, signal: AbortSignal): Promise<readonly ListedContainer[]>
  inspect(id: string, signal: AbortSignal): Promise<InspectedContainer>
  /** One reading; null where the container does not run. Takes the engine one to two seconds. */
  stats(id: string, signal: AbortSignal): Promise<Reading | null>
  /**
   * Container events from now on. `onOpen` runs once the engine has accepted the subscription. Ends quietly by its signal and
   * where the open stream ends or is cut: whoever subscribes anew learns from that whether the engine still answers.
   */
  events(signal: AbortSignal, onOpen: () => void): AsyncIterable<ContainerEvent>
  /** Closes every connection. */
  close(): void
}
