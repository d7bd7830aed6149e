import type { User } from '../../model/user.js'
import type { WatchedFile } from '../watched-file.js'

/** Problems that one log line names. The others are only counted. */
const MAX_LOGGED_PROBLEMS = 10

type ParsedUsers =
  | { readonly users: readonly User[]; readonly problems?: never }
  | { readonly problems: readonly string[]; readonly users?: never }

export interface UserDirectoryParts {
  readonly file: WatchedFile
  readonly parse: (text: string) => ParsedUsers
  readonly log: {
    info(fields: object, message: string): void
    error(fields: object, message: string): void
  }
}

/**
 * The users who may sign in, from a file that is read again when it changes. While the file is missing or invalid, all sign-ins
 * are refused: the change may have been the removal of a user.
 */
export class UserDirectory {
  readonly #parts: UserDirectoryParts
  #users: readonly User[] = []
  #byName: ReadonlyMap<string, User> = new Map()

  constructor(parts: UserDirectoryParts) {
    this.#parts = parts
  }

  /** Returns the same list until the file changes. */
  users(): readonly User[] {
    this.#refresh()
    return this.#users
  }

  /** Finds a user by the exact name. */
  find(name: string): User | null {
    this.#refresh()
    return this.#byName.get(name) ?? null
  }

  #refresh(): void {
    const { file, log } = this.#parts
    const update = file.check()
    if (update === null) return
    if (update.text !== undefined) this.#accept(update.text)
    else {
      this.#clear()
      if (update.isNew) log.error({ err: update.error }, UNUSABLE)
    }
  }

  #accept(text: string): void {
    const { parse, log } = this.#parts
    const { users, problems } = parse(text)
    if (users === undefined) {
      this.#clear()
      log.error({ problems: problems.slice(0, MAX_LOGGED_PROBLEMS), problemCount: problems.length }, UNUSABLE)
      return
    }
    this.#replace(users)
    log.info({ users: users.length }, 'users read')
  }

  #clear(): void {
    if (this.#users.length > 0) this.#replace([])
  }

  #replace(users: readonly User[]): void {
    this.#users = users
    this.#byName = new Map(users.map((user) => [user.name, user]))
  }
}

const UNUSABLE = 'USERS_FILE cannot be used: nobody can sign in until it is mended'
