import { createHash } from 'node:crypto'
import type { ContainerEvent, RecordedEvent } from '../../model/container-event.js'
import { type EngineTime, engineTimeBefore, engineTimeOfNano } from '../../model/engine-time.js'
import { evictOldest } from '../../model/evict-oldest.js'
import { EventRing } from './event-ring.js'
import { type HealthCommandOf, NoiseClassifier } from './noise.js'

/** Events remembered per host. A deployment of a hundred containers makes five hundred. */
const MAX_EVENTS = 1_000

/** Events of health checks and the like, held apart: they would push out everything else within minutes. */
const MAX_NOISE_EVENTS = 200

/** Ids of past events, so that each is recorded once: more than an engine replays (256, moby daemon/events, eventsLimit). */
const MAX_SEEN = 2_000

/** Parts of an engine make events concurrently, so the stream may be out of order by this much. */
const DISORDER_MS = 1_000

/** Base64url digits of an event's id: 132 bits, so that two events never share one. */
const ID_LENGTH = 22

/** What is known about an event when it arrives. */
export interface EventContext {
  /** When it happened, on our clock: milliseconds since 1970. */
  readonly at: number
  /** Whether it happened before this process first subscribed. */
  readonly isPast: boolean
  readonly healthCommandOf: HealthCommandOf
}

/** The events of one host, over all of its connections. */
export class HostJournal {
  readonly hostId: string
  readonly #nextSeq: () => number
  readonly #events = new EventRing(MAX_EVENTS)
  readonly #noise = new EventRing(MAX_NOISE_EVENTS)
  readonly #classifier = new NoiseClassifier()
  /** By id, in order of arrival. */
  readonly #seen = new Set<string>()
  #lastTimeNano: string | null = null
  /** Whether this is a new subscription that has not yet repeated a known event. */
  #isResuming = false
  /** The position at which events were lost on the way from the engine. */
  #gapAt = 0
  /** Events up to this position happened before this process first subscribed. */
  #pastUntil = 0

  constructor(hostId: string, nextSeq: () => number) {
    this.hostId = hostId
    this.#nextSeq = nextSeq
  }

  get isEmpty(): boolean {
    return this.#lastTimeNano === null
  }

  /**
   * The engine's time from which a subscription asks for events: `first` if none has arrived yet, else a little before the last
   * one. The engine then repeats that one, which shows that no event in between was lost.
   */
  resumeFrom(first: EngineTime): EngineTime {
    return this.#lastTimeNano === null ? first : engineTimeBefore(engineTimeOfNano(this.#lastTimeNano), DISORDER_MS)
  }

  /** A subscription has begun. */
  markSubscribed(): void {
    this.#isResuming = this.#lastTimeNano !== null
  }

  /** An event is missing here. */
  markGap(): void {
    this.#gapAt = this.#nextSeq()
  }

  /** Null if the event is already recorded. */
  record(event: ContainerEvent, { at, isPast, healthCommandOf }: EventContext): RecordedEvent | null {
    const id = this.#idOf(event)
    if (this.#seen.has(id)) {
      this.#isResuming = false
      return null
    }
    // An engine that was restarted, or has had more than 256 events since, does not repeat our last event.
    if (this.#isResuming) this.markGap()
    this.#isResuming = false
    this.#seen.add(id)
    evictOldest(this.#seen, MAX_SEEN)
    this.#lastTimeNano = event.timeNano
    const recorded: RecordedEvent = { ...event, id, hostId: this.hostId, at, isNoise: false, seq: this.#nextSeq() }
    if (isPast) this.#pastUntil = recorded.seq
    this.#classifier.classify(recorded, healthCommandOf)
    const ring = recorded.isNoise ? this.#noise : this.#events
    ring.add(recorded)
    return recorded
  }

  /** Runs once the container is inspected: decides which of its earlier events are noise. */
  decideNoise(containerId: string, healthCommand: string | null): void {
    this.#classifier.decide(containerId, healthCommand)
  }

  after(position: number): readonly RecordedEvent[] {
    return [...this.#events.after(position), ...this.#noise.after(position)]
  }

  /** Dropped noise is not a loss. */
  hasLostAfter(position: number): boolean {
    return this.#gapAt > position || this.#events.lostUntil > position
  }

  find(id: string): RecordedEvent | null {
    return this.#seen.has(id) ? (this.#events.find(id) ?? this.#noise.find(id)) : null
  }

  isPast(event: RecordedEvent): boolean {
    return event.seq <= this.#pastUntil
  }

  /** Engines give events no id. Host, time, container, verb and exec together identify one. */
  #idOf({ timeNano, containerId, action, execId }: ContainerEvent): string {
    const hash = createHash('sha256').update(JSON.stringify([this.hostId, timeNano, containerId, action, execId]))
    return hash.digest('base64url').slice(0, ID_LENGTH)
  }
}
