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

  test('runs without the .js of its name, as Node finds it', async () => {
    const { code, stderr } = await runToEnd([MAIN.replace(/[.]js$/, '')], { PORT: 'x' })
    expect([code, stderr]).toEqual([2, expect.stringContaining('the configuration is not valid')])
  })

  test('names the port that is in use, with exit code 1', async () => {
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

  test('ends at a stop although nobody reads its output any more', async () => {
    const { child, stop } = await serve([MAIN], { DOCKER_HOST: 'unix:///nowhere/docker.sock' })
    child.stdout?.destroy()
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
  test('--demo serves the simulated engine and says so loudly', async () => {
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
})

describe('the program', () => {
  test('signs a token that the service accepts', async () => {
    const args = ['token', 'create', '--sub', 'me', '--role', 'viewer']
    const { code, stdout, stderr } = await runToEnd([CLI, ...args], SIGNING)
    expect([code, stderr]).toEqual([0, ''])
    expect(verifyToken(TOKEN_SETTINGS, stdout.trim(), Date.now()).subject).toBe('me')
  })

  test.each([
    [['--help'], 0],
    [['fly'], 2],
    [['user', 'list', '--file', '/nowhere/users.json'], 1],
  ])('%j ends with exit code %i', async (args, expected) => {
    const { code, stdout, stderr } = await runToEnd([CLI, ...args])
    expect([code, stdout === '', stderr === '']).toEqual([expected, expected !== 0, expected === 0])
  })
})
