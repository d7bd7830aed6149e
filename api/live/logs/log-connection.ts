import type { Clock } from '../../clock.js'
import type { LogCursor, LogLine } from '../../model/log-line.js'
import { costOf } from './line-cost.js'
import { LineWindow } from './line-window.js'
import { LogMember, type LogMemberOptions, type MemberSource } from './log-member.js'

/**
 * Milliseconds from its opening in which a connection keeps lines as if someone had not read them yet. If an earlier one has broken,
 * its members come one by one, each after its own pause, with a place that is some lines back.
 */
export const GATHERS_FOR_MS = 5_000

export interface LogConnectionParts {
  /** Asks the engine. The signal aborts when the last member has left. */
  readonly open: (signal: AbortSignal) => AsyncIterable<readonly LogLine[]>
  /** Whether it begins with the first line of the log. */
  readonly isWhole: boolean
  readonly clock: Clock
  /** A line without a time has come: nobody can say where it is in the log. */
  readonly onTimeless: () => void
  /** The member was slower than the others, and has left. */
  readonly onOverrun: (member: LogMember) => void
  readonly onEnd: () => void
}

/**
 * One followed connection to an engine, for several followers of a log. The one that has read all lines fetches the next ones. So it is
 * as fast as its fastest member, and as slow as that: nothing queues up here for nobody.
 */
export class LogConnection implements MemberSource {
  readonly #parts: LogConnectionParts
  readonly #members = new Set<LogMember>()
  readonly #life = new AbortController()
  readonly #source: AsyncIterator<readonly LogLine[]>
  readonly #openedAt: number
  #isFetching = false
  readonly window = new LineWindow()
  isOpen = false
  end: MemberSource['end'] = null

  constructor(parts: LogConnectionParts) {
    this.#parts = parts
    this.#openedAt = parts.clock.now()
    this.#source = parts.open(this.#life.signal)[Symbol.asyncIterator]()
  }

  /** Milliseconds since it was opened. */
  get age(): number {
    return this.#parts.clock.now() - this.#openedAt
  }

  has(member: LogMember): boolean {
    return this.#members.has(member)
  }

  get size(): number {
    return this.#members.size
  }

  /** Whether a follower misses and repeats nothing if it joins. Without a cursor it wants all of the log. */
  hasPlaceFor(cursor: LogCursor | null): boolean {
    if (cursor === null) return this.#parts.isWhole && this.window.first === 0
    return this.window.hasPlaceFor(cursor)
  }

  join(options: LogMemberOptions): LogMember {
    const member = new LogMember(this, options, this.#members.size === 0)
    this.#members.add(member)
    return member
  }

  /** The last one closes the connection. */
  leave(member: LogMember): void {
    this.#members.delete(member)
    if (this.#members.size > 0) return
    this.#finish(null)
    this.#life.abort()
    // What it still gives has no reader.
    this.#source.return?.(undefined).catch(() => {})
  }

  fetch(member: LogMember): void {
    if (this.#isFetching || this.end !== null) return
    this.#isFetching = true
    this.#source.next().then(
      ({ done, value }) => {
        this.#isFetching = false
        if (done === true) this.#finish(null)
        else if (this.end === null) this.#add(value, member)
      },
      (fault: unknown) => this.#finish(fault),
    )
  }

  #add(lines: readonly LogLine[], payer: LogMember): void {
    if (lines.some(({ time }) => time === null)) {
      this.#parts.onTimeless()
      if (this.#members.size > 1) {
        this.#disband()
        return
      }
    }
    this.isOpen = true
    payer.charge(costOf(lines))
    const positions = [...this.#members].map(({ position }) => position)
    this.window.add(lines, this.age < GATHERS_FOR_MS ? this.window.first : Math.min(...positions))
    for (const member of [...this.#members]) {
      if (member.position >= this.window.first) member.wake()
      else this.#putOut(member)
    }
  }

  #putOut(member: LogMember): void {
    member.move()
    this.#parts.onOverrun(member)
  }

  /** Each member goes on by its cursor, which is before the lines that came last. */
  #disband(): void {
    for (const member of [...this.#members]) member.move()
  }

  #finish(fault: unknown): void {
    if (this.end !== null) return
    this.end = { fault }
    this.#parts.onEnd()
    for (const member of this.#members) member.wake()
  }
}
