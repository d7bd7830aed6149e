import { SimulatedEngine, type SimulatedEngineOptions } from '../../demo/engine.js'
import { ask, askJson, openStream } from '../support/raw-client.js'
import { expectKeys, RECORDED } from '../support/recorded-keys.js'

const NOW = Date.UTC(2026, 10, 24, 3, 0, 0)
const EVERY_KIND = 18
const NEVER = '0001-01-01T00:00:00Z'

let engine: SimulatedEngine
let clock = NOW

async function started(options: SimulatedEngineOptions = {}): Promise<void> {
  clock = NOW
  engine = new SimulatedEngine({ containers: EVERY_KIND, statsDelayMs: 5, now: () => clock, ...options })
  await engine.start()
}

function inspect(name: string) {
  return askJson(engine, `/containers/${name}/json`)
}

function stats(name: string, query = 'stream=false&one-shot=true') {
  return askJson(engine, `/containers/${name}/stats?${query}`)
}

afterEach(() => engine.stop())

test('has the fields of a real engine, on cgroup v1 as recorded', async () => {
  await started({ cgroup: 1 })
  const reading = await stats('shop-web-1')
  expectKeys(reading, RECORDED.stats)
  expectKeys(reading.memory_stats.stats, RECORDED.v1Memory)
  expect(reading.cpu_stats.cpu_usage.percpu_usage).toHaveLength(reading.cpu_stats.online_cpus)
  const { cpu_usage: usage } = reading.cpu_stats
  expect(usage.percpu_usage.reduce((sum: number, part: number) => sum + part)).toBe(usage.total_usage)
  expect(reading.blkio_stats.io_service_bytes_recursive.map((entry: { op: string }) => entry.op)).toEqual([
    'Read',
    'Write',
    'Sync',
    'Async',
    'Discard',
    'Total',
  ])
  expect(reading.memory_stats.max_usage).toBeGreaterThan(0)
  const unlimited = await ask(engine, '/containers/toolbox/stats?stream=0')
  expect(unlimited.body.toString()).toContain('"hierarchical_memory_limit":9223372036854771712')
})

test('on cgroup v2 there are no per-core counters, the names are lower case and no limit is the largest uint64', async () => {
  await started({ cgroup: 2 })
  const reading = await stats('shop-web-1')
  expectKeys(reading, RECORDED.stats)
  expect(reading.cpu_stats.cpu_usage).not.toHaveProperty('percpu_usage')
  expect(reading.memory_stats).not.toHaveProperty('max_usage')
  const { anon, file, inactive_file: inactive } = reading.memory_stats.stats
  expect([anon > 0, file >= inactive, reading.memory_stats.usage >= anon + file]).toEqual([true, true, true])
  expect(reading.blkio_stats.io_service_bytes_recursive.map((entry: { op: string }) => entry.op)).toEqual([
    'read',
    'write',
  ])
  expect(reading.blkio_stats.io_serviced_recursive).toBeNull()
  expect(reading.pids_stats.limit).toBe(128)
  const raw = await ask(engine, '/containers/toolbox/stats?stream=0')
  expect(raw.body.toString()).toContain('"limit":18446744073709551615}')
})

test('one-shot leaves precpu_stats empty, and without it they are a second old', async () => {
  await started()
  const first = await stats('shop-web-1')
  expect(first.preread).toBe(NEVER)
  expect(first.precpu_stats).not.toHaveProperty('system_cpu_usage')
  const both = await stats('shop-web-1', 'stream=false')
  expect(Date.parse(both.read) - Date.parse(both.preread)).toBe(1000)
  const passed = both.cpu_stats.system_cpu_usage - both.precpu_stats.system_cpu_usage
  expect(passed).toBe(1e9 * both.cpu_stats.online_cpus)
})

test('counters only grow, CPU varies around its mean, and a pause stops the counters', async () => {
  await started()
  let before = await stats('shop-api-1')
  const shares: number[] = []
  for (let round = 0; round < 60; round += 1) {
    clock += 5000
    const now = await stats('shop-api-1')
    const used = now.cpu_stats.cpu_usage.total_usage - before.cpu_stats.cpu_usage.total_usage
    shares.push(used / 5e9)
    expect(now.networks.eth0.rx_bytes).toBeGreaterThanOrEqual(before.networks.eth0.rx_bytes)
    expect(now.networks.eth0.tx_bytes).toBeGreaterThanOrEqual(before.networks.eth0.tx_bytes)
    before = now
  }
  expect(Math.min(...shares)).toBeGreaterThan(0)
  expect(Math.max(...shares) / Math.min(...shares)).toBeGreaterThan(1.3)
  engine.pause('shop-api-1')
  const paused = await stats('shop-api-1')
  clock += 60_000
  const later = await stats('shop-api-1')
  expect(later.cpu_stats.cpu_usage).toEqual(paused.cpu_stats.cpu_usage)
  expect(later.cpu_stats.system_cpu_usage).toBeGreaterThan(paused.cpu_stats.system_cpu_usage)
})

test('a stopped container is answered with the empty struct at once', async () => {
  await started({ statsDelayMs: 60_000 })
  for (const name of ['shop-migrate-1', 'etl-scheduler-1', 'blog-backup-1']) {
    const empty = await stats(name)
    expect(empty).toMatchObject({ read: NEVER, pids_stats: {}, memory_stats: {}, name: `/${name}` })
    expect(empty).not.toHaveProperty('networks')
    expect(empty.blkio_stats.io_service_bytes_recursive).toBeNull()
  }
})

test('a container in the network namespace of the host has no networks block', async () => {
  await started()
  expect(await stats('monitoring-node-exporter-1')).not.toHaveProperty('networks')
  expect((await inspect('monitoring-node-exporter-1')).HostConfig.NetworkMode).toBe('host')
})

test('a stream sends one object after another, each with the previous reading', async () => {
  await started({ statsDelayMs: 20 })
  const stream = await openStream(engine, '/containers/shop-web-1/stats')
  const [first, second] = (await stream.lines(2)).map((line) => JSON.parse(line))
  expect(first.preread).toBe(NEVER)
  expect(second.preread).toBe(first.read)
  engine.remove('shop-web-1')
  await stream.ended()
})
