/** One line that a container wrote. */
export interface LogLine {
  /** Nanoseconds since 1970. */
  readonly nanos: bigint
  readonly stream: 'stdout' | 'stderr'
  /** Without its newline. */
  readonly text: string
}

/** Lines per container. Older ones are dropped, as by a rotation. */
export const MAX_LINES = 5000

/** Lines that a test makes containers write, besides those that they write by themselves. */
export class Journal {
  readonly #lines = new Map<string, LogLine[]>()
  readonly #followers = new Map<string, Set<() => void>>()

  /** The lines of a container have distinct times in ascending order. */
  append(id: string, stream: LogLine['stream'], text: string, nanos: bigint): void {
    const lines = this.#lines.get(id) ?? []
    this.#lines.set(id, lines)
    const last = lines.at(-1)?.nanos ?? 0n
    lines.push({ nanos: nanos > last ? nanos : last + 1n, stream, text })
    if (lines.length > MAX_LINES) lines.shift()
    for (const onLine of [...(this.#followers.get(id) ?? [])]) onLine()
  }

  linesOf(id: string): readonly LogLine[] {
    return this.#lines.get(id) ?? []
  }

  /** Calls `onLine` after each appended line, until the returned function is called. */
  follow(id: string, onLine: () => void): () => void {
    const followers = this.#followers.get(id) ?? new Set()
    this.#followers.set(id, followers.add(onLine))
    return () => {
      followers.delete(onLine)
      if (followers.size === 0) this.#followers.delete(id)
    }
  }

  forget(id: string): void {
    this.#lines.delete(id)
  }
}
