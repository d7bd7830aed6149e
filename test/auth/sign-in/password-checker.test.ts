import { hashPassword } from '../../../api/auth/sign-in/password.js'
import { PasswordChecker } from '../../../api/auth/sign-in/password-checker.js'
import { parsePasswordHash } from '../../../api/model/password-hash.js'
import type { User } from '../../../api/model/user.js'

const PASSWORD = 'correct horse battery'

const user = (name: string, passwordHash: string): User => ({
  name,
  passwordHash,
  scopes: ['stats:read'],
  selectors: [],
})

describe('PasswordChecker', () => {
  let alice: User
  let bob: User
  beforeAll(async () => {
    alice = user('alice', await hashPassword(PASSWORD))
    bob = user('bob', await hashPassword('another horse entirely'))
  })

  test('returns the user of this name and password, and no other', async () => {
    const checker = new PasswordChecker(() => [alice, bob])
    expect(await checker.check('alice', PASSWORD)).toBe(alice)
    expect(await checker.check('bob', PASSWORD)).toBeNull()
    expect(await checker.check('Alice', PASSWORD)).toBeNull()
    expect(await checker.check('carol', PASSWORD)).toBeNull()
    expect(await checker.check('__proto__', PASSWORD)).toBeNull()
    expect(await checker.check('', '')).toBeNull()
  })

  test('follows the list, and refuses every name where it is empty', async () => {
    let users: readonly User[] = [alice]
    const checker = new PasswordChecker(() => users)
    expect(await checker.check('alice', PASSWORD)).toBe(alice)
    users = []
    expect(await checker.check('alice', PASSWORD)).toBeNull()
    users = [bob, alice]
    expect(await checker.check('alice', PASSWORD)).toBe(alice)
  })

  describe('for a name that is not in the list', () => {
    // 64 MiB and 16 passes against the least that is allowed: 29 times the work.
    const dear = '$argon2id$v=19$m=65536,t=16,p=1$BwcHBwcHBwcHBwcHBwcHBw$BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc'
    const cheap = '$argon2id$v=19$m=7168,t=5,p=1$BwcHBwcHBwcHBwcHBwcHBw$BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc'
    const users = [user('dear', dear), user('cheap', cheap)]

    /** What hashes are verified for a name, by a checker that has just started. */
    async function verifiedFor(name: string): Promise<string[]> {
      const verified: string[] = []
      const verify = async (hash: string) => {
        verified.push(hash)
        return false
      }
      await new PasswordChecker(() => users, verify).check(name, PASSWORD)
      return verified
    }

    async function costOf(name: string) {
      const [hash = ''] = await verifiedFor(name)
      return parsePasswordHash(hash).parameters
    }

    test('verifies one hash, as for one that is, and another each time', async () => {
      expect(await verifiedFor('dear')).toEqual([dear])
      const [one, two] = [await verifiedFor('eve'), await verifiedFor('eve')]
      expect([one.length, two.length]).toEqual([1, 1])
      expect(one).not.toEqual(two)
      expect([dear, cheap]).not.toContain(one[0])
    })

    test('costs what some user costs, the same each time', async () => {
      const names = ['eve', 'mallory', 'trent', 'peggy', 'victor', 'walter', 'oscar', 'craig']
      const costs = await Promise.all(names.map(costOf))
      const costsOfUsers = [dear, cheap].map((hash) => parsePasswordHash(hash).parameters)
      expect(new Set(costs.map((cost) => JSON.stringify(cost)))).toEqual(
        new Set(costsOfUsers.map((cost) => JSON.stringify(cost))),
      )
      expect(await Promise.all(names.map(costOf))).toEqual(costs)
    })

    test('costs what a new hash costs where the list is empty', async () => {
      const verified: string[] = []
      const verify = async (hash: string) => verified.push(hash) === 0
      await new PasswordChecker(() => [], verify).check('eve', PASSWORD)
      expect(verified.map((hash) => parsePasswordHash(hash).parameters)).toEqual([
        { memoryKiB: 19_456, iterations: 2, parallelism: 1 },
      ])
    })
  })
})
