/** One line that a container wrote. */
export interface LogLine {
  /** Nanoseconds since 1970. */
  readonly nanos: bigint
  readonly stream: 'stdout' | 'stderr'
  /** Without the newline. */
  readonly text: string
}

/** Older lines are gone, as after a rotation. */
export const MAX_LINES = 5000

/** Lines that a test has containers write, beside those that containers write by themselves. */
export class Journal {
  readonly #lines = new Map<string, LogLine[]>()
  readonly #followers = new Map<string, Set<() => void>>()

  /** No two lines of a container share a time, and none is older than the one before it. */
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

  /** Calls `onLine` after each line that is appended, until the returned function is called. */
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
