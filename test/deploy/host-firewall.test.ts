import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Deployment, describeDeployment, makeDeployment, STEP_MS } from '../support/deployment.js'
import { type Dockerd, giveImages, startDockerd } from '../support/dockerd.js'
import { BUILD_MS, buildImage, IMAGE, imagesOf } from '../support/image.js'
import { ip, makeNamespace, removeNamespace } from '../support/namespace.js'

jest.setTimeout(STEP_MS)

/** For a command of scripts/engine, which ends by itself where it hangs. */
const ENGINE_MS = 240_000
const ENGINE = join(__dirname, '../../scripts/engine')

/** The namespace that plays the machine, and two that are joined by a bridge of that machine. */
const HOST = `phh${process.pid}`
const NEIGHBOURS = [`phx${process.pid}`, `phy${process.pid}`] as const

let host: string
let hostDocker: Dockerd
let folder: string
let before: string
let deployment: Deployment | undefined

/** Runs a command on the machine, as far as networks go. */
function onHost(...command: string[]): string {
  return execFileSync('nsenter', [`--net=${host}`, '--', ...command], { encoding: 'utf8' })
}

/** A command of scripts/engine, given on the machine. */
async function engine(command: string): Promise<void> {
  const env = { ...process.env, PORTHOLE_ENGINE_DIR: folder }
  await promisify(execFile)('nsenter', [`--net=${host}`, '--', ENGINE, command], { env, timeout: ENGINE_MS })
}

/** All that the machine's network is made of: rules, interfaces, routes and switches. */
function hostNetwork(): string {
  const rules = ['iptables-save', 'ip6tables-save'].map((command) => onHost(command))
  const shown = [['addr'], ['route', 'show', 'table', 'all'], ['rule']].map((what) => onHost('ip', '-o', ...what))
  const switches = onHost('sh', '-c', 'head -n 1 /proc/sys/net/ipv4/ip_forward /proc/sys/net/bridge/*')
  // Without the time of the listing, and how many packets a rule has counted.
  const text = [...rules, ...shown, switches].join('\n')
  return text.replace(/^#.*\n/gm, '').replace(/\[\d+:\d+\]/g, '[]')
}

/** Whether two namespaces on one bridge of the machine reach each other: two containers on one network are no more than that. */
function neighboursReachEachOther(): boolean {
  const [asking] = NEIGHBOURS
  try {
    ip('-n', HOST, 'link', 'add', 'bridge', 'up', 'type', 'bridge')
    for (const [i, name] of NEIGHBOURS.entries()) {
      makeNamespace(name)
      ip('-n', HOST, 'link', 'add', `port${i}`, 'type', 'veth', 'peer', 'name', 'cable', 'netns', name)
      ip('-n', HOST, 'link', 'set', `port${i}`, 'master', 'bridge', 'up')
      ip('-n', name, 'addr', 'add', `198.18.0.${i + 1}/24`, 'dev', 'cable')
      ip('-n', name, 'link', 'set', 'cable', 'up')
    }
    const ping = ['busybox', 'ping', '-c', '1', '-W', '1', '198.18.0.2']
    return spawnSync('ip', ['netns', 'exec', asking, ...ping]).status === 0
  } finally {
    for (const name of NEIGHBOURS) removeNamespace(name)
    ip('-n', HOST, 'link', 'del', 'bridge')
  }
}

/** Processes that have the folder of the engine among their arguments. */
function processesOfEngine(): readonly string[] {
  const lines = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        return ''
      }
    })
  return lines.filter((line) => line.includes(folder))
}

describeDeployment('the engine of scripts/engine on a machine where Docker runs already', () => {
  beforeAll(async () => {
    await buildImage(IMAGE)
    folder = mkdtempSync(join(tmpdir(), 'phf-'))
    host = makeNamespace(HOST)
    // An engine that finds this switch on leaves the policy of FORWARD as it is.
    onHost('sh', '-c', 'echo 0 >/proc/sys/net/ipv4/ip_forward')
    hostDocker = await startDockerd({ namespace: host })
    before = hostNetwork()
    await engine('up')
    const socketPath = join(folder, 'docker.sock')
    await giveImages([IMAGE, ...imagesOf('docker-compose.yml')], socketPath)
    const network = join(folder, 'network')
    deployment = await makeDeployment({
      engine: { socketPath, network, address: '127.0.0.1', clients: network },
      settings: { USERS_FILE: '' },
    })
  }, BUILD_MS + STEP_MS)
  afterAll(async () => {
    await deployment?.down()
    if (existsSync(folder)) await engine('down')
    rmSync(folder, { recursive: true, force: true })
    await hostDocker?.stop()
    removeNamespace(HOST)
  })

  test('that machine forwards nothing but what its own Docker lets through', () => {
    expect(before).toContain(':FORWARD DROP')
    expect(neighboursReachEachOther()).toBe(false)
    // The test of the test: it is that policy and nothing else.
    onHost('iptables', '--policy', 'FORWARD', 'ACCEPT')
    try {
      expect(neighboursReachEachOther()).toBe(true)
    } finally {
      onHost('iptables', '--policy', 'FORWARD', 'DROP')
    }
  })

  test('answers through the whole deployment all the same', async () => {
    await deployment?.compose(['up', '--no-build', '--detach'])
    await deployment?.ready()
    const token = await deployment?.admin(['token', 'create', '--sub', 'reader', '--role', 'admin'])
    const answer = await deployment?.ask('/api/containers', { token: token?.trim() ?? '' })
    expect(answer?.status).toBe(200)
    expect(answer?.body.hosts[0].state).toBe('live')
    expect(answer?.body.items.map(({ name }: { name: string }) => name)).toContain('busy')
  })

  test('leaves the network of that machine as it was, while it runs', () => {
    expect(hostNetwork()).toBe(before)
  })

  test('leaves nothing behind when it goes, even where it was killed', async () => {
    await deployment?.down()
    deployment = undefined
    process.kill(Number(readFileSync(join(folder, 'docker.pid'), 'utf8')), 'SIGKILL')
    await engine('down')
    expect(existsSync(folder)).toBe(false)
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(folder)
    expect(processesOfEngine()).toEqual([])
    expect(hostNetwork()).toBe(before)
  })
})
