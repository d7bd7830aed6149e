import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PasswordChecker, verifyPassword } from '../../api/auth/sign-in/password.js'
import { parseUserEntries, parseUsers } from '../../api/config/users-file.js'
import { cleanupAfterEach } from '../support/cleanup.js'
import { CLI, type Ended, runToEnd } from '../support/process.js'

const PASSWORD = 'correct horse battery'

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porthole-users-'))
  file = join(folder, 'users.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const onCleanup = cleanupAfterEach()

const porthole = (args: string[], input = `${PASSWORD}\n`) => runToEnd([CLI, ...args], { USERS_FILE: file }, input)
const add = (name: string, ...more: string[]) => porthole(['user', 'add', '--name', name, '--role', 'viewer', ...more])
const read = () => readFileSync(file, 'utf8')
const names = () => parseUserEntries(read()).users?.map(({ name }) => name)
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

/** A file that another writer has locked, and a command that waits for it: for five seconds, while other tests run. */
const locked = join(mkdtempSync(join(tmpdir(), 'porthole-locked-')), 'users.json')
const lock = `${locked}.new`
let unchanged = ''
let givingUp: Promise<Ended>
const addToLocked = (name: string) => porthole(['user', 'add', '--name', name, '--role', 'viewer', '--file', locked])
beforeAll(async () => {
  await addToLocked('alice')
  unchanged = readFileSync(locked, 'utf8')
  writeFileSync(lock, 'left behind')
  givingUp = addToLocked('bob')
})
afterAll(async () => {
  await givingUp
  rmSync(dirname(locked), { recursive: true })
})

describe('porthole user add', () => {
  test('makes the file, for its owner alone, with a user whose password it is', async () => {
    const added = await porthole([
      ...['user', 'add', '--name', 'alice', '--role', 'viewer', '--scope', 'logs:read metrics:read'],
      ...['--containers', 'team=web', '--containers', 'tier'],
    ])
    expect(added).toEqual({ code: 0, stdout: `added alice in ${file}\n`, stderr: '' })
    expect(modeOf(file)).toBe('600')
    expect(readdirSync(folder)).toEqual(['users.json'])
    expect(parseUserEntries(read()).users).toEqual([
      {
        name: 'alice',
        passwordHash: expect.stringMatching(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/),
        roles: ['viewer'],
        scopes: ['logs:read', 'metrics:read'],
        containers: ['team=web', 'tier'],
      },
    ])
    const users = parseUsers(read()).users ?? []
    expect((await new PasswordChecker(() => users).check('alice', PASSWORD))?.name).toBe('alice')
  })

  test('takes the file of --file before that of USERS_FILE, and asks for one of them', async () => {
    const other = join(folder, 'other.json')
    expect((await add('alice', '--file', other)).code).toBe(0)
    expect([existsSync(other), existsSync(file)]).toEqual([true, false])
    const none = await runToEnd([CLI, 'user', 'add', '--name', 'alice', '--role', 'viewer'], {}, PASSWORD)
    expect([none.code, none.stderr]).toEqual([2, 'porthole: user add: give --file, or set USERS_FILE\n'])
  })

  test('refuses a user who is there, capitals or not, and replaces them in their place when told to', async () => {
    await add('alice')
    await add('bob')
    const before = read()
    for (const name of ['alice', 'ALICE']) {
      const { code, stderr } = await add(name)
      expect([code, stderr]).toEqual([1, expect.stringContaining('there is a user alice already; --replace')])
    }
    expect(read()).toBe(before)
    const args = ['user', 'add', '--name', 'alice', '--role', 'auditor', '--replace', '--password-stdin']
    const replaced = await porthole(args, 'another horse entirely')
    expect([replaced.code, replaced.stdout]).toEqual([0, `replaced alice in ${file}\n`])
    const [alice, bob] = parseUserEntries(read()).users ?? []
    expect([alice?.name, alice?.roles, bob?.name]).toEqual(['alice', ['auditor'], 'bob'])
    expect(await verifyPassword(alice?.passwordHash ?? '', 'another horse entirely')).toBe(true)
  })

  test.each<[string, string[], string]>([
    ['no name', ['--role', 'viewer'], PASSWORD],
    ['a name that is none', ['--name', 'a b', '--role', 'viewer'], PASSWORD],
    ['neither role nor scope', ['--name', 'alice'], PASSWORD],
    ['an unknown role', ['--name', 'alice', '--role', 'root'], PASSWORD],
    ['an unknown scope', ['--name', 'alice', '--scope', 'containers:write'], PASSWORD],
    ['what is no selector', ['--name', 'alice', '--role', 'viewer', '--containers', '=x'], PASSWORD],
    ['a password for an argument', ['--name', 'alice', '--role', 'viewer', 'hunter2'], PASSWORD],
    ['a password for an option', ['--name', 'alice', '--role', 'viewer', '--password=hunter2'], PASSWORD],
    ['no password', ['--name', 'alice', '--role', 'viewer'], ''],
    ['an empty line', ['--name', 'alice', '--role', 'viewer'], '\n'],
    ['a short password', ['--name', 'alice', '--role', 'viewer'], 'hunter2'],
    ['two lines', ['--name', 'alice', '--role', 'viewer'], `${PASSWORD}\nhunter2 hunter2\n`],
    ['megabytes', ['--name', 'alice', '--role', 'viewer'], 'hunter2'.repeat(500_000)],
    ['NUL', ['--name', 'alice', '--role', 'viewer'], 'hunter2\0hunter2'],
    ['a password that is a name', ['--name', 'hunter2-hunter2', '--role', 'viewer'], 'hunter2-hunter2'],
  ])('refuses %s with exit code 2, a reason and no file', async (_what, args, input) => {
    const { code, stdout, stderr } = await porthole(['user', 'add', ...args], input)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^porthole: user add: .+\n$/)
    expect(stderr).not.toContain('hunter2')
    expect(readdirSync(folder)).toEqual([])
  })

  test('leaves a file that is not valid as it is, and says what is wrong', async () => {
    const text = '{"users":[{"name":"alice","passwordHash":"hunter2","roles":["viewer"]}]}'
    writeFileSync(file, text)
    const { code, stderr } = await add('bob')
    expect(code).toBe(1)
    expect(stderr).toContain(`${file} is not valid and stays as it is:\n  users[0].passwordHash: must be`)
    expect(stderr).not.toContain('hunter2')
    expect([read(), readdirSync(folder)]).toEqual([text, ['users.json']])
  })

  test('says where the file cannot be', async () => {
    const { code, stderr } = await add('alice', '--file', join(folder, 'nowhere', 'users.json'))
    expect([code, stderr]).toEqual([1, expect.stringContaining('its folder does not exist')])
    expect((await add('alice', '--file', folder)).code).toBe(1)
  })

  test('keeps a mode that is stricter and the group that may read, and shuts everybody else out', async () => {
    await add('alice')
    for (const [mode, expected] of [
      [0o400, '400'],
      [0o640, '640'],
      [0o666, '640'],
    ] as const) {
      chmodSync(file, mode)
      const { code, stderr } = await add(`user${expected}${mode}`)
      expect([code, modeOf(file)]).toEqual([0, expected])
      expect(stderr.includes('was open to others')).toBe(mode === 0o666)
    }
  })

  test('changes the file behind a link, and leaves the link one', async () => {
    await add('alice')
    const link = join(folder, 'link.json')
    symlinkSync('users.json', link)
    expect((await add('bob', '--file', link)).code).toBe(0)
    expect(names()).toEqual(['alice', 'bob'])
    expect(readdirSync(folder)).toEqual(['link.json', 'users.json'])
  })

  test('loses nobody where many add at once', async () => {
    const wanted = Array.from({ length: 12 }, (_, i) => `user${i}`)
    const ended = await Promise.all(wanted.map((name) => add(name)))
    expect(ended.map(({ code, stderr }) => [code, stderr])).toEqual(wanted.map(() => [0, '']))
    expect(names()?.toSorted()).toEqual(wanted.toSorted())
    expect(readdirSync(folder)).toEqual(['users.json'])
  })
})

