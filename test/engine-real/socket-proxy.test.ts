import {
  askEngine,
  type Dockerd,
  describeReal,
  docker,
  FIXTURE_IMAGE,
  FIXTURE_LABEL,
  giveFixtureImage,
  realEngine,
  startDockerd,
} from '../support/dockerd.js'
import { type EngineService, serveEngine } from '../support/engine-service.js'
import { eventually } from '../support/eventually.js'
import { type SocketProxy, type SocketProxyOptions, startSocketProxy } from '../support/haproxy.js'

/** What the contract promises between an event on the engine and its being seen. */
const VISIBLE_MS = 1_000
const STALE_MS = 3_000
const LIVE_MS = 5_000
const PATIENCE_MS = 15_000
const ENGINE_MS = 60_000

/**
 * The shortest that can be told from a proxy that cuts at once: a stream that lived for less than 5 s counts as broken
 * (host.ts, STEADY_AFTER_MS).
 */
const IDLE_CUT_MS = 6_000
const CUTS = 3

/** All that Porthole ever asks of an engine. */
const CLOSED_LIST =
  /^(?:HEAD \/_ping|GET \/(?:_ping|version|info|images\/json|networks|volumes|system\/df|events\?[!-~]+|containers\/json\?[!-~]+|containers\/[0-9a-f]{64}\/(?:json|top|changes|(?:stats|logs)\?[!-~]+)))$/

const SLEEP = ['sh', '-c', 'while :; do sleep 3600; done']

let proxy: SocketProxy
let service: EngineService

async function serveThrough(options: Partial<SocketProxyOptions>): Promise<void> {
  proxy = await startSocketProxy({ engineSocket: realEngine().socketPath, config: 'tecnativa', ...options })
  service = await serveEngine({ kind: 'tcp', host: '127.0.0.1', port: proxy.port })
}

afterEach(async () => {
  await service?.stop()
  await proxy?.stop()
})

/** The engine's fixture containers are listed, inspected and sampled, and live is what happens to them. */
async function expectEverything(): Promise<void> {
  await service.sampled()
  expect((await service.items(`/api/containers?label=${FIXTURE_LABEL}`)).length).toBeGreaterThanOrEqual(10)
  const busy = await service.container('busy')
  expect(busy).toMatchObject({ state: 'running', startedAt: expect.any(String), restartCount: 0 })
  const detail = await service.get(`/api/containers/${busy.id}`)
  expect([detail.status, detail.body.resources.cpuLimit]).toEqual([200, 0.2])
  const stats = (await service.get(`/api/containers/${busy.id}/stats`)).body
  expect(stats.cpu.percent).toBeGreaterThan(0)
  expect((await service.host()).state).toBe('live')

  const name = `proxied-${process.pid}`
  const id = (await docker(['create', '--name', name, '--network', 'none', FIXTURE_IMAGE, ...SLEEP])).trim()
  try {
    await eventually(
      () => service.container(name),
      (found) => found?.state === 'created',
      VISIBLE_MS,
    )
  } finally {
    await docker(['rm', '--force', id])
  }
  await eventually(
    () => service.container(name),
    (found) => found === undefined,
    VISIBLE_MS,
  )
}

/** What the proxy refused so far, without queries. */
function refused(): readonly string[] {
  const lines = proxy.requests().filter((line) => line.startsWith('403 '))
  return [...new Set(lines.map((line) => line.replace(/\?.*/, '')))]
}

describeReal("a Tecnativa socket proxy with the guide's table", () => {
  test('is all that is needed: everything works, and nothing is asked that it refuses', async () => {
    await serveThrough({})
    await expectEverything()
    expect(await service.host()).toMatchObject({
      version: realEngine().version,
      apiVersion: realEngine().apiVersion,
      cpus: expect.any(Number),
    })
    expect(refused()).toEqual([])
  })

  test.each([
    ['CONTAINERS', '403 GET /containers/json'],
    ['EVENTS', '403 GET /events'],
  ])('with %s=0 the host never becomes live, and says which switch opens it', async (name, refusal) => {
    await serveThrough({ env: { [name]: '0' } })
    await eventually(
      () => proxy.requests().filter((line) => line.startsWith(refusal)).length,
      (tries) => tries >= 3,
      PATIENCE_MS,
    )
    const host = await service.host()
    expect(host).toMatchObject({
      state: 'connecting',
      observedAt: null,
      fault: {
        code: 'engine-endpoint-blocked',
        detail: `A socket proxy in front of the engine closes this endpoint; its switch ${name}=1 opens it.`,
      },
    })
    expect((await service.get('/api/containers')).body).toMatchObject({ items: [], total: 0 })
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(503)
    expect(refused()).toEqual([refusal])
    // The proxy refuses with a page of HTML, of which the log alone has an excerpt.
    for (const path of ['/api/hosts', '/api/containers', '/api/summary'])
      expect((await service.get(path)).text).not.toMatch(/html|administrative/i)
  })

  test.each([
    ['INFO', { name: null, operatingSystem: null, cpus: null, memoryBytes: null, cgroupVersion: null }],
    ['VERSION', { version: null, apiVersion: null, os: null, kernelVersion: null }],
    ['PING', {}],
  ])('with %s=0 the host is live all the same, and what is missing is null', async (name, missing) => {
    await serveThrough({ env: { [name]: '0', IMAGES: '0' } })
    expect(await service.host()).toMatchObject({ state: 'live', fault: null, ...missing })
    await expectEverything()
    // The first ping goes out after 5 s.
    await eventually(refused, (lines) => lines.length > 0, PATIENCE_MS)
    expect(refused().join()).toMatch(new RegExp(`^403 GET /_?${name.toLowerCase()}$`))
    expect(await service.host()).toMatchObject({ state: 'live', fault: null })
  })
})

