import { verifyToken } from '../../api/auth/token.js'
import { runCli } from '../support/cli.js'
import { SECRET, TOKEN_SETTINGS } from '../support/tokens.js'

const SIGNING = { JWT_SECRET: SECRET }

describe('porthole token create', () => {
  const create = (args: string[], env: Record<string, string> = SIGNING) =>
    runCli(['token', 'create', ...args], { env })

  test('prints a token that the service accepts', async () => {
    const { code, stdout } = await create([
      '--sub',
      'grafana',
      '--scope',
      'containers:read stats:read',
      '--expires',
      '90d',
      '--containers',
      'team=web',
    ])
    expect(code).toBe(0)
    const caller = verifyToken(TOKEN_SETTINGS, stdout.trim(), Date.now())
    expect(caller.subject).toBe('grafana')
    expect([...caller.scopes]).toEqual(['containers:read', 'stats:read'])
    expect(caller.selectors).toEqual([{ key: 'team', value: 'web' }])
    expect(caller.expiresAt).toBeCloseTo(Date.now() / 1000 + 90 * 86_400, -2)
  })

  test('prints as JSON what it signed, a role as its scopes', async () => {
    const { stdout } = await create(['--sub', 'me', '--role', 'viewer', '--json'])
    const printed = JSON.parse(stdout)
    expect(printed).toMatchObject({ subject: 'me', scope: 'containers:read stats:read events:read', containers: [] })
    expect(Date.parse(printed.expiresAt)).toBeGreaterThan(Date.now() + 14 * 60_000)
    expect(verifyToken(TOKEN_SETTINGS, printed.token, Date.now()).subject).toBe('me')
  })

  test.each<[string, string[]]>([
    ['no subject', ['--role', 'viewer']],
    ['an empty subject', ['--sub', '', '--role', 'viewer']],
    ['no scope', ['--sub', 'me']],
    ['an unknown scope', ['--sub', 'me', '--scope', 'containers:write']],
    ['an unknown role', ['--sub', 'me', '--role', 'root']],
    ['a lifetime without unit', ['--sub', 'me', '--role', 'viewer', '--expires', '90']],
    ['a lifetime of nothing', ['--sub', 'me', '--role', 'viewer', '--expires', '0s']],
    ['a lifetime beyond 400 days', ['--sub', 'me', '--role', 'viewer', '--expires', '401d']],
    ['a wrong selector', ['--sub', 'me', '--role', 'viewer', '--containers', '=x']],
    ['an unknown option', ['--sub', 'me', '--role', 'viewer', '--for', 'ever']],
    ['a stray word', ['--sub', 'me', '--role', 'viewer', 'x']],
  ])('refuses %s with exit code 2 and a reason', async (_what, args) => {
    const { code, stdout, stderr } = await create(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^porthole: token create: .+/)
  })

  test('refuses to sign with a weak secret', async () => {
    const { code, stdout, stderr } = await create(['--sub', 'me', '--role', 'viewer'], { JWT_SECRET: 'hunter2' })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('JWT_SECRET is shorter than 32 bytes')
    expect(stderr).not.toContain('hunter2')
  })
})