describe('porthole user remove, password and list', () => {
  test('remove takes one out and leaves the rest in order', async () => {
    for (const name of ['alice', 'bob', 'carol']) await add(name)
    expect((await porthole(['user', 'remove', '--name', 'bob'])).stdout).toBe(`removed bob from ${file}\n`)
    expect(names()).toEqual(['alice', 'carol'])
  })

  test('remove refuses who is not there, and the last', async () => {
    await add('alice')
    const before = read()
    for (const [name, reason] of [
      ['Alice', 'there is no such user'],
      ['alice', 'this is the last user'],
    ] as const) {
      const { code, stderr } = await porthole(['user', 'remove', '--name', name])
      expect([code, stderr]).toEqual([1, expect.stringContaining(reason)])
    }
    expect([read(), readdirSync(folder)]).toEqual([before, ['users.json']])
  })

  test('password changes the password alone', async () => {
    await add('alice', '--containers', 'team=web')
    const [before] = parseUserEntries(read()).users ?? []
    const args = ['user', 'password', '--name', 'alice']
    expect((await porthole(args, 'another horse entirely\r\n')).stdout).toBe(
      `changed the password of alice in ${file}\n`,
    )
    const [after] = parseUserEntries(read()).users ?? []
    expect({ ...after, passwordHash: '' }).toEqual({ ...before, passwordHash: '' })
    expect(await verifyPassword(after?.passwordHash ?? '', 'another horse entirely')).toBe(true)
    expect(await verifyPassword(after?.passwordHash ?? '', PASSWORD)).toBe(false)
  })

  test('password refuses who is not there', async () => {
    await add('alice')
    const { code, stderr } = await porthole(['user', 'password', '--name', 'bob'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no such user')])
  })

  test('list tells people and machines who may read what, and no hash', async () => {
    await add('alice', '--containers', 'team=web\x1b[2J')
    await add('bob', '--scope', 'logs:read')
    const [people, machines] = await Promise.all([porthole(['user', 'list']), porthole(['user', 'list', '--json'])])
    expect(people.stdout).toBe(
      'NAME   MAY READ          CONTAINERS\nalice  viewer            team=web?[2J\nbob    viewer logs:read  all\n',
    )
    expect(JSON.parse(machines.stdout)).toEqual([
      { name: 'alice', roles: ['viewer'], scopes: [], containers: ['team=web\x1b[2J'] },
      { name: 'bob', roles: ['viewer'], scopes: ['logs:read'], containers: [] },
    ])
    expect(people.stdout + machines.stdout).not.toContain('argon2')
  })

  test.each([['remove', '--name', 'x'], ['password', '--name', 'x'], ['list']])(
    '%s says that there is no file',
    async (...args) => {
      const { code, stderr } = await porthole(['user', ...args])
      expect([code, stderr]).toEqual([1, `porthole: ${file} does not exist; porthole user add makes it\n`])
    },
  )
})

describe('porthole hash-password', () => {
  test.each([[[]], [['--password-stdin']]])('with %j prints the hash of one line of standard input', async (args) => {
    const { code, stdout, stderr } = await porthole(['hash-password', ...args])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}\n$/)
    expect(await verifyPassword(stdout.trim(), PASSWORD)).toBe(true)
  })

  test('takes no password for an argument, and does not repeat it', async () => {
    const { code, stderr } = await porthole(['hash-password', 'hunter2 hunter2'])
    expect([code, stderr]).toEqual([
      2,
      'porthole: hash-password: takes options alone; see porthole hash-password --help\n',
    ])
  })
})

