import type { LabelSelector } from './label-selector.js'
import type { Scope } from './scope.js'

/** A user who may sign in, as USERS_FILE names them. */
export interface User {
  readonly name: string
  /** Argon2id in PHC string format. */
  readonly passwordHash: string
  /** Of roles and single scopes together. */
  readonly scopes: readonly Scope[]
  /** The only containers that exist for this user; empty means all. */
  readonly selectors: readonly LabelSelector[]
}
