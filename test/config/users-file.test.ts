import fc from 'fast-check'
import { describeFileFaults } from '../../api/config/list-file.js'
import { isUserName, parseUserEntries, parseUsers, type UserEntry, writeUsers } from '../../api/config/users-file.js'
import { parseLabelSelector } from '../../api/model/label-selector.js'
import { ROLES, type Role, SCOPES } from '../../api/model/scope.js'

const HASH = '$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc'
const ALICE = { name: 'alice', passwordHash: HASH, roles: ['viewer'] }

function problemsOf(...users: unknown[]): readonly string[] {
  return problemsIn(JSON.stringify({ users }))
}

function problemsIn(text: string): readonly string[] {
  return describeFileFaults(parseUsers(text).faults ?? [])
}

describe('parseUsers', () => {
  test('reads users, with the scopes of their roles and their own as one', () => {
    const { users } = parseUsers(
      JSON.stringify({
        users: [
          { ...ALICE, scopes: ['logs:read', 'stats:read'], containers: ['team=web', 'tier'] },
          { name: 'Bob.B@example.org', passwordHash: HASH, scopes: ['metrics:read'] },
        ],
      }),
    )
    expect(users).toEqual([
      {
        name: 'alice',
        passwordHash: HASH,
        scopes: ['containers:read', 'stats:read', 'events:read', 'logs:read'],
        selectors: [
          { key: 'team', value: 'web' },
          { key: 'tier', value: null },
        ],
      },
      { name: 'Bob.B@example.org', passwordHash: HASH, scopes: ['metrics:read'], selectors: [] },
    ])
  })

  test.each<[string, object, RegExp]>([
    ['no name', { name: undefined }, /^users\[1\]\.name: must be/],
    ['a name with a blank', { name: 'hunter2 x' }, /^users\[1\]\.name: must be/],
    ['a name that looks like an option', { name: '-hunter2' }, /^users\[1\]\.name: must be/],
    ['a name of 65 characters', { name: 'hunter2'.padEnd(65, 'x') }, /^users\[1\]\.name: must be/],
    ['a name with a line break', { name: 'hunter2\n' }, /^users\[1\]\.name: must be/],
    ['a name that is a number', { name: 5 }, /^users\[1\]\.name: must be/],
    ['a name that is taken', { name: 'alice' }, /^users\[1\]\.name: is that of users\[0\]/],
    ['a name that is taken but for capitals', { name: 'ALICE' }, /^users\[1\]\.name: is that of users\[0\]/],
    [
      'a password for a hash',
      { passwordHash: 'hunter2' },
      /^users\[1\]\.passwordHash: must be an Argon2id hash .*hash-password/,
    ],
    ['no hash', { passwordHash: undefined }, /^users\[1\]\.passwordHash: /],
    [
      'a hash that is too cheap',
      { passwordHash: HASH.replace('t=2', 't=1') },
      /^users\[1\]\.passwordHash: is too cheap/,
    ],
    ['an unknown role', { roles: ['hunter2'] }, /^users\[1\]\.roles: must be a list of viewer, operator/],
    ['a role of the prototype', { roles: ['constructor'] }, /^users\[1\]\.roles: /],
    ['a role twice', { roles: ['viewer', 'viewer'] }, /^users\[1\]\.roles: /],
    ['roles that are a text', { roles: 'hunter2' }, /^users\[1\]\.roles: /],
    ['roles that are null', { roles: null }, /^users\[1\]\.roles: /],
    ['an unknown scope', { scopes: ['hunter2'] }, /^users\[1\]\.scopes: must be a list of containers:read/],
    ['neither roles nor scopes', { roles: undefined }, /^users\[1\]: must have at least one of roles or scopes/],
    ['empty roles and scopes', { roles: [], scopes: [] }, /^users\[1\]: must have at least one of roles or scopes/],
    ['no containers at all', { containers: [] }, /^users\[1\]\.containers: .*leave it out for all/],
    ['containers that are null', { containers: null }, /^users\[1\]\.containers: /],
    ['what is no selector', { containers: ['=hunter2'] }, /^users\[1\]\.containers: /],
    ['33 selectors', { containers: Array.from({ length: 33 }, (_, i) => `k${i}`) }, /^users\[1\]\.containers: /],
    [
      'a slip in a member',
      { role: ['hunter2'] },
      /^users\[1\]: has an unknown member "role"; it takes name, passwordHash/,
    ],
    ['a member that may be a secret', { 'hunter2-hunter2': 1 }, /^users\[1\]: has an unknown member; it takes/],
  ])('refuses %s, by position and member and without the value', (_what, changes, expected) => {
    const problems = problemsOf(ALICE, { ...ALICE, name: 'bob', ...changes })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(expected)
    expect(problems[0]).not.toContain('hunter2')
  })

  test.each(['', '{', 'null', '[]', '"hunter2"', '{}', '{"users":{}}', '{"users":[],"x":1}', '\ufeff{"users":[]}'])(
    'refuses %j',
    (text) => {
      const { users, faults } = parseUsers(text)
      expect([users, faults?.length]).toEqual([undefined, 1])
    },
  )

  test.each([
    '{"users":[{"name":"alice","name":"bob","passwordHash":"","roles":["viewer"]}]}',
    '{"users":[],"users":[]}',
    '{"users":[{"roles":["viewer"],"r\\u006fles":["admin"]}]}',
  ])('refuses an object that names a member twice: %s', (text) => {
    expect(problemsIn(text)).toEqual(['the file is no JSON, or an object in it names a member twice'])
  })

  test('refuses what is not an object in the list', () => {
    for (const user of [null, 5, 'hunter2', [ALICE]]) expect(problemsOf(user)).toEqual(['users[0]: must be an object'])
  })

  test('accepts 1 to 1,000 users', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => ({ ...ALICE, name: `u${i}` }))
    expect(problemsOf()).toEqual(['users: must list 1 to 1000 users'])
    expect(problemsOf(...many(1))).toEqual([])
    expect(problemsOf(...many(1_000))).toEqual([])
    expect(problemsOf(...many(1_001))).toEqual(['users: must list 1 to 1000 users'])
  })

  test('accepts 32 selectors, and names of 64 characters', () => {
    const containers = Array.from({ length: 32 }, (_, i) => `k${i}`)
    expect(problemsOf({ ...ALICE, name: 'x'.repeat(64), containers })).toEqual([])
  })

  test('names all faults at once, up to fifty', () => {
    expect(problemsOf({ ...ALICE, roles: ['x'], scopes: ['y'], containers: [] })).toHaveLength(3)
    const problems = problemsOf(...Array.from({ length: 200 }, () => 'x'))
    expect(problems).toHaveLength(51)
    expect(problems.at(-1)).toMatch(/^and \d+ more$/)
  })

  test('refuses a file longer than its bound', () => {
    expect(problemsIn(`{"users":[]}${' '.repeat(4_194_304)}`)).toEqual(['the file is longer than 4194304 characters'])
  })
})