/** What each switch opens beyond what Porthole cannot do without, and how its lack shows. */
const BLOCKED: readonly [name: string, path: string][] = [
  ['IMAGES', '/api/images'],
  ['NETWORKS', '/api/networks'],
  ['VOLUMES', '/api/volumes'],
]

const WHOLE_TABLE = { IMAGES: '1', NETWORKS: '1', VOLUMES: '1', SYSTEM: '1' }

describeReal("a Tecnativa socket proxy's switches for what Porthole can do without", () => {
  test('all open, everything is there', async () => {
    await serveThrough({ env: WHOLE_TABLE })
    await expectEverything()
    for (const [, path] of BLOCKED) expect((await service.get(path)).status).toBe(200)
    const { body } = await service.get('/api/system')
    expect(body.items[0].disk).toMatchObject({ fault: null, images: { count: expect.any(Number) } })
    const { id } = await service.container('logging')
    for (const path of ['logs', 'top', 'changes'])
      expect([path, (await service.get(`/api/containers/${id}/${path}`)).status]).toEqual([path, 200])
    expect(refused()).toEqual([])
  })

  test.each(BLOCKED)('with %s=0 %s names it, and everything else works', async (name, path) => {
    await serveThrough({ env: { ...WHOLE_TABLE, [name]: '0' } })
    const { status, body, text } = await service.get(path)
    expect([status, body.code]).toEqual([501, 'engine-endpoint-blocked'])
    expect(body.detail).toBe(
      `A socket proxy in front of the engine closes this endpoint; its switch ${name}=1 opens it.`,
    )
    expect(text).not.toMatch(/html|administrative/i)
    for (const [, other] of BLOCKED.filter(([one]) => one !== name)) expect((await service.get(other)).status).toBe(200)
    expect((await service.host()).state).toBe('live')
  })

  test('with SYSTEM=0 only the disk use is missing, and says why', async () => {
    await serveThrough({ env: { ...WHOLE_TABLE, SYSTEM: '0' } })
    const { status, body } = await service.get('/api/system')
    expect(status).toBe(200)
    expect(body.items[0]).toMatchObject({
      version: realEngine().version,
      disk: {
        images: null,
        fault: {
          code: 'engine-endpoint-blocked',
          detail: 'A socket proxy in front of the engine closes this endpoint; its switch SYSTEM=1 opens it.',
        },
      },
    })
  })
})

describeReal("a socket proxy that closes containers' logs, processes and changes alone", () => {
  test('has each named by its switch, and everything else works', async () => {
    await serveThrough({ config: 'no-details' })
    await expectEverything()
    const { id } = await service.container('logging')
    for (const [path, name] of [
      ['logs', 'ALLOW_LOGS'],
      ['logs/stream', 'ALLOW_LOGS'],
      ['top', 'ALLOW_TOP'],
      ['changes', 'ALLOW_CHANGE'],
    ]) {
      const { status, body } = await service.get(`/api/containers/${id}/${path}`)
      expect([status, body.code]).toEqual([501, 'engine-endpoint-blocked'])
      expect(body.detail).toContain(`linuxserver's proxy asks for ${name}=1 as well`)
    }
  })
})

describeReal('a socket proxy with rules as tight as can be', () => {
  test('lets everything work, and shows that nothing outside of the closed list was asked, nor refused', async () => {
    await serveThrough({ config: 'tight' })
    await expectEverything()
    const { id } = await service.container('logging')
    for (const path of ['/api/images', '/api/networks', '/api/volumes', '/api/system'])
      expect([path, (await service.get(path)).status]).toEqual([path, 200])
    for (const path of ['logs', 'top', 'changes'])
      expect([path, (await service.get(`/api/containers/${id}/${path}`)).status]).toEqual([path, 200])
    // The first ping goes out after 5 s.
    await eventually(
      () => proxy.requests(),
      (lines) => lines.some((line) => line.endsWith(' /_ping')),
      PATIENCE_MS,
    )
    const answered = proxy.requests()
    await service.stop()
    await proxy.stop()
    // -1 is what was under way when we stopped.
    const underWay = proxy.requests().slice(answered.length)
    for (const line of answered) expect(line).toMatch(/^200 /)
    for (const line of underWay) expect(line).toMatch(/^(?:200|-1) /)
    for (const line of proxy.requests()) expect(line.replace(/^\S+ /, '')).toMatch(CLOSED_LIST)
    const shapes = new Set(proxy.requests().map((line) => line.replace(/\?.*/, '').replace(/[0-9a-f]{64}/, 'ID')))
    expect([...shapes].filter((shape) => shape.startsWith('200')).sort()).toEqual([
      '200 GET /_ping',
      '200 GET /containers/ID/changes',
      '200 GET /containers/ID/json',
      '200 GET /containers/ID/logs',
      '200 GET /containers/ID/stats',
      '200 GET /containers/ID/top',
      '200 GET /containers/json',
      '200 GET /events',
      '200 GET /images/json',
      '200 GET /info',
      '200 GET /networks',
      '200 GET /system/df',
      '200 GET /version',
      '200 GET /volumes',
    ])
  })
})

