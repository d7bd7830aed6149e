import { ROUTES } from '../../api/http/routes.js'
import { PLANTED_SECRETS } from '../../demo/engine.js'
import { ENGINE_FAULTS } from '../support/engine-faults.js'
import { eventually } from '../support/eventually.js'
import { quickClock } from '../support/quick-clock.js'
import { type SimulatedRig, startSimulated } from '../support/start-service.js'
import { tokenFor } from '../support/tokens.js'

/** A busy machine shows a change later than the contract promises; service.timing.test.ts holds the promise itself. */
const PATIENCE_MS = 8_000

let rig: SimulatedRig

async function container(name: string): Promise<Record<string, unknown> | undefined> {
  const { body } = await rig.get(`/api/containers?name=${name}`)
  return body.items.find((item: { name: string }) => item.name === name)
}

async function hostState(): Promise<string> {
  return (await rig.get('/api/hosts')).body.items[0].state
}

describe('a service over an engine', () => {
  beforeAll(async () => {
    rig = await startSimulated({ containers: 24 })
  })
  afterAll(() => rig.stop())

  test('is ready at once, and has a sample of every running container, rates included, within seconds', async () => {
    expect((await fetch(`${rig.url}/health/ready`)).status).toBe(200)
    type Row = { cpu: { percent: number | null }; network: { rxBytesTotal: number | null } }
    const isComplete = (items: Row[]) => items.length > 10 && items.every(({ cpu }) => cpu.percent !== null)
    await eventually(async () => (await rig.get('/api/stats')).body.items, isComplete, PATIENCE_MS)
  })

  test('resolves ids itself, and does not confuse a container with one that is named like its short id', async () => {
    const [first] = rig.engine.containers()
    const id = first?.id ?? ''
    const trap = rig.engine.run({ name: id.slice(0, 12), image: 'evil:1' })
    await eventually(
      () => container(id.slice(0, 12)),
      (found) => found !== undefined,
      PATIENCE_MS,
    )
    expect((await rig.get(`/api/containers/${id.slice(0, 12)}`)).body.id).toBe(id)
    rig.engine.remove(trap)
  })

  test('asks the engine for nothing but reads of its closed list', () => {
    const shapes = new Set(
      rig.engine.requests.map(
        ({ method, path }) => `${method} ${path.replace(/\?.*/, '').replace(/[0-9a-f]{64}/, '{id}')}`,
      ),
    )
    expect([...shapes].sort()).toEqual([
      'GET /containers/json',
      'GET /containers/{id}/json',
      'GET /containers/{id}/stats',
      'GET /events',
      'GET /info',
      'GET /version',
    ])
  })

  test('shows no planted secret, on any route or in any log line', async () => {
    expect(PLANTED_SECRETS.length).toBeGreaterThan(5)
    const ids = rig.engine.containers().map(({ id }) => id)
    const paths = ROUTES.flatMap(({ path }) =>
      path.includes(':id') ? ids.map((id) => path.replace(':id', id)) : [path],
    )
    const texts = await Promise.all(paths.map(async (path) => (await rig.get(path)).text))
    const leaks = PLANTED_SECRETS.filter((secret) => [...texts, ...rig.lines].some((text) => text.includes(secret)))
    expect(leaks).toEqual([])
    expect(texts.join('')).toContain('[redacted]')
  })

  test("hides from a filtered token every trace of another's containers, on every route", async () => {
    const { body } = await rig.get('/api/containers')
    type Item = { id: string; name: string; project: string | null; labels: Record<string, string> }
    const items: Item[] = body.items
    const project = items.find((item) => item.project !== null)?.project ?? ''
    const hidden = items.filter((item) => item.project !== project)
    expect(hidden.length).toBeGreaterThan(5)
    expect(hidden.length).toBeLessThan(items.length)
    const token = tokenFor({ selectors: [`com.docker.compose.project=${project}`] })
    for (const { path } of ROUTES) {
      for (const { id } of path.includes(':id') ? hidden : [{ id: '' }]) {
        const answer = await rig.get(path.replace(':id', id), token)
        if (path.includes(':id')) expect(answer.body.code).toBe('container-not-found')
        for (const other of hidden) {
          expect(answer.text).not.toContain(other.id)
          expect(answer.text).not.toContain(`"${other.name}"`)
        }
      }
    }
  })
})

