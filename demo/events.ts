/** The object of an event. The engine adds a container's labels, with values, to these attributes. */
export interface EventActor {
  readonly id: string
  readonly attributes: Readonly<Record<string, string>>
}

export interface RecordedEvent {
  readonly timeNano: bigint
  /** Null for a line that a test wrote: it passes every filter. */
  readonly type: string | null
  readonly action: string
  readonly actor: EventActor
  /** As it is sent, without the newline. */
  readonly line: string
}

/** Filters as the engine applies them: every name must match by one of its values. */
export type Filters = ReadonlyMap<string, readonly string[]>

/** Events that the engine holds to replay by `since` (moby daemon/events, eventsLimit). */
const REPLAYABLE_EVENTS = 256
const NANOS_PER_MS = 1_000_000n

/** The engine's event bus: the last events, and the current listeners. */
export class EventBus {
  readonly #now: () => number
  readonly #ring: RecordedEvent[] = []
  readonly #listeners = new Set<(event: RecordedEvent) => void>()
  #lastNano = 0n

  constructor(now: () => number) {
    this.#now = now
  }

  get listeners(): number {
    return this.#listeners.size
  }

  container(action: string, actor: EventActor): void {
    const timeNano = this.#nextNano()
    const body = {
      status: action,
      id: actor.id,
      from: actor.attributes['image'] ?? '',
      Type: 'container',
      Action: action,
      Actor: { ID: actor.id, Attributes: sorted(actor.attributes) },
      scope: 'local',
    }
    this.#deliver({ timeNano, type: 'container', action, actor, line: withTime(body, timeNano) })
  }

  /** The older fields `status`, `id` and `from` exist for containers and images alone. */
  network(action: string, actor: EventActor): void {
    const timeNano = this.#nextNano()
    const body = {
      Type: 'network',
      Action: action,
      Actor: { ID: actor.id, Attributes: sorted(actor.attributes) },
      scope: 'local',
    }
    this.#deliver({ timeNano, type: 'network', action, actor, line: withTime(body, timeNano) })
  }

  /** Sends what a real engine would not. A string is sent unchanged, anything else as JSON. */
  raw(value: unknown): void {
    const line = typeof value === 'string' ? value : JSON.stringify(value)
    this.#deliver({ timeNano: this.#nextNano(), type: null, action: '', actor: { id: '', attributes: {} }, line })
  }

  /** The last events within the bounds, oldest first. */
  replay(since: bigint, until: bigint | null): readonly RecordedEvent[] {
    return this.#ring.filter((event) => event.timeNano >= since && (until === null || event.timeNano <= until))
  }

  listen(listener: (event: RecordedEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A restarted daemon does not replay earlier events. */
  forget(): void {
    this.#ring.length = 0
  }

  /** Two events never share a time, as on a real engine: readers identify repeated events by it. */
  #nextNano(): bigint {
    const clock = BigInt(Math.floor(this.#now())) * NANOS_PER_MS
    this.#lastNano = clock > this.#lastNano ? clock : this.#lastNano + 1n
    return this.#lastNano
  }

  #deliver(event: RecordedEvent): void {
    this.#ring.push(event)
    if (this.#ring.length > REPLAYABLE_EVENTS) this.#ring.shift()
    for (const listener of [...this.#listeners]) listener(event)
  }
}

/** The rules of moby daemon/events/filter.go, for the filters that Porthole and its tests use. */
export function eventMatches(event: RecordedEvent, filters: Filters): boolean {
  if (event.type === null) return true
  for (const [name, values] of filters) {
    if (!values.some((value) => eventHas(event, name, value))) return false
  }
  return true
}

export const EVENT_FILTERS: readonly string[] = ['type', 'event', 'container', 'image', 'label']

function eventHas(event: RecordedEvent, name: string, value: string): boolean {
  const { id, attributes } = event.actor
  switch (name) {
    case 'type':
      return event.type === value
    case 'event':
      // `health_status` stands for `health_status: healthy` as well.
      return event.action === value || event.action.startsWith(`${value}:`)
    case 'container':
      return event.type === 'container' && (id.startsWith(value) || attributes['name'] === value)
    case 'image':
      return attributes['image'] === value
    case 'label': {
      const [label = '', wanted] = value.split(/=(.*)/s)
      return wanted === undefined ? label in attributes : attributes[label] === wanted
    }
    default:
      return false
  }
}

function sorted(attributes: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Nanoseconds since 1970 do not fit a double, so the digits are inserted into the text. */
function withTime(body: object, timeNano: bigint): string {
  const seconds = timeNano / (NANOS_PER_MS * 1000n)
  return `${JSON.stringify(body).slice(0, -1)},"time":${seconds},"timeNano":${timeNano}}`
}
