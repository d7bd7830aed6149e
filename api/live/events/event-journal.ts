import { createHash, randomBytes } from 'node:crypto'
import type { ContainerEvent, RecordedEvent } from '../../model/container-event.js'
import { type EngineTime, engineTimeBefore, engineTimeOfNano } from '../../model/engine-time.js'
import { keepNewest } from '../../model/keep-newest.js'
import type { EventPassage, Events } from '../view.js'

/** Events remembered of each host. A deployment of a hundred containers makes five hundred. */
const MAX_EVENTS = 1_000

/** Of health checks and the like, apart, since they would push out everything else within minutes. */
const MAX_NOISE_EVENTS = 200

/** GET /api/containers/:id/top makes one each time. */
const NOISY_ACTIONS = new Set(['top'])

/** Execs whose kind is remembered between their beginning and their end. */
const MAX_OPEN_EXECS = 1_000

/** Events that wait to be told from a health check's until their container was inspected: what an engine replays at most. */
const MAX_UNDECIDED = 256

/**
 * Names of events that were seen, so that none is taken twice: more than an engine replays (moby daemon/events/events.go,
 * eventsLimit: 256).
 */
const MAX_SEEN = 2_000

/** Events are made by many at once and may reach the stream a little out of their order. */
const DISORDER_MS = 1_000

/** Base64url digits of an event's name: 132 bits, so that nobody meets one of another event. */
const ID_LENGTH = 22

/** What is known of an event when it comes. */
export interface Circumstances {
  /** When it happened, by our clock: milliseconds since 1970. */
  readonly at: number
  /** It happened before this process first subscribed. */
  readonly isPast: boolean
  readonly probeOf: ProbeOf
}

/** The command line of a container's own health check; null where it has none, undefined as long as nobody knows. */
type ProbeOf = (containerId: string) => string | null | undefined

/**
 * The recent events of all hosts, in the order of their arrival. What is remembered is bounded for each host; who reads on from a
 * position learns whether something in between was lost.
 */
export class EventJournal implements Events {
  readonly #hosts = new Map<string, HostJournal>()
  readonly #readers = new Set<() => void>()
  /** Tells the positions of this process from those of another. */
  readonly #epoch = randomBytes(8).toString('base64url')
  #seq = 0

  get end(): number {
    return this.#seq
  }

