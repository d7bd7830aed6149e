import type { LabelSelector } from './label-selector.js'
import type { Scope } from './scope.js'

/** A user of USERS_FILE, who may sign in. */
export interface User {
  readonly name: string
  /** Argon2id in PHC string format. */
  readonly passwordHash: string
  /** The scopes of the roles, and the single ones. */
  readonly scopes: readonly Scope[]
  /** This user sees only the containers that these select; empty means all. */
  readonly selectors: readonly LabelSelector[]
}
