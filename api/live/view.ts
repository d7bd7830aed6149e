import type { Container, InspectedContainer } from '../model/container.js'
import type { EngineCall } from '../model/engine-call.js'
import type { EngineUse } from '../model/engine-use.js'
import type { History } from '../model/history.js'
import type { HostStatus } from '../model/host.js'
import type { LabelSelector } from '../model/label-selector.js'
import type { Sample } from '../model/sample.js'

/**
 * The questions that http may ask. Each that concerns containers takes the caller's selectors, and answers as if containers
 * that they do not select did not exist. All but `inspect` read memory.
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
   * The one container that an id of 12 to 64 digits fits, on `host` alone where one is given: machines that were copied from one
   * image have containers of the same full id. Throws container-not-found, ambiguous-container-id or engine-unavailable.
   */
  find(id: string, host: string | null, selectors: readonly LabelSelector[]): Container
  /** The latest sample; null before the first reading. */
  sample(container: Container): Sample | null
  /** Samples after `since` (milliseconds since 1970) and within the window before the last; null before the first. */
  history(container: Container, since: number): History | null
  /** Has these read every `intervalMs` for a while; a watcher says so again with each look. */
  watch(containers: readonly Container[], intervalMs: number): void
  /** What watching each engine takes. */
  engineUse(): readonly EngineUse[]
  /** `onCall` is told of the engine's part in it, also where it failed. */
  inspect(container: Container, onCall: (call: EngineCall) => void): Promise<InspectedContainer>
}