test.each(['user add', 'user remove', 'user password', 'user list', 'hash-password'])(
  '%s --help helps',
  async (name) => {
    const { code, stdout } = await porthole([...name.split(' '), '--help'])
    expect([code, stdout.startsWith(`Usage: porthole ${name}`)]).toEqual([0, true])
  },
)

test('a writer waits for another, and after five seconds names the file that is in the way', async () => {
  const { code, stderr } = await givingUp
  expect([code, stderr]).toEqual([1, expect.stringContaining(`if none runs, remove ${lock} and try again`)])
  expect([readFileSync(locked, 'utf8'), readFileSync(lock, 'utf8')]).toEqual([unchanged, 'left behind'])
  const waiting = addToLocked('bob')
  rmSync(lock)
  expect((await waiting).code).toBe(0)
  expect(parseUserEntries(readFileSync(locked, 'utf8')).users).toHaveLength(2)
})

/** util-linux's script runs a command on a terminal of its own; other systems have another command of this name, or none. */
const hasTerminal = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false

;(hasTerminal ? describe : describe.skip)('on a terminal', () => {
  function openTerminal(args: string) {
    const child = spawn('script', ['-qec', `${process.execPath} ${CLI} ${args}`, '/dev/null'], {
      env: { PATH: process.env['PATH'] ?? '', USERS_FILE: file, SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    onCleanup(() => child.kill('SIGKILL'))
    let shown = ''
    let onShown = () => {}
    child.stdout.on('data', (chunk) => {
      shown += chunk
      onShown()
    })
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
    const answer = async (question: string, keys: string) => {
      await new Promise<void>((resolve) => {
        onShown = () => {
          if (shown.includes(question)) resolve()
        }
        onShown()
      })
      child.stdin.write(keys)
    }
    return { answer, ended, shown: () => shown }
  }

  test('the password is asked for twice, and not shown', async () => {
    const terminal = openTerminal('user add --name alice --role viewer')
    await terminal.answer('Password: ', `${PASSWORD}x\x7f\r`)
    await terminal.answer('Once more: ', `${PASSWORD}\r`)
    expect(await terminal.ended).toBe(0)
    expect(terminal.shown().replaceAll('\r', '')).toBe(`Password: \nOnce more: \nadded alice in ${file}\n`)
    expect(await verifyPassword(parseUserEntries(read()).users?.[0]?.passwordHash ?? '', PASSWORD)).toBe(true)
  })

  test('two that differ change nothing', async () => {
    const terminal = openTerminal('user add --name alice --role viewer')
    await terminal.answer('Password: ', `${PASSWORD}\r`)
    await terminal.answer('Once more: ', `${PASSWORD}?\r`)
    expect(await terminal.ended).toBe(1)
    expect(terminal.shown()).toContain('the two passwords differ; nothing was changed')
    expect(terminal.shown()).not.toContain(PASSWORD)
    expect(readdirSync(folder)).toEqual([])
  })

  test('Ctrl-C gives up', async () => {
    const terminal = openTerminal('hash-password')
    await terminal.answer('Password: ', 'corr\x03')
    expect(await terminal.ended).toBe(1)
    expect(terminal.shown()).toContain('interrupted')
  })

  test('--password-stdin asks once', async () => {
    const terminal = openTerminal('hash-password --password-stdin')
    await terminal.answer('Password: ', `${PASSWORD}\r`)
    expect(await terminal.ended).toBe(0)
    expect(terminal.shown()).toMatch(/^Password: \r?\n\$argon2id\$/)
  })
})
