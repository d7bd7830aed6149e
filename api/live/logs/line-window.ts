import { type EngineTime, engineTimeOf, isBefore } from '../../model/engine-time.js'
import type { LogCursor, LogLine } from '../../model/log-line.js'

export interface WindowSize {
  /** As the engine counts: a long line has several. */
  readonly messages: number
  readonly characters: number
}

/**
 * What stays after all have read it, for a reader who joins: it has just read a page of the log, so its place is among the last
 * lines.
 */
export const KEPT: WindowSize = { messages: 500, characters: 64 * 1024 }

/**
 * What stays for a reader who is slower than the others. Half of the messages that are read back to find a cursor, so that who
 * falls out of the window still finds its place on a connection of its own.
 */
export const BACKLOG: WindowSize = { messages: 2_500, characters: 512 * 1024 }

/** Characters that a line counts for beside its message. */
const LINE_LENGTH = 64

interface Batch extends WindowSize {
  readonly lines: readonly LogLine[]
  readonly times: readonly (EngineTime | null)[]
  /** Position of its first line. */
  readonly first: number
}

/** The last lines of a connection, for readers at different positions. A position counts lines from the connection's first. */
export class LineWindow {
  #batches: Batch[] = []
  #messages = 0
  #characters = 0
  #end = 0
  /** The latest times of all lines that are dropped, and of all lines. */
  #droppedAt: EngineTime | null = null
  #latestAt: EngineTime | null = null

  /** Position of the oldest line in the window. */
  get first(): number {
    return this.#batches[0]?.first ?? this.#end
  }

  /** Position after the last line. */
  get end(): number {
    return this.#end
  }

  /** Readers at `slowest` or later have read all before it. The new lines stay, however many they are. */
  add(lines: readonly LogLine[], slowest: number): void {
    if (lines.length === 0) return
    const times = lines.map(({ time }) => (time === null ? null : engineTimeOf(time)))
    const messages = lines.reduce((sum, { parts }) => sum + parts, 0)
    const characters = lines.reduce((sum, { message }) => sum + message.length + LINE_LENGTH, 0)
    this.#batches.push({ lines, times, first: this.#end, messages, characters })
    this.#messages += messages
    this.#characters += characters
    this.#end += lines.length
    this.#latestAt = latestOf(this.#latestAt, times)
    this.#trim(slowest)
  }

  /** The lines from a position within the window on. */
  from(position: number): readonly LogLine[] {
    const lines = this.#batches
      .filter(({ first, lines }) => first + lines.length > position)
      .map(({ first, lines }) => (first < position ? lines.slice(position - first) : lines))
    return lines.length === 1 ? (lines[0] ?? []) : lines.flat()
  }

  /**
   * Whether a reader finds its cursor's line in the window, or among the lines to come. A line of the same time must not be
   * dropped: lines of one time are counted.
   */
  hasPlaceFor(cursor: LogCursor): boolean {
    if (this.#droppedAt === null) return true
    const isToCome = this.#latestAt === null || isBefore(this.#latestAt, cursor.at)
    return isToCome || this.contains(cursor)
  }

  contains({ at, nth }: LogCursor): boolean {
    if (this.#droppedAt !== null && !isBefore(this.#droppedAt, at)) return false
    let count = 0
    for (const { times } of this.#batches) for (const time of times) if (time === at) count += 1
    return count >= nth
  }

  #trim(slowest: number): void {
    for (;;) {
      const [oldest, next] = this.#batches
      if (oldest === undefined || next === undefined) return
      const { messages, characters } = next.first <= slowest ? KEPT : BACKLOG
      if (this.#messages <= messages && this.#characters <= characters) return
      this.#batches.shift()
      this.#messages -= oldest.messages
      this.#characters -= oldest.characters
      this.#droppedAt = latestOf(this.#droppedAt, oldest.times)
    }
  }
}

function latestOf(latest: EngineTime | null, times: readonly (EngineTime | null)[]): EngineTime | null {
  let found = latest
  for (const time of times) if (time !== null && (found === null || isBefore(found, time))) found = time
  return found
}
