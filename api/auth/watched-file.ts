/** How often `check` looks at the file: a change takes effect within it, and a burst of requests costs one look. */
const CHECK_INTERVAL_MS = 1_000

export interface WatchableFile {
  /** The whole text. Throws where it cannot be read. */
  read(): string
  /** Changes whenever the file does: its inode, size and times. Throws where there is no file. */
  stamp(): string
}

/** What a look at the file found. */
export type FileUpdate =
  | { readonly text: string; readonly error?: never }
  /** `isNew` is false where the look before failed for the same reason, so that a fault that lasts is logged once. */
  | { readonly error: unknown; readonly isNew: boolean; readonly text?: never }

/** A file that is read again when it changes. What an unreadable file means is for the owner to say. */
export class WatchedFile {
  readonly #file: WatchableFile
  readonly #now: () => number
  #checkedAt: number | null = null
  /** Of the text that was read last; null where it has to be read again. */
  #stamp: string | null = null
  /** The error code of the last look; null where it succeeded. */
  #fault: string | null = null

  /** `now` is in milliseconds. */
  constructor(file: WatchableFile, now: () => number) {
    this.#file = file
    this.#now = now
  }

  /** Null where nothing has changed, and where the last look was less than a second ago. */
  check(): FileUpdate | null {
    const age = this.#checkedAt === null ? CHECK_INTERVAL_MS : this.#now() - this.#checkedAt
    // A clock that was set back does not say how long ago the last look was.
    return age >= 0 && age < CHECK_INTERVAL_MS ? null : this.checkNow()
  }

  /** The same without regard to the last look, for a caller with a timer of its own. */
  checkNow(): FileUpdate | null {
    this.#checkedAt = this.#now()
    try {
      const stamp = this.#file.stamp()
      if (stamp === this.#stamp) return null
      const text = this.#file.read()
      // The stamp is from before the reading, so that a change in between shows at the next look.
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
    // The next look reads again whatever the stamp: a permission that is mended changes neither size nor time.
    this.#stamp = null
    return { error, isNew }
  }
}