  openHost(hostId: string): HostJournal {
    const journal = new HostJournal(hostId, () => {
      this.#seq += 1
      for (const wake of [...this.#readers]) wake()
      return this.#seq
    })
    this.#hosts.set(hostId, journal)
    return journal
  }

  /** What arrived after `from`, oldest first. */
  after(from: number): EventPassage {
    const journals = [...this.#hosts.values()]
    const events = journals.flatMap((journal) => journal.after(from)).sort((a, b) => a.seq - b.seq)
    return {
      events,
      lostHosts: journals.filter((journal) => journal.lostAfter(from)).map(({ hostId }) => hostId),
      next: this.#seq,
    }
  }

  /** A name for the beginning of everything, for readers that have met no event yet. */
  get beginning(): string {
    return `begin.${this.#epoch}`
  }

  /** The position after the event of that name; null where it is not known, or no more. */
  positionOf(name: string): number | null {
    if (name === this.beginning) return 0
    for (const journal of this.#hosts.values()) {
      const event = journal.find(name)
      // Which of the hosts' pasts came first says nothing of what another process had shown of them.
      if (event !== null) return journal.isPast(event) && this.#hosts.size > 1 ? null : event.seq
    }
    return null
  }

  /** Resolves when something arrived after `from`, or the signal ends the wait. */
  wait(from: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#readers.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#readers.add(done)
      signal.addEventListener('abort', done)
      if (this.#seq > from || signal.aborted) done()
    })
  }
}

/** The events of one host, over all of its connections. */
export class HostJournal {
  readonly hostId: string
  readonly #nextSeq: () => number
  readonly #events = new Ring(MAX_EVENTS)
  readonly #noise = new Ring(MAX_NOISE_EVENTS)
  /** By id, in order of arrival. */
  readonly #seen = new Set<string>()
  /** The command of each exec, by its id. */
  readonly #execs = new Map<string, string>()
  #undecided: RecordedEvent[] = []
  #last: string | null = null
  /** Subscribed anew, and nothing heard yet that was known before. */
  #isResuming = false
  #isPoisoned = false
  /** numbers at which something was lost on the way from the engine. */
  #gapAt: number = 0
  /** Events up to here were told when this process first subscribed: they had happened before. */
  #pastUntil: number = 0

  constructor(hostId: string, nextSeq: () => number) {
    this.hostId = hostId
    this.#nextSeq = nextSeq
  }

  get isEmpty(): boolean {
    return this.#last === null
  }

  /**
   * From when on events are to be asked for, on the engine's clock: before the first from `first` on; then from a little before
   * the last one, which comes again and so shows that none between was lost. Null is from now on.
   */
  resumeFrom(first: EngineTime): EngineTime | null {
    if (this.#isPoisoned) return null
    return this.#last === null ? first : engineTimeBefore(engineTimeOfNano(this.#last), DISORDER_MS)
  }

  /** What the engine remembers cannot be read: to ask for it again would end in the same way, until it has forgotten it. */
  poisoned(): void {
    this.#isPoisoned = true
  }

  /** A subscription has begun. */
  subscribed(): void {
    this.#isResuming = this.#last !== null
  }

  /** Null where the event was taken before. */
  take(event: ContainerEvent, { at, isPast, probeOf }: Circumstances): RecordedEvent | null {
    const id = this.#nameOf(event)
    if (this.#seen.has(id)) {
      this.#isResuming = false
      return null
    }
    // An engine that was restarted, or has replayed its last 256 and no more, begins with something else than we ended with.
    if (this.#isResuming || this.#isPoisoned) this.#gapAt = this.#nextSeq()
    this.#isResuming = false
    this.#isPoisoned = false
    this.#remember(id)
    this.#last = event.timeNano
    const command = this.#commandOf(event)
    const probe = command === null ? null : probeOf(event.containerId)
    // Of an exec whose beginning the engine has forgotten nobody knows what it was: where there is a health check, most are its.
    const isOfProbe = command === undefined ? probe != null : command !== null && probe === command
    const recorded: RecordedEvent = {
      ...event,
      id,
      hostId: this.hostId,
      at,
      isNoise: NOISY_ACTIONS.has(event.action) || isOfProbe,
      seq: this.#nextSeq(),
    }
    if (isPast) this.#pastUntil = recorded.seq
    if (probe === undefined) this.#undecided = [...this.#undecided, recorded].slice(-MAX_UNDECIDED)
    const ring = recorded.isNoise ? this.#noise : this.#events
    ring.add(recorded)
    return recorded
  }

  /** The container's health check is known by now: events that came before are told from it. */
  decide(containerId: string, probe: string | null): void {
    if (this.#undecided.length === 0) return
    const own = this.#undecided.filter((event) => event.containerId === containerId)
    if (own.length === 0) return
    this.#undecided = this.#undecided.filter((event) => event.containerId !== containerId)
    const execs = new Map<string | null, boolean>()
    for (const event of own) {
      event.isNoise = event.command === null ? (execs.get(event.execId) ?? probe !== null) : event.command === probe
      execs.set(event.execId, event.isNoise)
    }
  }

  after(from: number): readonly RecordedEvent[] {
    return [...this.#events.after(from), ...this.#noise.after(from)]
  }

  /** Of health checks the oldest may be gone: nobody misses those. */
  lostAfter(from: number): boolean {
    return this.#gapAt > from || this.#events.lostUntil > from
  }

  find(id: string): RecordedEvent | null {
    return this.#seen.has(id) ? (this.#events.find(id) ?? this.#noise.find(id)) : null
  }

  isPast(event: RecordedEvent): boolean {
    return event.seq <= this.#pastUntil
  }

  /** Engines give events no name; host, time, container and verb are those of no other. */
  #nameOf({ timeNano, containerId, action, execId }: ContainerEvent): string {
    const hash = createHash('sha256').update(JSON.stringify([this.hostId, timeNano, containerId, action, execId]))
    return hash.digest('base64url').slice(0, ID_LENGTH)
  }

  #remember(id: string): void {
    this.#seen.add(id)
    keepNewest(this.#seen, MAX_SEEN)
  }

  /** Of an exec, at whichever of its events; undefined where its beginning was not told, null of all else. */
  #commandOf({ command, execId }: ContainerEvent): string | null | undefined {
    if (execId === null) return command
    if (command === null) {
      const known = this.#execs.get(execId)
      this.#execs.delete(execId)
      return known
    }
    this.#execs.set(execId, command)
    keepNewest(this.#execs, MAX_OPEN_EXECS)
    return command
  }
}

/** The last so many events, oldest first. */
class Ring {
  readonly #capacity: number
  #events: RecordedEvent[] = []
  /** The position of the newest event that was dropped. */
  lostUntil: number = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  add(event: RecordedEvent): void {
    this.#events.push(event)
    // Cut by halves, so that it costs nothing for each event.
    if (this.#events.length < this.#capacity * 2) return
    const kept = this.#events.slice(-this.#capacity)
    this.lostUntil = this.#events[this.#events.length - this.#capacity - 1]?.seq ?? 0
    this.#events = kept
  }

  after(from: number): readonly RecordedEvent[] {
    let first = this.#events.length
    while (first > 0 && (this.#events[first - 1]?.seq ?? 0) > from) first -= 1
    return this.#events.slice(first)
  }

  find(id: string): RecordedEvent | null {
    return this.#events.findLast((event) => event.id === id) ?? null
  }
}
