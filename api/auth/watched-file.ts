/** How often `check` looks at the file. A change takes effect within this time, and a burst of requests costs one look. */
const CHECK_INTERVAL_MS = 1_000

export interface WatchableFile {
  /** The whole text. Throws if it cannot be read. */
  read(): string
  /** Changes whenever the file does: its inode, size and times. Throws if the file is missing. */
  stamp(): string
}

/** What a look at the file found. */
export type FileUpdate =
  | { readonly text: string; readonly error?: never }
  /** `isNew` is false if the previous look failed for the same reason, so that a lasting fault is logged once. */
  | { readonly error: unknown; readonly isNew: boolean; readonly text?: never }

/** A file that is read again when it changes. The owner decides what an unreadable file means. */
export class WatchedFile {
  readonly #file: WatchableFile
  readonly #now: () => number
  #checkedAt: number | null = null
  /** The stamp of the text that was read last; null if it has to be read again. */
  #stamp: string | null = null
  /** The error code of the last look; null if it succeeded. */
  #fault: string | null = null

  /** `now` is in milliseconds. */
  constructor(file: WatchableFile, now: () => number) {
    this.#file = file
    this.#now = now
  }

  /** Null if nothing has changed, or if the last look was less than a second ago. */
  check(): FileUpdate | null {
    const age = this.#checkedAt === null ? CHECK_INTERVAL_MS : this.#now() - this.#checkedAt
    // After the clock was set back, the age of the last look is unknown.
    return age >= 0 && age < CHECK_INTERVAL_MS ? null : this.checkNow()
  }

  /** Looks at the file even if the last look was a moment ago, for a caller with its own timer. */
  checkNow(): FileUpdate | null {
    this.#checkedAt = this.#now()
    try {
      const stamp = this.#file.stamp()
      if (stamp === this.#stamp) return null
      const text = this.#file.read()
      // The stamp was taken before the text was read, so that a change in between shows at the next look.
      this.#stamp = stamp
      this.#fault = null
      return { text }
    } catch (error) {
      return this.#fail(error)
    }
  }

  #fail(error: unknown): FileUpdate {
    const fault = (error as NodeJS.ErrnoException | null)?.code ?? 'unknown'
    const isNew = fault !== this.#fault
    this.#fault = fault
    // The next look reads the file even if its stamp is the same: a repaired permission changes neither size nor time.
    this.#stamp = null
    return { error, isNew }
  }
}
