import {
  type Dockerd,
  describeReal,
  docker,
  FIXTURE_IMAGE,
  giveFixtureImage,
  startDockerd,
} from '../support/dockerd.js'
import { type EngineService, serveEngine, unixEndpoint } from '../support/engine-service.js'
import { eventually } from '../support/eventually.js'

/** An engine that is gone is known to be gone within this. */
const STALE_MS = 3_000
/** One that hangs says nothing by itself: a ping goes out each 5 s and is given up after 5 s. */
const HUNG_MS = 12_000
/** One that is back is live again within this. */
const LIVE_MS = 5_000
/** Whatever the engine does, memory answers at once: nearly all within this, on a machine that has other things to do. */
const PROMPT_MS = 100
/** An answer that waited for the engine would take this, and far longer. */
const WAITED_MS = 1_000
/** For what the engine itself takes its time with. */
const ENGINE_MS = 60_000

const SLEEP = ['sh', '-c', 'while :; do sleep 3600; done']

let dockerd: Dockerd
let service: EngineService

async function run(name: string, ...options: string[]): Promise<void> {
  const own = ['--detach', '--name', name, '--network', 'none', '--stop-timeout', '1']
  await docker(['run', ...own, ...options, FIXTURE_IMAGE, ...SLEEP], dockerd.socketPath)
}

/** Asks until the host is in that state. Gives the milliseconds that each answer from memory took meanwhile. */
async function becomes(wanted: string, withinMs: number): Promise<readonly number[]> {
  const took: number[] = []
  const look = async () => {
    for (const path of ['/api/containers', '/api/stats', '/api/summary']) {
      const asked = performance.now()
      const { status, body } = await service.get(path)
      took.push(performance.now() - asked)
      expect(status).toBe(200)
      if (path === '/api/containers') expect(body.items).toHaveLength(2)
    }
    return (await service.host()).state
  }
  await eventually(look, (state) => state === wanted, withinMs)
  return took
}

function expectPrompt(took: readonly number[]): void {
  const sorted = took.toSorted((a, b) => a - b)
  expect(sorted[Math.floor(0.98 * (sorted.length - 1))]).toBeLessThan(PROMPT_MS)
  expect(sorted.at(-1)).toBeLessThan(WAITED_MS)
}

describeReal('a service whose engine fails', () => {
  beforeAll(async () => {
    dockerd = await startDockerd()
    await giveFixtureImage(dockerd.socketPath)
    await run('sleeper')
    await run('survivor', '--restart', 'always')
    service = await serveEngine(unixEndpoint(dockerd.socketPath))
    await service.sampled()
  }, ENGINE_MS)
  afterAll(async () => {
    await service?.stop()
    await dockerd?.stop()
  }, ENGINE_MS)

  test(
    'shows a stopped engine as stale, its containers as they were, and what came of them once it is back',
    async () => {
      const before = await service.get('/api/containers')
      const { id } = await service.container('sleeper')
      // While it kills its containers it takes no new connection, and still answers on those that are open.
      const ended = dockerd.shutDown().then(() => performance.now())
      const gone = await becomes('stale', ENGINE_MS)
      const delay = performance.now() - (await ended)
      expect(delay).toBeLessThan(STALE_MS)
      // What was last known stays, marked with when that was.
      const list = (await service.get('/api/containers')).body
      expect(list.hosts).toEqual([{ id: 'local', state: 'stale', observedAt: list.observedAt }])
      expect(list.items.map(({ name }: { name: string }) => name)).toEqual(['sleeper', 'survivor'])
      expect(list.observedAt >= before.body.observedAt).toBe(true)
      expect((await service.host()).fault).toMatchObject({ code: 'engine-unavailable' })
      // Full details can come from the engine alone.
      const detail = await service.get(`/api/containers/${id}`)
      expect([detail.status, detail.body.code]).toEqual([503, 'engine-unavailable'])
      expect(detail.headers.get('retry-after')).toMatch(/^\d+$/)
      expect((await fetch(`${service.url}/health/ready`)).status).toBe(503)
      expect((await fetch(`${service.url}/health/live`)).status).toBe(200)

      await dockerd.startAgain()
      const back = await becomes('live', LIVE_MS)
      await eventually(
        async () => [await service.container('sleeper'), await service.container('survivor')],
        ([sleeper, survivor]) => sleeper.state === 'exited' && sleeper.exitCode === 137 && survivor.state === 'running',
        LIVE_MS,
      )
      expect((await service.host()).fault).toBeNull()
      expect((await service.get(`/api/containers/${id}`)).status).toBe(200)
      expect((await fetch(`${service.url}/health/ready`)).status).toBe(200)
      await docker(['start', 'sleeper'], dockerd.socketPath)
      await eventually(
        () => service.container('sleeper'),
        ({ state: now }) => now === 'running',
        1_000,
      )
      expectPrompt(gone)
      expectPrompt(back)
    },
    ENGINE_MS,
  )

  test(
    'shows a hung engine as stale within seconds, and answers at once from memory all the while',
    async () => {
      const { id } = await service.container('sleeper')
      await service.sampled()
      expect(await service.items('/api/stats')).toHaveLength(2)
      dockerd.pause()
      try {
        // Before the hang is known, a question for the engine is bounded by its deadline.
        const asked = service.get(`/api/containers/${id}`)
        const hung = await becomes('stale', HUNG_MS)
        expect((await service.host()).fault).toMatchObject({ code: 'engine-timeout' })
        // From now on no caller waits for it.
        const detail = await service.get(`/api/containers/${id}`)
        expect(detail.status).toBe(503)
        expect(await service.items('/api/stats')).toHaveLength(2)
        const stats = (await service.get(`/api/containers/${id}/stats`)).body
        expect(stats.memory.usedBytes).toBeGreaterThan(0)
        dockerd.resume()
        const back = await becomes('live', LIVE_MS)
        expect([200, 503, 504]).toContain((await asked).status)
        expectPrompt(hung)
        expectPrompt(back)
      } finally {
        dockerd.resume()
      }
      // It is watched as before.
      await docker(['pause', 'sleeper'], dockerd.socketPath)
      await eventually(
        () => service.container('sleeper'),
        ({ state: now }) => now === 'paused',
        1_000,
      )
      await docker(['unpause', 'sleeper'], dockerd.socketPath)
    },
    ENGINE_MS,
  )

  test(
    'waits for an engine that is not there yet, and shows its containers as soon as it is',
    async () => {
      await dockerd.shutDown()
      const early = await serveEngine(unixEndpoint(dockerd.socketPath))
      try {
        expect((await early.get('/api/containers')).body).toMatchObject({
          items: [],
          observedAt: null,
          hosts: [{ id: 'local', state: 'connecting', observedAt: null }],
        })
        expect((await fetch(`${early.url}/health/ready`)).status).toBe(503)
        await dockerd.startAgain()
        await eventually(
          () => early.items('/api/containers'),
          (items) => items.length === 2 && items.some(({ state: now }) => now === 'running'),
          LIVE_MS,
        )
        expect((await early.host()).state).toBe('live')
        expect((await fetch(`${early.url}/health/ready`)).status).toBe(200)
      } finally {
        await early.stop()
      }
    },
    ENGINE_MS,
  )

  test('names no path of the host and no word of the engine while it fails', async () => {
    const { hosts } = (await service.get('/api/containers')).body
    expect(JSON.stringify(hosts)).not.toContain('/')
    for (const line of service.lines) expect(line).not.toContain('Error:')
  })
})
