import { hashPassword } from '../../../api/auth/sign-in/password.js'
import { PasswordChecker } from '../../../api/auth/sign-in/password-checker.js'
import type { User } from '../../../api/model/user.js'
import { cpuTime } from '../../support/cpu-time.js'

const user = (name: string, passwordHash: string): User => ({
  name,
  passwordHash,
  scopes: ['stats:read'],
  selectors: [],
})

describe('PasswordChecker', () => {
  test('takes as long for an unknown name as for a known one', async () => {
    const alice = user('alice', await hashPassword('correct horse battery'))
    const bob = user('bob', await hashPassword('another horse entirely'))
    const users = [alice, ...Array.from({ length: 999 }, (_, i) => user(`user${i}`, bob.passwordHash))]
    const checker = new PasswordChecker(() => users)
    const names = ['alice', 'nobody', 'user998']
    const times = new Map(names.map((name) => [name, [] as number[]]))
    await checker.check('warm', 'up')
    // In turn, so that a machine that slows down slows all of them.
    for (let round = 0; round < 25; round += 1)
      for (const name of names) {
        const began = cpuTime()
        await checker.check(name, 'a wrong password')
        times.get(name)?.push(cpuTime() - began)
      }
    // The quickest of each: what the work costs where the machine did nothing else in between.
    const [known = 0, unknown = 0, last = 0] = names.map((name) => Math.min(...(times.get(name) ?? [])))
    for (const ratio of [unknown / known, last / known]) {
      expect(ratio).toBeGreaterThan(0.75)
      expect(ratio).toBeLessThan(1.25)
    }
  })
})
