import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { verifyToken } from '../../api/auth/token.js'
import { SimulatedEngine } from '../../demo/engine.js'
import { cleanupAfterEach } from '../support/cleanup.js'
import { dockerHostOf } from '../support/docker-host.js'
import { CLI, MAIN, type Running, runToEnd, start } from '../support/process.js'
import { SECRET, TOKEN_SETTINGS, tokenFor } from '../support/tokens.js'

const SIGNING = { JWT_SECRET: SECRET }

const onCleanup = cleanupAfterEach()

/** The process with these settings, once it listens. */
async function serve(args: readonly string[], environment: Record<string, string> = {}) {
  const running: Running = start(args, { ...SIGNING, PORT: '0', ...environment })
  onCleanup(running.kill)
  return { ...running, port: await running.listening() }
}

describe('the production entry', () => {
  const engine = new SimulatedEngine({ containers: 3, statsDelayMs: 20 })
  const dockerHost = () => dockerHostOf(engine)
  beforeAll(() => engine.start())
  afterAll(() => engine.stop())

  test('was built', () => {
    expect([existsSync(MAIN), existsSync(CLI)]).toEqual([true, true])
  })

  test('refuses a bad configuration with exit code 2, all faults at once and no value', async () => {
    const { code, stdout, stderr } = await runToEnd([MAIN], {
      NODE_ENV: 'production',
      AUTH_ENABLED: 'false',
      HOST: '0.0.0.0',
      PORT: 'hunter2',
      RATE_LIMIT_STAT: '5',
      DOCKER_HOST: 'ssh://hunter3',
    })
    expect(code).toBe(2)
    expect(stdout).toBe('')
    for (const variable of ['AUTH_ENABLED', 'HOST', 'PORT', 'RATE_LIMIT_STAT', 'DOCKER_HOST'])
      expect(stderr).toContain(`  ${variable} `)
    expect(stderr).not.toContain('hunter')
  })

  test('says who has its port, with exit code 1', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    onCleanup(() => other.close())
    await new Promise((resolve) => other.once('listening', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const { code, stderr } = await runToEnd([MAIN], { ...SIGNING, PORT: String(port), DOCKER_HOST: dockerHost() })
    expect(code).toBe(1)
    expect(stderr).toContain(`127.0.0.1:${port} is in use`)
  })

  test('starts where no engine answers, alive and not ready, and never simulates one', async () => {
    const { port, stop } = await serve([MAIN], { DOCKER_HOST: 'unix:///nowhere/docker.sock' })
    expect((await fetch(`http://127.0.0.1:${port}/health/live`)).status).toBe(200)
    expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(503)
    expect((await stop()).code).toBe(0)
  })

  test('serves without a token in development, on loopback, and says so', async () => {
    const running = start([MAIN], { NODE_ENV: 'development', PORT: '0', DOCKER_HOST: dockerHost() })
    onCleanup(running.kill)
    const port = await running.listening()
    expect((await fetch(`http://127.0.0.1:${port}/api/containers`)).status).toBe(200)
    expect((await running.stop()).stdout).toContain('authentication is off')
  })
})

describe('porthole serve', () => {
  test('--demo serves the simulated engine loudly, and leaves nothing behind', async () => {
    const { port, stderr, stop } = await serve([CLI, 'serve', '--demo', '--demo-containers', '5'])
    const answer = await fetch(`http://127.0.0.1:${port}/api/containers`, {
      headers: { authorization: `Bearer ${tokenFor()}` },
    })
    const { items } = (await answer.json()) as { items: unknown[] }
    expect(items).toHaveLength(5)
    expect(stderr()).toContain('SIMULATED ENGINE')
    expect((await stop()).code).toBe(0)
  })

  test('--or-demo serves the engine that answers, and simulates only where none does', async () => {
    const engine = new SimulatedEngine({ containers: 3, statsDelayMs: 20 })
    await engine.start()
    onCleanup(() => engine.stop())
    const real = await serve([CLI, 'serve', '--or-demo'], { DOCKER_HOST: dockerHostOf(engine) })
    expect(real.stderr()).toBe('')
    const simulated = await serve([CLI, 'serve', '--or-demo'], { DOCKER_HOST: 'unix:///nowhere.sock' })
    expect(simulated.stderr()).toContain('SIMULATED ENGINE')
  })

  test.each([['--demo'], ['--or-demo']])('refuses %s in production', async (flag) => {
    const { code, stderr } = await runToEnd([CLI, 'serve', flag], { ...SIGNING, NODE_ENV: 'production' })
    expect([code, stderr.includes('NODE_ENV=production')]).toEqual([2, true])
  })

  test.each(['0', '5001', 'x', '-1'])('refuses to simulate %s containers', async (count) => {
    const { code, stderr } = await runToEnd([CLI, 'serve', '--demo', `--demo-containers=${count}`], SIGNING)
    expect([code, stderr.includes('1 to 5000')]).toEqual([2, true])
  })
})

describe('porthole token create', () => {
  const create = (args: string[], environment: Record<string, string> = SIGNING) =>
    runToEnd([CLI, 'token', 'create', ...args], environment)

  test('prints a token that the service believes', async () => {
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

  test('tells as JSON what it signed, a role as its scopes', async () => {
    const { stdout } = await create(['--sub', 'me', '--role', 'viewer', '--json'])
    const told = JSON.parse(stdout)
    expect(told).toMatchObject({ subject: 'me', scope: 'containers:read stats:read events:read', containers: [] })
    expect(Date.parse(told.expiresAt)).toBeGreaterThan(Date.now() + 14 * 60_000)
    expect(verifyToken(TOKEN_SETTINGS, told.token, Date.now()).subject).toBe('me')
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
    ['what is no selector', ['--sub', 'me', '--role', 'viewer', '--containers', '=x']],
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

describe('porthole', () => {
  test.each([[['--help']], [['serve', '--help']], [['token', 'create', '--help']], [['help']]])(
    '%j helps, with exit code 0',
    async (args) => {
      const { code, stdout } = await runToEnd([CLI, ...args])
      expect(code).toBe(0)
      expect(stdout).toContain('Usage: porthole')
    },
  )

  test.each([[[]], [['fly']], [['token']], [['token', 'destroy']]])(
    '%j is a usage error, with exit code 2',
    async (args) => {
      const { code, stdout, stderr } = await runToEnd([CLI, ...args])
      expect(code).toBe(2)
      expect(stdout + stderr).toContain('porthole')
    },
  )
})
