import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyPassword } from '../../api/auth/sign-in/password.js'
import { PasswordChecker } from '../../api/auth/sign-in/password-checker.js'
import { parseUsers } from '../../api/config/users-file.js'
import { runCli } from '../support/cli.js'
import { createUsersRig, PASSWORD } from '../support/users-rig.js'

let rig: ReturnType<typeof createUsersRig>
beforeEach(() => {
  rig = createUsersRig()
})
afterEach(() => rig.remove())

describe('porthole user add', () => {
  test('makes the file, for its owner alone, with the user and the password', async () => {
    const { file, porthole, read, entries, files } = rig
    const added = await porthole([
      ...['user', 'add', '--name', 'alice', '--role', 'viewer', '--scope', 'logs:read metrics:read'],
      ...['--containers', 'team=web', '--containers', 'tier'],
    ])
    expect(added).toEqual({ code: 0, stdout: `added alice in ${file}\n`, stderr: '' })
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600')
    expect(files()).toEqual(['users.json'])
    expect(entries()).toEqual([
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

  test('takes --file before USERS_FILE, and demands one of them', async () => {
    const other = join(rig.folder, 'other.json')
    expect((await rig.add('alice', '--file', other)).code).toBe(0)
    expect([existsSync(other), existsSync(rig.file)]).toEqual([true, false])
    const none = await runCli(['user', 'add', '--name', 'alice', '--role', 'viewer'], { input: PASSWORD })
    expect([none.code, none.stderr]).toEqual([2, 'porthole: user add: give --file, or set USERS_FILE\n'])
  })

  test('refuses a name that is taken, in capitals too, and replaces its user in place with --replace', async () => {
    const { file, porthole, add, read, entries } = rig
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
    const [alice, bob] = entries()
    expect([alice?.name, alice?.roles, bob?.name]).toEqual(['alice', ['auditor'], 'bob'])
    expect(await verifyPassword(alice?.passwordHash ?? '', 'another horse entirely')).toBe(true)
  })

  test.each<[string, string[], string]>([
    ['no name', ['--role', 'viewer'], PASSWORD],
    ['a name that is not valid', ['--name', 'a b', '--role', 'viewer'], PASSWORD],
    ['neither role nor scope', ['--name', 'alice'], PASSWORD],
    ['an unknown role', ['--name', 'alice', '--role', 'root'], PASSWORD],
    ['an unknown scope', ['--name', 'alice', '--scope', 'containers:write'], PASSWORD],
    ['a wrong selector', ['--name', 'alice', '--role', 'viewer', '--containers', '=x'], PASSWORD],
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
    const { code, stdout, stderr } = await rig.porthole(['user', 'add', ...args], input)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^porthole: user add: .+\n$/)
    expect(stderr).not.toContain('hunter2')
    expect(rig.files()).toEqual([])
  })

  test('leaves a file that is not valid as it is, and says what is wrong', async () => {
    const { file, add, read, files } = rig
    const text = '{"users":[{"name":"alice","passwordHash":"hunter2","roles":["viewer"]}]}'
    writeFileSync(file, text)
    const { code, stderr } = await add('bob')
    expect(code).toBe(1)
    expect(stderr).toContain(`${file} is not valid and stays as it is:\n  users[0].passwordHash: must be`)
    expect(stderr).not.toContain('hunter2')
    expect([read(), files()]).toEqual([text, ['users.json']])
  })

  test('says why the file cannot be written', async () => {
    const { code, stderr } = await rig.add('alice', '--file', join(rig.folder, 'nowhere', 'users.json'))
    expect([code, stderr]).toEqual([1, expect.stringContaining('its folder does not exist')])
    expect((await rig.add('alice', '--file', rig.folder)).code).toBe(1)
  })
})
