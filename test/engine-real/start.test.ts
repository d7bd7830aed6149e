import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, stat, symlink, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { describeReal, docker, FIXTURE_LABEL, realEngine } from '../support/dockerd.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'

const ROOT = join(__dirname, '../..')
/** The files of a fresh clone. */
const SOURCES = [
  'api',
  'demo',
  'scripts',
  'package.json',
  'package-lock.json',
  '.npmrc',
  'tsconfig.json',
  'tsconfig.build.json',
  'tsconfig.demo.json',
]
/** Most of it is the build. */
const START_MS = 45_000
const STOP_MS = 5_000
const STATS_PAUSE_MS = 1_000
const TEST_MS = 60_000

let clone: string
let home: string

interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  said(): string
}

let started: Started | undefined
let tokenOfBefore = ''

/** A terminal without any setup. */
function terminal(more: Record<string, string> = {}): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: home, TMPDIR: tmpdir(), ...more }
}

function scriptsStart(environment: Record<string, string>): Started {
  const child = spawn(join(clone, 'scripts/start'), [], {
    cwd: home,
    env: terminal(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
    // Together with npm and tsc, so that a test that fails ends them all.
    detached: true,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk
    })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  started = { child, ended, said: () => output }
  return started
}

async function listening({ child, said }: Started): Promise<void> {
  await eventually(
    () => said().includes('"listening"') || child.exitCode !== null,
    (done) => done,
    START_MS,
  )
  if (!said().includes('"listening"')) throw new Error(`scripts/start ended: ${said()}`)
}

/** Does what the hint says: runs its first command in a shell of its own, and asks for the address in its second. */
async function follow(hint: string): Promise<{ token: string; url: string }> {
  const command = /^ {2}(export TOKEN=\$\(.+\))$/m.exec(hint)?.[1]
  const url = /^ {2}curl -H "Authorization: Bearer \$TOKEN" (http:\S+)$/m.exec(hint)?.[1]
  if (command === undefined || url === undefined) throw new Error(`no hint: ${hint}`)
  // Offline, npx runs the command of this folder or fails: it must not fetch a stranger's package of that name.
  const env = terminal({ npm_config_offline: 'true' })
  const line = `${command}; printf %s "$TOKEN"`
  const { stdout, stderr } = await promisify(execFile)('sh', ['-c', line], { cwd: clone, env })
  if (stdout === '') throw new Error(`no token: ${stderr}`)
  return { token: stdout, url }
}

// biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
async function get(url: string, token: string): Promise<any> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  expect(answer.status).toBe(200)
  return answer.json()
}

describeReal('scripts/start, as a stranger runs it', () => {
  beforeAll(async () => {
    clone = await mkdtemp(join(tmpdir(), 'phs-'))
    home = join(clone, 'home')
    await mkdir(home)
    for (const source of SOURCES) await cp(join(ROOT, source), join(clone, source), { recursive: true })
    await symlink(join(ROOT, 'node_modules'), join(clone, 'node_modules'))
    // To install would empty the folder that is linked here; an old lock file asks for nothing.
    await utimes(join(clone, 'package-lock.json'), 0, 0)
  })
  afterEach(async () => {
    if (started?.child.pid !== undefined && started.child.exitCode === null) process.kill(-started.child.pid, 'SIGKILL')
    await started?.ended
  })
  afterAll(() => rm(clone, { recursive: true, force: true }))

  test(
    'serves the engine at DOCKER_HOST, and says how to ask it',
    async () => {
      const port = await freePort()
      const process = scriptsStart({ DOCKER_HOST: `unix://${realEngine().socketPath}`, PORT: String(port) })
      await listening(process)
      expect(process.said()).not.toContain('SIMULATED')
      const { token, url } = await follow(process.said())
      tokenOfBefore = token
      expect(url).toBe(`http://localhost:${port}/api/containers`)

      const { items, total } = await get(url, token)
      const fixtures = (
        await docker(['ps', '--all', '--quiet', '--no-trunc', '--filter', `label=${FIXTURE_LABEL}`])
      ).trim()
      expect(items.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining(fixtures.split('\n')))
      expect(total).toBe(items.length)
      // Slowly, because more than ten requests in a quarter of an hour are refused.
      const stats = async () => {
        await sleep(STATS_PAUSE_MS)
        return get(`http://localhost:${port}/api/stats?name=busy`, token)
      }
      await eventually(stats, ({ items: [busy] }) => busy.memory.usedBytes > 0, 5 * STATS_PAUSE_MS)
      expect((await fetch(url)).status).toBe(401)

      // Its secret is its owner's alone.
      const { mode } = await stat(join(clone, '.porthole/jwt-secret'))
      expect(mode & 0o077).toBe(0)
      process.child.kill('SIGTERM')
      const asked = performance.now()
      expect(await process.ended).toBe(0)
      expect(performance.now() - asked).toBeLessThan(STOP_MS)
      expect(process.said()).not.toContain(token)
    },
    TEST_MS,
  )

  test(
    'says SIMULATED ENGINE where none answers, serves that, and still takes the token of before',
    async () => {
      const port = await freePort()
      const process = scriptsStart({ DOCKER_HOST: 'unix:///nowhere/docker.sock', PORT: String(port) })
      await listening(process)
      expect(process.said()).toContain('SIMULATED ENGINE')
      const { token, url } = await follow(process.said())
      for (const each of [token, tokenOfBefore]) expect((await get(url, each)).items.length).toBeGreaterThan(3)
      process.child.kill('SIGTERM')
      expect(await process.ended).toBe(0)
    },
    TEST_MS,
  )

  test(
    'never simulates in production',
    async () => {
      const port = await freePort()
      const environment = { DOCKER_HOST: 'unix:///nowhere/docker.sock', PORT: String(port), NODE_ENV: 'production' }
      const process = scriptsStart(environment)
      await listening(process)
      expect(process.said()).not.toContain('SIMULATED')
      const { token, url } = await follow(process.said())
      expect(await get(url, token)).toMatchObject({ items: [], hosts: [{ state: 'connecting' }] })
      process.child.kill('SIGTERM')
      expect(await process.ended).toBe(0)
    },
    TEST_MS,
  )
})
