import { PLANTED_SECRETS, SimulatedEngine } from '../../demo/engine.js'
import { ask, askJson } from '../support/raw-client.js'
import { expectKeys, RECORDED } from '../support/recorded-keys.js'

const NOW = Date.UTC(2026, 10, 24, 3, 0, 0)
const EVERY_KIND = 18
const NEVER = '0001-01-01T00:00:00Z'

let engine: SimulatedEngine
let clock = NOW

async function started(): Promise<void> {
  clock = NOW
  engine = new SimulatedEngine({ containers: EVERY_KIND, statsDelayMs: 5, now: () => clock })
  await engine.start()
}

function inspect(name: string) {
  return askJson(engine, `/containers/${name}/json`)
}

afterEach(() => engine.stop())

describe('inspect', () => {
  test('has the fields of a real engine in every block', async () => {
    await started()
    for (const { id } of engine.containers()) {
      const body = await inspect(id)
      expectKeys(body, RECORDED.inspect)
      expectKeys(body.State, RECORDED.state)
      expectKeys(body.Config, `${RECORDED.config} StopSignal?`)
      expectKeys(body.HostConfig, RECORDED.hostConfig)
      expectKeys(body.NetworkSettings, RECORDED.networkSettings)
    }
  })

  test('finds by full id, name, name with a slash, and an unambiguous prefix of an id', async () => {
    await started()
    const [{ id, name } = { id: '', name: '' }] = engine.containers()
    for (const reference of [id, name, `%2F${name}`, id.slice(0, 12)]) expect((await inspect(reference)).Id).toBe(id)
    const initials = engine.containers().map((container) => container.id.slice(0, 1))
    const shared = initials.find((initial, index) => initials.indexOf(initial) !== index)
    const ambiguous = await ask(engine, `/containers/${shared}/json`)
    expect([ambiguous.status, JSON.parse(ambiguous.body.toString())]).toEqual([
      500,
      { message: `Multiple IDs found with provided prefix: ${shared}` },
    ])
  })

  test('shows each state as the engine does', async () => {
    await started()
    expect((await inspect('shop-migrate-1')).State).toMatchObject({
      Status: 'exited',
      Running: false,
      Pid: 0,
      ExitCode: 0,
    })
    expect((await inspect('etl-importer-1')).State).toMatchObject({ OOMKilled: true, ExitCode: 137 })
    expect((await inspect('etl-archiver-1')).State).toMatchObject({ Status: 'paused', Running: true, Paused: true })
    expect(await inspect('etl-scheduler-1')).toMatchObject({
      RestartCount: 17,
      State: { Status: 'restarting', Running: true, Restarting: true, Pid: 0, ExitCode: 3 },
    })
    expect((await inspect('blog-backup-1')).State).toMatchObject({
      Status: 'created',
      StartedAt: NEVER,
      FinishedAt: NEVER,
    })
    const sick = (await inspect('shop-worker-1')).State.Health
    expect(sick).toMatchObject({ Status: 'unhealthy', FailingStreak: 41 })
    expect(sick.Log).toHaveLength(5)
    expect(sick.Log[4]).toMatchObject({ ExitCode: 1, Output: expect.stringContaining('ETIMEDOUT') })
    expect((await inspect('toolbox')).Config.Tty).toBe(true)
    expect((await inspect('toolbox')).State.Health).toBeUndefined()
  })

  test('every planted secret is sent, so that a test of redaction tests something', async () => {
    await started()
    const paths = [
      ...engine.containers().map(({ id }) => `/containers/${id}/json`),
      ...['/images/json', '/networks', '/volumes', '/system/df'],
    ]
    const bodies = await Promise.all(paths.map((path) => ask(engine, path)))
    const text = bodies.map(({ body }) => body.toString()).join('')
    expect(PLANTED_SECRETS.length).toBeGreaterThanOrEqual(10)
    expect(PLANTED_SECRETS.filter((secret) => !text.includes(secret))).toEqual([])
    const list = (await ask(engine, '/containers/json?all=1')).body.toString()
    expect(PLANTED_SECRETS.filter((secret) => list.includes(secret)).length).toBeGreaterThanOrEqual(3)
  })
})

describe('inspect of settings by an operator', () => {
  test('a health check shows its command and its times in nanoseconds, and is absent without one', async () => {
    await started()
    expect((await inspect('shop-db-1')).Config.Healthcheck).toEqual({
      // secret-scan: made up
      Test: ['CMD-SHELL', 'PGPASSWORD=tide-Lantern-4471 pg_isready -U app'],
      Interval: 30_000_000_000,
      Timeout: 5_000_000_000,
      StartPeriod: 10_000_000_000,
      Retries: 3,
    })
    expect((await inspect('toolbox')).Config).not.toHaveProperty('Healthcheck')
  })

  test('a stop signal is shown if it is not the default', async () => {
    await started()
    const signals = await Promise.all(
      ['shop-web-1', 'shop-db-1', 'toolbox'].map(async (name) => (await inspect(name)).Config.StopSignal),
    )
    expect(signals).toEqual(['SIGQUIT', 'SIGINT', undefined])
  })

  test('no devices and no ulimits are null from compose and empty from the command line', async () => {
    await started()
    const { HostConfig } = await inspect('shop-web-1')
    expect([HostConfig.Devices, HostConfig.Ulimits]).toEqual([null, null])
    const other = (await inspect('toolbox')).HostConfig
    expect([other.Devices, other.Ulimits]).toEqual([[], []])
  })
})

describe('changes', () => {
  test('lists modified, added and deleted files, in one container of the initial state', async () => {
    await started()
    const changes = await askJson(engine, '/containers/toolbox/changes')
    expect(changes[0]).toEqual({ Path: '/etc', Kind: 0 })
    expect(new Set(changes.map(({ Kind }: { Kind: number }) => Kind))).toEqual(new Set([0, 1, 2]))
    engine.run({ name: 'busy', spec: { changes: [{ path: '/tmp/a b', kind: 1 }] } })
    expect(await askJson(engine, '/containers/busy/changes')).toEqual([{ Path: '/tmp/a b', Kind: 1 }])
  })

  test('is null without changes, for running and stopped containers', async () => {
    await started()
    for (const name of ['shop-web-1', 'shop-migrate-1', 'blog-backup-1']) {
      expect((await ask(engine, `/containers/${name}/changes`)).body.toString()).toBe('null\n')
    }
  })
})