describe('writeUsers', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/)
  const selector = fc.string({ minLength: 1, unit: 'binary' }).filter((text) => parseLabelSelector(text) !== null)
  const entry: fc.Arbitrary<UserEntry> = fc
    .record({
      name,
      passwordHash: fc.constantFrom(HASH, HASH.replace('t=2', 't=3')),
      roles: fc.subarray(Object.keys(ROLES) as Role[]),
      scopes: fc.subarray([...SCOPES]),
      containers: fc.uniqueArray(selector, { maxLength: 32 }),
    })
    .filter(({ roles, scopes }) => roles.length + scopes.length > 0)
  const entries = fc.uniqueArray(entry, { minLength: 1, maxLength: 8, selector: (one) => one.name.toLowerCase() })

  test('writes what parseUserEntries reads, in the same order', () => {
    fc.assert(
      fc.property(entries, (users) => {
        const text = writeUsers(users)
        expect(parseUserEntries(text)).toEqual({ users })
        expect(parseUsers(text).faults).toBeUndefined()
        expect(writeUsers(parseUserEntries(text).users ?? [])).toBe(text)
      }),
    )
  })

  test('leaves out what a user does not have', () => {
    const text = writeUsers([{ name: 'alice', passwordHash: HASH, roles: ['viewer'], scopes: [], containers: [] }])
    expect(JSON.parse(text)).toEqual({ users: [ALICE] })
    expect(text.endsWith('}\n')).toBe(true)
  })
})

describe('isUserName', () => {
  test.each(['a', '0', 'alice', 'Alice.B-c_d@example.org', 'x'.repeat(64)])('accepts %j', (text) => {
    expect(isUserName(text)).toBe(true)
  })

  test.each(['', '.a', '-a', '@a', '_a', 'a b', 'a\n', 'a:b', 'a/b', '\u00e9', 'x'.repeat(65)])(
    'refuses %j',
    (text) => {
      expect(isUserName(text)).toBe(false)
    },
  )
})
