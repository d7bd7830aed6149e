import { SimulatedEngine } from '../../demo/engine.js'
import { ask, askJson } from '../support/raw-client.js'
import { expectKeys, RECORDED } from '../support/recorded-keys.js'

const NOW = Date.UTC(2026, 10, 24, 3, 0, 0)
const EVERY_KIND = 18

let engine: SimulatedEngine
let clock = NOW

async function started(): Promise<void> {
  clock = NOW
  engine = new SimulatedEngine({ containers: EVERY_KIND, statsDelayMs: 5, now: () => clock })
  await engine.start()
}

afterEach(() => engine.stop())

describe('list', () => {
  test('an entry has the fields of a real engine, and all=1 brings those that do not run', async () => {
    await started()
    const all = await askJson(engine, '/containers/json?all=1')
    for (const entry of all) {
      expectKeys(entry, RECORDED.list)
      for (const network of Object.values(entry.NetworkSettings.Networks))
        expectKeys(network as object, RECORDED.network)
    }
    expect(all).toHaveLength(EVERY_KIND)
    const states = new Map(all.map((entry: { Names: string[]; State: string }) => [entry.Names[0], entry.State]))
    expect(new Set(states.values())).toEqual(new Set(['running', 'exited', 'paused', 'restarting', 'created']))
    const shown = await askJson(engine, '/containers/json')
    expect(shown.every((entry: { State: string }) => /running|paused|restarting/.test(entry.State))).toBe(true)
    expect(shown.length).toBe(all.length - 3)
  })

  test('the newest come first, and limit includes stopped ones', async () => {
    await started()
    const all = await askJson(engine, '/containers/json?all=1')
    const created = all.map((entry: { Created: number }) => entry.Created)
    expect(created).toEqual([...created].sort((a, b) => b - a))
    expect(await askJson(engine, '/containers/json?limit=5')).toEqual(all.slice(0, 5))
  })

  test('filters in both notations exclude all others', async () => {
    await started()
    const [first, second] = engine.containers()
    const ids = async (filters: unknown) => {
      const path = `/containers/json?all=1&filters=${encodeURIComponent(JSON.stringify(filters))}`
      return (await askJson(engine, path)).map((entry: { Id: string }) => entry.Id)
    }
    expect(await ids({ id: [first?.id, second?.id] })).toEqual([first?.id, second?.id])
    expect(await ids({ id: { [String(second?.id)]: true } })).toEqual([second?.id])
    expect(await ids({ id: ['f'.repeat(64)] })).toEqual([])
    expect(await ids({ label: ['com.docker.compose.project=etl'], status: ['paused'] })).toHaveLength(1)
    expect((await ask(engine, '/containers/json?filters=%7B%22bogus%22%3A%5B%22x%22%5D%7D')).status).toBe(400)
    expect((await ask(engine, '/containers/json?filters=oops')).status).toBe(400)
  })

  test('the status sentence is the one that Docker writes', async () => {
    await started()
    const status = async (name: string) => {
      const all = await askJson(engine, '/containers/json?all=1')
      return all.find((entry: { Names: string[] }) => entry.Names[0] === `/${name}`).Status
    }
    engine.run({ name: 'fresh', health: 'healthy' })
    expect(await status('fresh')).toBe('Up Less than a second (healthy)')
    for (const [seconds, words] of [
      [1, '1 second'],
      [58, '59 seconds'],
      [30, 'About a minute'],
      [300, '6 minutes'],
      [3600, 'About an hour'],
      [100_000, '29 hours'],
      [200_000, '3 days'],
    ] as const) {
      clock += seconds * 1000
      expect(await status('fresh')).toBe(`Up ${words} (healthy)`)
    }
    engine.kill('fresh', 3)
    clock += 2000
    expect(await status('fresh')).toBe('Exited (3) 2 seconds ago')
    expect(await status('etl-archiver-1')).toMatch(/^Up .* \(Paused\)$/)
    expect(await status('monitoring-prometheus-1')).toMatch(/^Up .* \(health: starting\)$/)
    expect(await status('etl-scheduler-1')).toMatch(/^Restarting \(3\) .* ago$/)
    expect(await status('blog-backup-1')).toBe('Created')
  })
})
