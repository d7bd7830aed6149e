import { describeDeployment, STEP_MS } from '../support/deployment.js'
import { docker, type Inspected } from '../support/dockerd.js'
import { eventually } from '../support/eventually.js'
import { BUILD_MS, buildImage, IMAGE } from '../support/image.js'
import { SECRET } from '../support/tokens.js'

jest.setTimeout(STEP_MS)

/** What we add to the base image: dependencies, and the service. */
const MAX_OWN_BYTES = 40 * 1024 * 1024
const START_MS = 60_000
/** An engine kills after 10 s; the service promises less. */
const STOP_MS = 6_000

const HARDENED = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges:true', '--network', 'none']

/** What a program of Node's prints in a container of the image that is as closed as compose makes it. */
function run(program: string): Promise<string> {
  return docker(['run', '--rm', ...HARDENED, IMAGE, '-e', program])
}

describeDeployment('the image', () => {
  let image: Inspected

  beforeAll(async () => {
    await buildImage(IMAGE)
    image = JSON.parse(await docker(['image', 'inspect', IMAGE]))[0]
  }, BUILD_MS)

  test('runs as a user that is a number and not root, without a shell around it', () => {
    const { User, Entrypoint, Cmd, StopSignal, Labels } = image.Config
    expect(User).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    expect([Entrypoint, Cmd]).toEqual([['/usr/local/bin/node'], ['/app/dist/main.js']])
    expect(StopSignal).toBe('SIGTERM')
    expect(image.Config.Healthcheck.Test).toEqual(['CMD', '/usr/local/bin/node', '/app/dist/cli/healthcheck.js'])
    expect(Labels['org.opencontainers.image.title']).toBe('Porthole')
  })

  test('holds what the service needs and nothing that built it', async () => {
    const found = JSON.parse(
      await run(`
        const { readdirSync, existsSync } = require('node:fs')
        const packages = readdirSync('/app/node_modules')
        console.log(JSON.stringify({
          app: readdirSync('/app').sort(),
          tools: packages.filter((name) => ['typescript', 'jest', 'tsx', 'knip', '@biomejs', '@swc'].includes(name)),
          npm: ['/usr/local/bin/npm', '/usr/local/bin/npx', '/usr/local/lib/node_modules'].filter((path) => existsSync(path)),
        }))`),
    )
    expect(found).toEqual({ app: ['dist', 'node_modules', 'package.json'], tools: [], npm: [] })
  })

  test('adds little to its base image, in size and in layers', async () => {
    const rows = (await docker(['history', '--human=false', '--format', '{{.Size}} {{.CreatedBy}}', IMAGE])).split('\n')
    const own = rows.filter((row) => /(?:COPY|RUN|rm -rf)/.test(row)).map((row) => Number(row.split(' ')[0]))
    expect(own.length).toBeGreaterThan(3)
    expect(own.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(MAX_OWN_BYTES)
  })

  test('may write only into its two volumes and world-writable folders, even if its root is not read-only', async () => {
    const program = `
      const { accessSync, constants, readdirSync } = require('node:fs')
      const found = []
      const walk = (folder) => {
        for (const entry of readdirSync(folder + '/', { withFileTypes: true })) {
          const path = folder + '/' + entry.name
          if (entry.isSymbolicLink() || ['/proc', '/sys', '/dev'].includes(path)) continue
          try { accessSync(path, constants.W_OK); found.push(path) } catch {}
          try { if (entry.isDirectory()) walk(path) } catch {}
        }
      }
      walk('')
      console.log(JSON.stringify(found.sort()))`
    const found = JSON.parse(await docker(['run', '--rm', '--cap-drop=ALL', '--network=none', IMAGE, '-e', program]))
    const own = (found as string[]).filter((path) => path.startsWith('/var/lib/porthole') || path.startsWith('/app'))
    expect(own).toEqual(['/var/lib/porthole/access', '/var/lib/porthole/audit'])
    expect((found as string[]).filter((path) => !own.includes(path))).toEqual(['/run/lock', '/tmp', '/var/tmp'])
  })

  test('refuses to start without a secret, naming it, with exit code 2', async () => {
    const failed = docker(['run', '--rm', ...HARDENED, IMAGE])
    await expect(failed).rejects.toThrow(/JWT_SECRET is missing/)
    await expect(failed).rejects.toMatchObject({ cause: { code: 2 } })
  })

  test('is alive by its own health check, before any engine answers, and ends at once when asked to', async () => {
    const name = `porthole-image-${process.pid}`
    const secret = ['--env', `JWT_SECRET=${SECRET}`, '--env', 'DOCKER_HOST=tcp://127.0.0.1:2375']
    await docker(['run', '--detach', '--name', name, ...HARDENED, ...secret, '--health-interval', '1s', IMAGE])
    try {
      const health = async () => (await docker(['inspect', '--format', '{{.State.Health.Status}}', name])).trim()
      await eventually(health, (status) => status === 'healthy', START_MS)
      const started = performance.now()
      await docker(['stop', name])
      expect(performance.now() - started).toBeLessThan(STOP_MS)
      expect((await docker(['inspect', '--format', '{{.State.ExitCode}}', name])).trim()).toBe('0')
    } finally {
      await docker(['rm', '--force', name])
    }
  })
})