describeReal('a socket proxy that fails or cuts', () => {
  let dockerd: Dockerd

  beforeAll(async () => {
    // The fixture containers' health checks make events all the time: here it has to be quiet.
    dockerd = await startDockerd()
    await giveFixtureImage(dockerd.socketPath)
    for (const name of ['one', 'two'])
      await docker(
        ['run', '--detach', '--name', name, '--network', 'none', '--stop-timeout', '1', FIXTURE_IMAGE, ...SLEEP],
        dockerd.socketPath,
      )
  }, ENGINE_MS)
  afterAll(() => dockerd?.stop(), ENGINE_MS)

  /** Each stream but the first one stands for a cut: HAProxy logs it as soon as it is answered. */
  const cuts = () => proxy.requests().filter((line) => line.startsWith('200 GET /events')).length - 1

  test(
    'may cut the event stream when it is idle: no answer is ever stale, and no event is missed',
    async () => {
      await serveThrough({ config: 'tight', engineSocket: dockerd.socketPath, idleTimeout: `${IDLE_CUT_MS}ms` })
      const { Id } = await askEngine('/containers/one/json', dockerd.socketPath)
      const seen = new Set<string>()
      const delays: number[] = []
      let answers = 0
      let isOver = false
      const watch = async () => {
        while (!isOver) {
          const { body } = await service.get('/api/hosts')
          const [{ state, fault, containers }] = body.items
          seen.add(`${state} ${fault} ${containers.running}`)
          answers += 1
        }
      }
      const renameAfterEachCut = async () => {
        for (let cut = 1; cut <= CUTS; cut += 1) {
          await eventually(cuts, (count) => count === cut, 2 * IDLE_CUT_MS)
          // At the very moment when the new stream is not read yet.
          const renames = docker(['rename', Id, `renamed-${cut}`], dockerd.socketPath)
          const isSeen = (found: unknown) => found !== undefined
          delays.push(await eventually(() => service.container(`renamed-${cut}`), isSeen, VISIBLE_MS))
          await renames
        }
      }
      await Promise.all([
        watch(),
        renameAfterEachCut().finally(() => {
          isOver = true
        }),
      ])
      expect([...seen]).toEqual(['live null 2'])
      expect(answers).toBeGreaterThan(1_000)
    },
    ENGINE_MS,
  )

  test('may die and come back: stale, and then live with what happened meanwhile', async () => {
    const options = { config: 'tight', engineSocket: dockerd.socketPath } as const
    await serveThrough(options)
    await eventually(
      () => service.items('/api/containers'),
      (items) => items.length === 2,
      PATIENCE_MS,
    )
    const { port } = proxy
    await proxy.stop()
    await eventually(
      async () => (await service.host()).state,
      (state) => state === 'stale',
      STALE_MS,
    )
    expect((await service.host()).fault.code).toBe('engine-unavailable')
    expect(await service.items('/api/containers')).toHaveLength(2)
    await docker(['pause', 'two'], dockerd.socketPath)
    proxy = await startSocketProxy({ ...options, port })
    await eventually(
      async () => (await service.container('two')).state,
      (state) => state === 'paused',
      LIVE_MS,
    )
    expect((await service.host()).state).toBe('live')
    await docker(['unpause', 'two'], dockerd.socketPath)
  })

  test(
    'may outlive its engine: its 503 makes the host stale, and its page of HTML goes nowhere',
    async () => {
      await serveThrough({ engineSocket: dockerd.socketPath })
      expect((await service.host()).state).toBe('live')
      await dockerd.shutDown()
      await eventually(
        async () => (await service.host()).state,
        (state) => state === 'stale',
        STALE_MS,
      )
      expect((await service.host()).fault.code).toBe('engine-unavailable')
      await eventually(
        () => proxy.requests(),
        (lines) => lines.some((line) => line.startsWith('503 GET /events')),
        STALE_MS,
      )
      for (const path of ['/api/hosts', '/api/containers', '/api/summary'])
        expect((await service.get(path)).text).not.toMatch(/html/i)
      await dockerd.startAgain()
      await eventually(
        async () => (await service.host()).state,
        (state) => state === 'live',
        LIVE_MS,
      )
    },
    ENGINE_MS,
  )
})
