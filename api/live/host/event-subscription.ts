import type { Clock } from '../../clock.js'
import type { Engine } from '../../engine/engine.js'
import { type ContainerEvent, eventMilliseconds } from '../../model/container-event.js'
import { engineTime } from '../../model/engine-time.js'
import { GapMarker } from '../events/gap-marker.js'
import type { HostJournal } from '../events/host-journal.js'
import type { CrashTracker } from './crash-tracker.js'
import type { Inventory } from './inventory.js'

/** Events inside a running container, which change nothing in a list. Health checks alone make two of them a second. */
const SILENT_ACTIONS = new Set([
  'attach',
  'detach',
  'top',
  'resize',
  'export',
  'copy',
  'archive-path',
  'extract-to-dir',
  'exec_create',
  'exec_start',
  'exec_die',
  'exec_detach',
]) // prettier-ignore

/** How far back the first subscription asks for events: people ask about what happened shortly before. */
const FIRST_LOOK_BACK_MS = 60 * 60_000

/** The resolution of the engine's time: whole seconds. */
const CLOCK_STEP_MS = 1_000

export interface EventSubscriptionParts {
  readonly engine: Engine
  readonly journal: HostJournal
  readonly inventory: Inventory
  readonly crashes: CrashTracker
  readonly clock: Clock
  /** Runs for each event that may change what a list shows of the container. */
  readonly onChange: (containerId: string) => void
  /** Runs for each event that was passed over without a word of whose it is. */
  readonly onUnknownChange: () => void
  /** Runs after events were passed over, once for many. */
  readonly onGap: () => void
}

/** Follows an engine's events: records them in the journal and the crash history, and marks the containers that they change. */
export class EventSubscription {
  readonly #parts: EventSubscriptionParts
  readonly #gaps: GapMarker
  #clockSkewMs: number | null = null
  #omittedEvents = 0
  #version = 0

  constructor(parts: EventSubscriptionParts) {
    this.#parts = parts
    this.#gaps = new GapMarker(parts.clock, () => {
      this.#version += 1
      parts.journal.markGap()
      parts.onGap()
    })
  }

  /** Events that were passed over since the start. */
  get omittedEvents(): number {
    return this.#omittedEvents
  }

  /** Grows with `omittedEvents`, though not with each of many. */
  get version(): number {
    return this.#version
  }

  /** The engine's clock minus ours, in milliseconds; null if the engine has not sent its time. */
  get clockSkewMs(): number | null {
    return this.#clockSkewMs
  }

  /** One connection. `onOpen` runs once the engine has accepted the subscription. Resolves or rejects as the event stream does. */
  async run(signal: AbortSignal, onOpen: () => void): Promise<void> {
    const { engine, journal, clock, onChange } = this.#parts
    const isFirst = journal.isEmpty
    const since = journal.resumeFrom(engineTime(clock.now() - FIRST_LOOK_BACK_MS))
    let openedAt: number | null = null
    const opened = (engineNow: number | null) => {
      openedAt = engineNow
      if (engineNow !== null) this.#clockSkewMs = skewOf(engineNow, clock.now())
      journal.markSubscribed()
      onOpen()
    }
    try {
      for await (const step of engine.events(since, signal, opened)) {
        if (step.kind === 'gap') {
          this.#passOver(step.containerId)
          continue
        }
        const { event } = step
        this.#gaps.flush()
        // Changes from before the subscription are in the list that follows it.
        const isPast = openedAt !== null && eventMilliseconds(event) < openedAt - CLOCK_STEP_MS
        this.#record(event, isFirst && isPast)
        if (!isPast && !SILENT_ACTIONS.has(event.action)) onChange(event.containerId)
      }
    } finally {
      this.#gaps.end()
    }
  }

  /** What the event would have told is read: of its container, or of all. */
  #passOver(containerId: string | null): void {
    const { onChange, onUnknownChange } = this.#parts
    this.#omittedEvents += 1
    this.#gaps.add()
    if (containerId === null) onUnknownChange()
    else onChange(containerId)
  }

  #record(event: ContainerEvent, isPast: boolean): void {
    const { journal, inventory, crashes } = this.#parts
    const known = inventory.get(event.containerId)
    // Labels in the list decide which callers see the container, but an event may arrive before the list.
    const labels = known?.labels ?? event.labels
    const healthCommandOf = () => (known === undefined || known.tty === null ? undefined : known.healthCommand)
    const at = eventMilliseconds(event) - (this.#clockSkewMs ?? 0)
    if (journal.record({ ...event, labels }, { at, isPast, healthCommandOf }) === null) return
    const history = crashes.record(event, at)
    if (history !== null) inventory.applyCrashes(event.containerId, history)
  }
}

/** Rounds to whole seconds, and to 0 below two of them: the engine's time has no finer digits and takes a moment to arrive. */
function skewOf(engineNow: number, now: number): number {
  const skewMs = engineNow - now
  return Math.abs(skewMs) <= 2 * CLOCK_STEP_MS ? 0 : Math.round(skewMs / CLOCK_STEP_MS) * CLOCK_STEP_MS
}
