import { UserDirectory } from '../../../api/auth/sign-in/user-directory.js'
import { WatchedFile } from '../../../api/auth/watched-file.js'
import type { User } from '../../../api/model/user.js'

const user = (name: string): User => ({ name, passwordHash: '', scopes: ['stats:read'], selectors: [] })

/** A file, a clock and a log in the test's hands. The file's text is names, or `!` for what does not parse. */
function createRig(text: string) {
  const file = { text, stamp: '1', fault: null as string | null, statFault: null as string | null }
  const counts = { read: 0, stamp: 0 }
  const lines: [level: string, fields: object][] = []
  const clock = { now: 1_000_000 }
  const fail = (code: string | null) => {
    if (code !== null) throw Object.assign(new Error('no'), { code })
  }
  const watched = new WatchedFile(
    {
      read: () => {
        counts.read += 1
        fail(file.fault)
        return file.text
      },
      stamp: () => {
        counts.stamp += 1
        fail(file.statFault)
        return file.stamp
      },
    },
    () => clock.now,
  )
  const directory = new UserDirectory({
    file: watched,
    parse: (given) =>
      given === '!' ? { problems: ['users[0].name: must be'] } : { users: given.split(' ').map((name) => user(name)) },
    log: {
      info: (fields) => lines.push(['info', fields]),
      error: (fields) => lines.push(['error', fields]),
    },
  })
  const change = (changed: Partial<typeof file>) => {
    Object.assign(file, { stamp: String(Number(file.stamp) + 1) }, changed)
    clock.now += 1_000
  }
  const names = () => directory.users().map(({ name }) => name)
  const errors = () => lines.filter(([level]) => level === 'error').length
  return { directory, file, counts, lines, clock, change, names, errors }
}

describe('UserDirectory', () => {
  test('reads the file when it is first asked, and finds users by their exact names', () => {
    const { directory, counts, names } = createRig('alice bob')
    expect(counts.read).toBe(0)
    expect(names()).toEqual(['alice', 'bob'])
    expect(directory.find('bob')?.name).toBe('bob')
    for (const name of ['Bob', 'bo', '', '__proto__', 'constructor']) expect(directory.find(name)).toBeNull()
  })

  test('finds users who are added and loses users who are removed, without a restart', () => {
    const { directory, change, names } = createRig('alice')
    expect(names()).toEqual(['alice'])
    change({ text: 'alice bob' })
    expect(names()).toEqual(['alice', 'bob'])
    change({ text: 'bob' })
    expect(directory.find('alice')).toBeNull()
    expect(directory.find('bob')).not.toBeNull()
  })

  test('looks at most once a second, and reads only what has changed', () => {
    const { counts, clock, file, names } = createRig('alice')
    for (let i = 0; i < 100; i += 1) names()
    expect(counts).toEqual({ read: 1, stamp: 1 })
    Object.assign(file, { text: 'bob', stamp: '2' })
    clock.now += 999
    expect(names()).toEqual(['alice'])
    clock.now += 1
    expect(names()).toEqual(['bob'])
    clock.now += 1_000
    expect(names()).toEqual(['bob'])
    expect(counts).toEqual({ read: 2, stamp: 3 })
  })

  test('is the same list until the file changes', () => {
    const { directory, clock, change } = createRig('alice')
    const before = directory.users()
    clock.now += 1_000
    expect(directory.users()).toBe(before)
    change({})
    expect(directory.users()).not.toBe(before)
  })

  test('looks again where the clock was set back', () => {
    const { clock, file, names } = createRig('alice')
    names()
    Object.assign(file, { text: 'bob', stamp: '2' })
    clock.now -= 3_600_000
    expect(names()).toEqual(['bob'])
  })

  test('is empty while the file is invalid, logs that once, and recovers by itself', () => {
    const { change, clock, errors, lines, counts, names, directory } = createRig('alice')
    names()
    change({ text: '!' })
    expect(names()).toEqual([])
    expect(directory.find('alice')).toBeNull()
    for (let i = 0; i < 5; i += 1) {
      clock.now += 1_000
      names()
    }
    expect([errors(), counts.read]).toEqual([1, 2])
    expect(lines.at(-1)).toEqual(['error', { problems: ['users[0].name: must be'], problemCount: 1 }])
    change({ text: '!' })
    names()
    expect(errors()).toBe(2)
    change({ text: 'alice' })
    expect(names()).toEqual(['alice'])
  })

  test.each(['fault', 'statFault'] as const)(
    'is empty while the file cannot be read (%s), and logs that once',
    (which) => {
      const { clock, errors, file, names, change } = createRig('alice')
      names()
      change({ [which]: 'EACCES' })
      expect(names()).toEqual([])
      for (let i = 0; i < 5; i += 1) {
        clock.now += 1_000
        expect(names()).toEqual([])
      }
      expect(errors()).toBe(1)
      Object.assign(file, { [which]: 'ENOENT' })
      clock.now += 1_000
      expect(names()).toEqual([])
      expect(errors()).toBe(2)
      // A permission that is mended changes no stamp.
      Object.assign(file, { [which]: null })
      clock.now += 1_000
      expect(names()).toEqual(['alice'])
    },
  )
})
