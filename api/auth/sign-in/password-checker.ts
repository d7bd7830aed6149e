import { createHash, createHmac, randomBytes } from 'node:crypto'
import { decoyHash, type HashParameters, parsePasswordHash } from '../../model/password-hash.js'
import type { User } from '../../model/user.js'
import { PARAMETERS, verifyPassword } from './password.js'

/** The hash parameters of the users in the list. */
interface Costs {
  readonly byName: ReadonlyMap<string, User>
  /** One per user, in the list's order. An unknown name gets one of these, so each cost is as frequent as it is among users. */
  readonly ofUsers: readonly HashParameters[]
  readonly key: Buffer
}

/** Checks a name and a password at the same cost whether or not the user exists. */
export class PasswordChecker {
  readonly #users: () => readonly User[]
  readonly #verify: typeof verifyPassword
  #list: readonly User[] | null = null
  #costs: Costs = costsOf([])

  constructor(users: () => readonly User[], verify = verifyPassword) {
    this.#users = users
    this.#verify = verify
  }

  /** The user with exactly this name and this password, or null. */
  async check(name: string, password: string): Promise<User | null> {
    const { byName, ofUsers, key } = this.#costsNow()
    // Made for known names too, so that the work is the same.
    const decoy = decoyHash(parametersFor(name, ofUsers, key), randomBytes)
    const user = byName.get(name) ?? null
    const fits = await this.#verify(user?.passwordHash ?? decoy, password)
    return fits ? user : null
  }

  #costsNow(): Costs {
    const users = this.#users()
    if (users !== this.#list) {
      this.#list = users
      this.#costs = costsOf(users)
    }
    return this.#costs
  }
}

/**
 * The key comes from the hashes, which are secret. So an unknown name costs the same after a restart and on every instance, and
 * an attacker cannot compute what it would cost.
 */
function costsOf(users: readonly User[]): Costs {
  const digest = createHash('sha256')
  for (const { passwordHash } of users) digest.update(passwordHash).update('\n')
  return {
    byName: new Map(users.map((user) => [user.name, user])),
    ofUsers: users.map(({ passwordHash }) => parsePasswordHash(passwordHash).parameters ?? PARAMETERS),
    key: digest.digest(),
  }
}

function parametersFor(name: string, ofUsers: readonly HashParameters[], key: Buffer): HashParameters {
  const choice = createHmac('sha256', key).update(name).digest().readUInt32BE(0)
  return ofUsers[choice % Math.max(1, ofUsers.length)] ?? PARAMETERS
}
