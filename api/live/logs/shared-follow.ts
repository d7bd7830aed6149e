import type { Clock } from '../../clock.js'
import type { LogRequest } from '../../engine/engine.js'
import type { LogCursor, LogLine } from '../../model/log-line.js'
import { LogConnection } from './log-connection.js'
import type { LogMember } from './log-member.js'
import { RESUME_MESSAGES } from './resume-finder.js'

/** Milliseconds that a follower stays on a connection of its own, so that one that is often too slow does not come and go. */
export const MOVES_AFTER_MS = 5_000

export interface SharedFollowParts {
  readonly open: (request: Omit<LogRequest, 'isTty'>, signal: AbortSignal) => AsyncIterable<readonly LogLine[]>
  /** Runs for each place on a connection, and returns what gives it back. Throws if the party has too many. */
  readonly enter: (party: string) => () => void
  readonly clock: Clock
}

export interface LogPlace {
  /** Null if no line has been seen yet, so all of the log is new. */
  readonly cursor: LogCursor | null
  readonly party: string
  /** Wants a connection of its own, because it did not find its cursor's line on a shared one. */
  readonly isAlone: boolean
}

/** The followed connections of one log. One is enough if each follower's place allows it. */
export class SharedFollow {
  readonly #parts: SharedFollowParts
  /** Those that followers may join. */
  readonly #shared = new Set<LogConnection>()
  /** Of members that were slower than others. Who joined them would put them out again. */
  readonly #private = new Set<LogConnection>()
  #isShareable = true

  constructor(parts: SharedFollowParts) {
    this.#parts = parts
  }

  /** Joins a connection on which nothing is missed or repeated, or opens one. Leaves it when the signal aborts. */
  connect({ cursor, party, isAlone }: LogPlace, signal: AbortSignal): LogMember {
    const joined = isAlone ? null : this.#connectionFor(cursor)
    const hasCursor = cursor !== null
    return this.#enter(party, hasCursor, signal, () => joined ?? this.#open(hasCursor, this.#shared))
  }

  /** Whether a follower that is alone may go on by its cursor on a connection of others: it has caught up with them. */
  canMove(member: LogMember, cursor: LogCursor | null): boolean {
    if (cursor === null || this.#shared.size + this.#private.size < 2 || !this.#isShareable) return false
    const own = [...this.#shared, ...this.#private].find((one) => one.has(member))
    if (own === undefined || own.size > 1 || own.age < MOVES_AFTER_MS) return false
    return [...this.#shared].some((one) => one !== own && one.window.contains(cursor))
  }

  #connectionFor(cursor: LogCursor | null): LogConnection | null {
    if (!this.#isShareable) return null
    const all = [...this.#shared]
    const isThere = (one: LogConnection) => cursor !== null && one.window.contains(cursor)
    return all.find(isThere) ?? all.find((one) => one.hasPlaceFor(cursor)) ?? null
  }

  #enter(party: string, hasCursor: boolean, signal: AbortSignal, connection: () => LogConnection): LogMember {
    const onLeave = this.#parts.enter(party)
    return connection().join({ party, hasCursor, signal, onLeave })
  }

  #open(hasCursor: boolean, among: Set<LogConnection>): LogConnection {
    const { open, clock } = this.#parts
    const tail = hasCursor ? RESUME_MESSAGES : null
    const connection: LogConnection = new LogConnection({
      open: (signal) => open({ tail, since: null, follow: true }, signal),
      isWhole: tail === null,
      clock,
      onTimeless: () => {
        this.#isShareable = false
      },
      onOverrun: (member) => this.#replace(member),
      onEnd: () => among.delete(connection),
    })
    among.add(connection)
    return connection
  }

  /** At once, so that the engine begins with the messages that are the last ones now, whenever the follower comes to read them. */
  #replace(member: LogMember): void {
    const { hasCursor } = member
    const { party, signal } = member.options
    const connection = () => this.#open(hasCursor, this.#private)
    const successor = this.#enter(party, hasCursor, signal, connection)
    member.successor = successor
    successor.prefetch()
  }
}