describe('an engine that fails', () => {
  beforeAll(async () => {
    const sampling = { intervalMs: 200, historyMs: 3_600_000 }
    // The service waits before it connects again; deadlines of calls stay as they are.
    rig = await startSimulated({ containers: 6 }, { sampling }, quickClock(5))
  })
  afterAll(() => rig.stop())
  afterEach(() => rig.engine.setFault('all', null))

  test.each(ENGINE_FAULTS)('on inspect (%s) gives a named problem, and the list lives on', async (_what, fault) => {
    const [first] = rig.engine.containers()
    rig.engine.setFault('inspect', fault)
    const answer = await rig.get(`/api/containers/${first?.id}`)
    expect(answer.body.code).toMatch(/^engine-(timeout|bad-answer|endpoint-blocked)$/)
    expect(answer.text).not.toMatch(/secret-path|html/)
    expect((await rig.get('/api/containers')).body.items).toHaveLength(6)
  })

  test.each(ENGINE_FAULTS)('on stats (%s) keeps the last sample, whose time shows its age', async (_what, fault) => {
    const [first] = rig.engine.containers().filter(({ state }) => state === 'running')
    await eventually(
      async () => (await rig.get(`/api/containers/${first?.id}/stats`)).body.sampledAt,
      (at) => at !== null,
      PATIENCE_MS,
    )
    rig.engine.setFault('stats', fault)
    const asked = () => rig.engine.requests.filter(({ path }) => path.includes('/stats')).length
    const before = asked()
    await eventually(asked, (now) => now > before + 3, PATIENCE_MS)
    const answer = await rig.get(`/api/containers/${first?.id}/stats`)
    expect([answer.status, typeof answer.body.sampledAt]).toEqual([200, 'string'])
    expect(await hostState()).toBe('live')
  })

  test.each(ENGINE_FAULTS)(
    'on everything (%s) is stale and shows what was last known, and recovers',
    async (_what, fault) => {
      await eventually(hostState, (state) => state === 'live', PATIENCE_MS)
      rig.engine.setFault('all', fault)
      rig.engine.dropConnections()
      await eventually(hostState, (state) => state === 'stale', PATIENCE_MS)
      const { status, body } = await rig.get('/api/containers')
      expect([status, body.items.length, body.hosts[0].state]).toEqual([200, 6, 'stale'])
      const detail = await rig.get(`/api/containers/${body.items[0].id}`)
      expect([detail.status, detail.body.code, detail.headers.get('retry-after')]).toEqual([
        503,
        'engine-unavailable',
        '5',
      ])
      expect((await fetch(`${rig.url}/health/ready`)).status).toBe(503)
      rig.engine.setFault('all', null)
      await eventually(hostState, (state) => state === 'live', PATIENCE_MS)
    },
    30_000,
  )

  test('that restarts is stale while it lasts, and current afterwards', async () => {
    await eventually(hostState, (state) => state === 'live', PATIENCE_MS)
    await rig.engine.stop()
    await eventually(hostState, (state) => state === 'stale', PATIENCE_MS)
    const id = rig.engine.run({ name: 'while-away', image: 'x:1' })
    await rig.engine.start()
    await eventually(hostState, (state) => state === 'live', PATIENCE_MS)
    await eventually(
      () => container('while-away'),
      (found) => found !== undefined,
      PATIENCE_MS,
    )
    rig.engine.remove(id)
    await eventually(
      () => container('while-away'),
      (found) => found === undefined,
      PATIENCE_MS,
    )
  }, 30_000)

  test('that sends hostile events changes and ends nothing', async () => {
    await eventually(hostState, (state) => state === 'live', PATIENCE_MS)
    const before = (await rig.get('/api/containers')).body.items.length
    for (const event of [
      null,
      7,
      'x',
      [],
      {},
      { Type: 'container' },
      { Type: 'container', Action: 'start', Actor: { ID: '../../x' } },
      { Type: 'container', Action: 'start', Actor: { ID: 'f'.repeat(64) } },
    ])
      rig.engine.emitEvent(event)
    const id = rig.engine.run({ name: 'after-hostile', image: 'x:1' })
    await eventually(
      () => container('after-hostile'),
      (found) => found !== undefined,
      PATIENCE_MS,
    )
    rig.engine.remove(id)
    await eventually(
      async () => (await rig.get('/api/containers')).body.items.length,
      (count) => count === before,
      PATIENCE_MS,
    )
  }, 20_000)
})
