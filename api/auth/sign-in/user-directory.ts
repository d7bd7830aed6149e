import type { User } from '../../model/user.js'

/** How often the file is looked at: a user who is gone is refused within it, and a burst of sign-ins costs one look. */
const CHECK_INTERVAL_MS = 1_000

/** Problems that a log line names; the rest is a number. */
const MAX_LOGGED_PROBLEMS = 10

type ParsedUsers =
  | { readonly users: readonly User[]; readonly problems?: never }
  | { readonly problems: readonly string[]; readonly users?: never }

export interface UserDirectoryParts {
  /** The whole text of the file. Throws where it cannot be read. */
  readonly read: () => string
  /** Changes whenever the file does: its inode, size and times. Throws where there is none. */
  readonly stamp: () => string
  readonly parse: (text: string) => ParsedUsers
  readonly log: {
    info(fields: object, message: string): void
    error(fields: object, message: string): void
  }
  /** Milliseconds. */
  readonly now: () => number
}

/**
 * Who may sign in, by a file that is read again when it changes. A file that is missing or wrong means nobody, never whoever
 * it named before: the change may have been somebody's removal.
 */
export class UserDirectory {
  readonly #parts: UserDirectoryParts
  #users: readonly User[] = []
  #byName: ReadonlyMap<string, User> = new Map()
  #checkedAt: number | null = null
  /** Of the text that was parsed last; null where it has to be read again. */
  #stamp: string | null = null
  /** What was logged last, so that it is logged once; null while all is well. */
  #fault: string | null = null

  constructor(parts: UserDirectoryParts) {
    this.#parts = parts
  }

  /** The same list until the file changes. */
  users(): readonly User[] {
    this.#refresh()
    return this.#users
  }

  /** By the exact name. */
  find(name: string): User | null {
    this.#refresh()
    return this.#byName.get(name) ?? null
  }

  #refresh(): void {
    const now = this.#parts.now()
    const age = this.#checkedAt === null ? CHECK_INTERVAL_MS : now - this.#checkedAt
    // A clock that was set back says nothing of how long ago the last look was.
    if (age >= 0 && age < CHECK_INTERVAL_MS) return
    this.#checkedAt = now
    try {
      const stamp = this.#parts.stamp()
      if (stamp !== this.#stamp) this.#take(this.#parts.read(), stamp)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException | null)?.code ?? 'unknown'
      // Read again at the next look, whatever its stamp: a permission that is mended changes neither size nor time.
      this.#refuseAll(null, `unreadable ${code}`, { err: error })
    }
  }

  /** The stamp is of before the reading, so a change in between shows at the next look. */
  #take(text: string, stamp: string): void {
    const { users, problems } = this.#parts.parse(text)
    if (users === undefined) {
      const shown = problems.slice(0, MAX_LOGGED_PROBLEMS)
      this.#refuseAll(stamp, `invalid ${stamp}`, { problems: shown, problemCount: problems.length })
      return
    }
    this.#hold(users)
    this.#stamp = stamp
    this.#fault = null
    this.#parts.log.info({ users: users.length }, 'users read')
  }

  #refuseAll(stamp: string | null, fault: string, fields: object): void {
    if (this.#users.length > 0) this.#hold([])
    this.#stamp = stamp
    if (fault === this.#fault) return
    this.#fault = fault
    this.#parts.log.error(fields, 'USERS_FILE cannot be used: nobody can sign in until it is mended')
  }

  #hold(users: readonly User[]): void {
    this.#users = users
    this.#byName = new Map(users.map((user) => [user.name, user]))
  }
}
