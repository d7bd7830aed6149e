import type { LogLine } from '../../model/log-line.js'
import type { LineWindow } from './line-window.js'

/** What a member reads from. */
export interface MemberSource {
  readonly window: LineWindow
  /** Whether the engine has begun to answer. */
  readonly isOpen: boolean
  /** Null until no more lines will come. */
  readonly end: { readonly fault: unknown } | null
  /** Asks for the next lines, for all members. They are charged to the member that asks first. */
  fetch(member: LogMember): void
  leave(member: LogMember): void
}

export interface LogMemberOptions {
  /** Who pays for the lines. */
  readonly party: string
  /** Whether its follower has a cursor. */
  readonly hasCursor: boolean
  /** The member leaves when it aborts. */
  readonly signal: AbortSignal
  /** Runs when it has left. */
  readonly onLeave: () => void
}

export interface FollowedLines {
  readonly lines: readonly LogLine[]
  /** What they cost to fetch, in lines of the usual length; 0 if another member has fetched them. */
  readonly cost: number
}

/** One follower's place on a connection. */
export class LogMember {
  readonly #source: MemberSource
  readonly #leaveOnAbort = () => this.leave()
  #wake = () => {}
  #cost = 0
  #hasBegun = false
  #hasLeft = false
  #hasLines = false
  readonly options: LogMemberOptions
  /** Whether the connection was opened for it. */
  readonly isFirst: boolean
  /** Of the next line that it reads. */
  position: number
  /** Its follower goes on by its cursor, on another connection. */
  hasToMove = false
  /** Its place on that connection, if it is open already. */
  successor: LogMember | null = null

  constructor(source: MemberSource, options: LogMemberOptions, isFirst: boolean) {
    this.#source = source
    this.options = options
    this.isFirst = isFirst
    this.position = source.window.first
    options.signal.addEventListener('abort', this.#leaveOnAbort)
  }

  /** Whether its follower has a cursor, once it has read what it was given. */
  get hasCursor(): boolean {
    return this.options.hasCursor || this.#hasLines
  }

  /**
   * The lines from its position on, those that have come meanwhile at once. The first may be none: they say that the engine has
   * begun to answer. Ends when the member leaves, or with the connection; throws what that has ended with.
   */
  async *lines(): AsyncGenerator<FollowedLines, void, undefined> {
    try {
      for (let next = await this.#next(); next !== null; next = await this.#next()) yield next
    } finally {
      this.leave()
    }
  }

  /** Has the engine begin to answer. */
  prefetch(): void {
    this.#source.fetch(this)
  }

  charge(cost: number): void {
    this.#cost += cost
  }

  wake(): void {
    this.#wake()
  }

  leave(): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    this.options.signal.removeEventListener('abort', this.#leaveOnAbort)
    this.#source.leave(this)
    this.options.onLeave()
    this.#wake()
  }

  move(): void {
    this.hasToMove = true
    this.leave()
  }

  async #next(): Promise<FollowedLines | null> {
    const source = this.#source
    while (!this.#hasLeft) {
      const lines = source.window.from(this.position)
      if (lines.length > 0 || (source.isOpen && !this.#hasBegun)) return this.#give(lines)
      if (source.end !== null && source.end.fault !== null) throw source.end.fault
      if (source.end !== null) return null
      source.fetch(this)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return null
  }

  #give(lines: readonly LogLine[]): FollowedLines {
    const cost = this.#cost
    this.#cost = 0
    this.#hasBegun = true
    this.#hasLines ||= lines.length > 0
    this.position = this.#source.window.end
    return { lines, cost }
  }
}
