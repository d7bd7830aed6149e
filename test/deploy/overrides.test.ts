import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { type Deployment, describeDeployment, makeDeployment, STEP_MS } from '../support/deployment.js'
import {
  type Dockerd,
  docker,
  engineNetwork,
  FIXTURE_IMAGE,
  giveFixtureImage,
  inspect,
  realEngine,
  startDockerd,
} from '../support/dockerd.js'
import { eventually } from '../support/eventually.js'
import { BUILD_MS, buildImage, IMAGE } from '../support/image.js'
import { openSocketsIn } from '../support/namespace-sockets.js'

jest.setTimeout(STEP_MS)

/** Until a service that has been started has said why it stops. */
const REFUSED_MS = 60_000
const MAKE_CERTS = join(__dirname, '../../scripts/make-certs')
const NO_USERS = { USERS_FILE: '' }

/** The address of the engine's own machine that containers reach it by. */
async function engineAddress(): Promise<string> {
  const [container] = await inspect(['busy'])
  return container.NetworkSettings.Gateway
}

/** A port of that address that leads to one of this machine's loopback. */
async function startRelay(
  address: string,
  target: number,
): Promise<{ readonly port: number; readonly server: Server }> {
  const sockets = openSocketsIn(await engineNetwork())
  try {
    const listener = await sockets.listen(address)
    listener.server.on('connection', (near) => {
      const far = connect(target, '127.0.0.1')
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        one.on('error', () => other.destroy())
        one.pipe(other)
      }
    })
    return listener
  } finally {
    sockets.close()
  }
}

async function hostState(deployment: Deployment): Promise<string> {
  const token = (await deployment.admin(['token', 'create', '--sub', 'looker', '--role', 'admin'])).trim()
  return (await deployment.ask('/api/hosts', { token })).body.items[0].state
}

describeDeployment('an override of the compose file', () => {
  let deployment: Deployment | undefined

  beforeAll(() => buildImage(IMAGE), BUILD_MS)
  afterEach(async () => {
    await deployment?.down()
    deployment = undefined
  })

  describe('for an engine over mutual TLS', () => {
    let dockerd: Dockerd
    let relay: Server
    let folder: string
    let certificates: Record<string, string>
    let settings: Record<string, string>

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'phm-'))
      const address = await engineAddress()
      const made = (name: string) => join(folder, name)
      for (const name of ['ours', 'foreign'])
        execFileSync(MAKE_CERTS, ['--dir', made(name), '--host', address], { stdio: 'ignore' })
      dockerd = await startDockerd({ tls: { dir: made('ours') } })
      await giveFixtureImage(dockerd.socketPath)
      const sleep = [FIXTURE_IMAGE, 'sleep', '3600']
      await docker(['run', '--detach', '--name', 'far-away', '--network', 'none', ...sleep], dockerd.socketPath)
      const { port, server } = await startRelay(address, dockerd.tcpPort ?? 0)
      relay = server
      settings = { ...NO_USERS, PORTHOLE_ENGINE_HOST: address, PORTHOLE_ENGINE_PORT: String(port) }
      certificates = Object.fromEntries(
        ['ca.pem', 'cert.pem', 'key.pem'].map((name) => [
          `secrets/engine/${name}`,
          readFileSync(join(made('ours'), name), 'utf8'),
        ]),
      )
    })
    afterAll(async () => {
      relay?.close()
      await dockerd?.stop()
      rmSync(folder, { recursive: true, force: true })
    })

    test('shows the containers of that engine, and mounts the socket of this one nowhere', async () => {
      deployment = await makeDeployment({ overrides: ['mtls'], settings, files: certificates })
      await deployment.compose(['up', '--no-build', '--detach'])
      await deployment.ready()
      const token = (await deployment.admin(['token', 'create', '--sub', 'far', '--role', 'admin'])).trim()
      const { items } = (await deployment.ask('/api/containers', { token })).body
      expect(items.map(({ name }: { name: string }) => name)).toEqual(['far-away'])
      const running = await deployment.compose(['ps', '--services', '--filter', 'status=running'])
      expect(running.trim().split('\n').sort()).toEqual(['porthole', 'traefik'])
      for (const part of ['porthole', 'traefik'] as const)
        expect(JSON.stringify((await deployment.inspect(part)).Mounts)).not.toContain('docker.sock')
    })

    test('does not start where the engine shows a certificate of another CA', async () => {
      const ca = readFileSync(join(folder, 'foreign/ca.pem'), 'utf8')
      const files = { ...certificates, 'secrets/engine/ca.pem': ca }
      deployment = await makeDeployment({ overrides: ['mtls'], settings, files })
      await deployment.compose(['up', '--no-build', '--detach', 'porthole'])
      const log = async () => (await deployment?.compose(['logs', '--no-color', 'porthole'])) ?? ''
      await eventually(log, (text) => text.includes('TLS to the engine failed'), REFUSED_MS)
      expect(await log()).toMatch(/TLS to the engine failed: .*DOCKER_CA_PATH/)
    })
  })

  test('for a rootless engine takes the socket of the user who runs it', async () => {
    const { socketPath } = realEngine()
    expect(basename(socketPath)).toBe('docker.sock')
    deployment = await makeDeployment({
      overrides: ['rootless'],
      // Nothing is there, so what answers came by the override.
      settings: { ...NO_USERS, PORTHOLE_ENGINE_SOCKET: '/nowhere/docker.sock' },
      shell: { XDG_RUNTIME_DIR: dirname(socketPath) },
    })
    await deployment.compose(['up', '--no-build', '--detach'])
    await deployment.ready()
    expect(await hostState(deployment)).toBe('live')
  })

  test('for Tecnativa replaces the image and what it is started with, and keeps it as closed as before', async () => {
    deployment = await makeDeployment({ overrides: ['tecnativa'] })
    const text = await deployment.compose(['config'])
    const service = text.split('\n  socket-proxy:\n')[1]?.split('\n  traefik:\n')[0] ?? ''
    expect(service).toMatch(/image: tecnativa\/docker-socket-proxy:v\d+\.\d+\.\d+\n/)
    expect(service).toContain('entrypoint:\n    - docker-entrypoint.sh\n')
    for (const kept of ['read_only: true', 'cap_drop:\n    - ALL', 'no-new-privileges:true', 'mem_limit: 64m'])
      expect(service).toContain(kept)
    for (const open of ['CONTAINERS', 'EVENTS', 'INFO', 'PING', 'VERSION']) expect(service).toContain(`${open}: 1\n`)
    expect(service).toContain('POST: 0\n')
  })
})
