import { hashPassword, PasswordChecker } from '../../../api/auth/sign-in/password.js'
import type { User } from '../../../api/model/user.js'

const PASSWORD = 'correct horse battery'

const user = (name: string, passwordHash: string): User => ({
  name,
  passwordHash,
  scopes: ['stats:read'],
  selectors: [],
})

describe('PasswordChecker', () => {
  test('takes as long for an unknown name as for a known one', async () => {
    const [own, others] = await Promise.all([hashPassword(PASSWORD), hashPassword('another horse entirely')])
    const users = [user('alice', own), ...Array.from({ length: 999 }, (_, i) => user(`user${i}`, others))]
    const checker = new PasswordChecker(() => users)
    const names = ['alice', 'nobody', 'user998']
    const times = new Map(names.map((name) => [name, [] as number[]]))
    await checker.check('warm', 'up')
    // In turn, so that a machine that slows down slows all of them.
    for (let round = 0; round < 25; round += 1)
      for (const name of names) {
        const began = performance.now()
        await checker.check(name, 'a wrong password')
        times.get(name)?.push(performance.now() - began)
      }
    // The quickest of each: what the work costs where the machine did nothing else in between.
    const [known = 0, unknown = 0, last = 0] = names.map((name) => Math.min(...(times.get(name) ?? [])))
    for (const ratio of [unknown / known, last / known]) {
      expect(ratio).toBeGreaterThan(0.75)
      expect(ratio).toBeLessThan(1.25)
    }
  })

  test('costs for an unknown name what some user costs, the same each time', async () => {
    // 64 MiB and 16 passes against the least that is allowed: 29 times the work.
    const dear = '$argon2id$v=19$m=65536,t=16,p=1$BwcHBwcHBwcHBwcHBwcHBw$BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc'
    const cheap = '$argon2id$v=19$m=7168,t=5,p=1$BwcHBwcHBwcHBwcHBwcHBw$BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc'
    const users = [user('dear', dear), user('cheap', cheap)]
    const timeOf = async (name: string) => {
      const began = performance.now()
      await new PasswordChecker(() => users).check(name, PASSWORD)
      return performance.now() - began
    }
    await timeOf('cheap')
    const middle = Math.sqrt((await timeOf('dear')) * (await timeOf('cheap')))
    const names = ['eve', 'mallory', 'trent', 'peggy', 'victor', 'walter', 'oscar', 'craig']
    const isDear = []
    for (const name of names) isDear.push((await timeOf(name)) > middle)
    expect(new Set(isDear).size).toBe(2)
    for (const [i, name] of names.entries()) expect([name, (await timeOf(name)) > middle]).toEqual([name, isDear[i]])
  })
})
