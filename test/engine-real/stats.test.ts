import { askEngine, describeReal, docker, type Inspected, inspect, realEngine } from '../support/dockerd.js'
import { type EngineService, serveEngine, unixEndpoint } from '../support/engine-service.js'
import { eventually } from '../support/eventually.js'

/** Long enough that a quota of 20 ms in each 100 ms shows evenly, short enough to wait for. */
const SAMPLE_INTERVAL_MS = 2_000
/** What `scripts/engine` lets `busy` use. */
const BUSY_PERCENT = 20
/** Points: docker's own figure is of one second alone. */
const CPU_TOLERANCE = 3
const MEMORY_TOLERANCE = 0.02
const PATIENCE_MS = 20_000

const READ = ['busy', 'limited', 'idle', 'hostnet', 'paused'] as const
type Name = (typeof READ)[number]

/** One of our samples, which the engine read between two readings of its own: counters that grow must lie between. */
interface Round {
  readonly before: Inspected
  readonly ours: Inspected
  readonly after: Inspected
  /** What `docker stats` printed about then. */
  readonly printed: Readonly<Record<string, string>>
}

/** Several of each, so that a moment's noise is seen for what it is. */
const ROUNDS = 3

let service: EngineService
let rounds: ReadonlyMap<Name, readonly Round[]>

async function idOf(name: string): Promise<string> {
  return (await service.container(name)).id
}

/** The engine's own reading, by which all is measured. */
async function rawOf(name: string): Promise<Inspected> {
  return askEngine(`/containers/${await idOf(name)}/stats?stream=false`)
}

async function printed(): Promise<ReadonlyMap<string, Record<string, string>>> {
  const lines = await docker(['stats', '--no-stream', '--format', '{{json .}}', ...READ])
  const rows = lines.trim().split('\n')
  return new Map(rows.map((line) => JSON.parse(line)).map((row) => [row.Name, row]))
}

/** Asks for all at once: the engine takes two seconds for each reading. */
async function takeRounds(): Promise<ReadonlyMap<Name, readonly Round[]>> {
  const taken = new Map<Name, Round[]>(READ.map((name) => [name, []]))
  let before = await Promise.all(READ.map(rawOf))
  for (let i = 0; i < ROUNDS; i += 1) {
    const since = before.map(({ read }) => new Date(read).toISOString())
    const look = async () => {
      const rows = await service.items('/api/stats')
      return READ.map((name) => rows.find((row) => row.name === name))
    }
    let ours: readonly Inspected[] = []
    await eventually(
      async () => {
        ours = await look()
        return ours
      },
      (samples) => samples.every(({ sampledAt }, at) => sampledAt > (since[at] ?? '')),
      PATIENCE_MS,
    )
    const [table, after] = await Promise.all([printed(), Promise.all(READ.map(rawOf))])
    for (const [at, name] of READ.entries())
      taken.get(name)?.push({ before: before[at], ours: ours[at], after: after[at], printed: table.get(name) ?? {} })
    before = after
  }
  return taken
}

function roundsOf(name: Name): readonly Round[] {
  return rounds.get(name) ?? []
}

/** `24.8MiB` and `1.21kB` in bytes, and how far the rounding may be off. */
function bytesOf(text = ''): { bytes: number; tolerance: number } {
  const units: Record<string, number> = {
    ...{ B: 1, kB: 1e3, MB: 1e6, GB: 1e9 },
    ...{ KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 },
  }
  const [, digits = '', unit = ''] = /^([\d.]+)([A-Za-z]+)$/.exec(text.trim()) ?? []
  const decimals = digits.split('.')[1]?.length ?? 0
  const scale = units[unit] ?? Number.NaN
  return { bytes: Number(digits) * scale, tolerance: (scale / 10 ** decimals) * 0.51 }
}

function sum(raw: Inspected, field: string): number | null {
  if (raw.networks === undefined) return null
  const interfaces = Object.values<Record<string, number>>(raw.networks)
  return interfaces.reduce((total, one) => total + (one[field] ?? 0), 0)
}

function blockIo(raw: Inspected, operation: 'read' | 'write'): number | null {
  const entries: { op: string; value: number }[] | null = raw.blkio_stats.io_service_bytes_recursive
  if (entries === null) return null
  return entries.reduce((total, { op, value }) => total + (op.toLowerCase() === operation ? value : 0), 0)
}

/** Usage less what the kernel would give back at once, on either version of control groups. */
function used({ memory_stats: { usage, stats } }: Inspected): number {
  return usage - (stats.total_inactive_file ?? stats.inactive_file)
}

describeReal('the statistics of a real engine', () => {
  beforeAll(async () => {
    service = await serveEngine(unixEndpoint(realEngine().socketPath), {
      sampling: { intervalMs: SAMPLE_INTERVAL_MS, historyMs: 3_600_000 },
    })
  }, PATIENCE_MS)
  afterAll(() => service.stop())

  // First, because the first sample passes.
  test('give no rate with the first sample, and every rate from the second on', async () => {
    const look = async () => (await service.items('/api/stats?name=limited')).find(({ name }) => name === 'limited')
    await eventually(look, (sample) => sample !== undefined && sample.sampledAt !== null, PATIENCE_MS)
    const first = await look()
    const rates = (sample: Inspected) => [
      sample.intervalSeconds,
      sample.cpu.percent,
      sample.cpu.hostPercent,
      sample.network.rxBytesPerSecond,
      sample.network.txBytesPerSecond,
      sample.blockIo.readBytesPerSecond,
      sample.blockIo.writeBytesPerSecond,
    ]
    expect(rates(first)).toEqual(Array(7).fill(null))
    expect(first.cpu.usageSecondsTotal).toBeGreaterThan(0)
    expect(first.memory.usedBytes).toBeGreaterThan(0)
    await eventually(look, (sample) => sample.cpu.percent !== null, PATIENCE_MS)
    const second = await look()
    expect(rates(second)).not.toContain(null)
    expect(second.intervalSeconds).toBeGreaterThan(0.5)
  })

  describe('as docker has them', () => {
    beforeAll(async () => {
      await service.sampled()
      rounds = await takeRounds()
    }, 3 * PATIENCE_MS)

    test('hold the 20 % of a processor that the engine lets busy use, within 3 points of docker stats', () => {
      const ours = roundsOf('busy').map(({ ours: { cpu } }) => cpu.percent)
      const theirs = roundsOf('busy').map((round) => Number.parseFloat(round.printed['CPUPerc'] ?? ''))
      const [percent = 0, dockers = 0] = [median(ours), median(theirs)]
      expect(Math.abs(percent - BUSY_PERCENT)).toBeLessThan(CPU_TOLERANCE)
      expect(Math.abs(percent - dockers)).toBeLessThan(CPU_TOLERANCE)
      for (const { ours: sample } of roundsOf('busy'))
        expect(sample.cpu.hostPercent).toBeCloseTo(sample.cpu.percent / sample.cpu.cores, 2)
      for (const { ours: sample } of roundsOf('idle')) expect(sample.cpu.percent).toBeLessThan(1)
    })

    test.each(READ)('carry the engine counters of %s: processor seconds, throttling, bytes', (name) => {
      expect(roundsOf(name)).toHaveLength(ROUNDS)
      for (const { before, ours, after } of roundsOf(name)) {
        const growing: readonly [number | null, (raw: Inspected) => number | null][] = [
          [ours.cpu.usageSecondsTotal, ({ cpu_stats }) => cpu_stats.cpu_usage.total_usage / 1e9],
          [ours.cpu.throttledPeriodsTotal, ({ cpu_stats }) => cpu_stats.throttling_data.throttled_periods],
          [ours.cpu.throttledSecondsTotal, ({ cpu_stats }) => cpu_stats.throttling_data.throttled_time / 1e9],
          [ours.network.rxBytesTotal, (raw) => sum(raw, 'rx_bytes')],
          [ours.network.txBytesTotal, (raw) => sum(raw, 'tx_bytes')],
          [ours.blockIo.readBytesTotal, (raw) => blockIo(raw, 'read')],
          [ours.blockIo.writeBytesTotal, (raw) => blockIo(raw, 'write')],
        ]
        for (const [shown, of] of growing) {
          const [least, most] = [of(before), of(after)]
          // A number that the engine does not give is null here, and never 0.
          if (least === null) expect(shown).toBeNull()
          expect((shown ?? 0) >= (least ?? 0) && (shown ?? 0) <= (most ?? 0)).toBe(true)
        }
        expect(ours.cpu.cores).toBe(after.cpu_stats.online_cpus)
      }
    })

    test('count something: the comparisons would hold for zeros as well', () => {
      expect(roundsOf('busy')[0]?.ours.cpu.throttledPeriodsTotal).toBeGreaterThan(0)
      const last = roundsOf('limited').at(-1)?.ours
      expect(last.blockIo.writeBytesTotal).toBeGreaterThan(0)
      expect(last.network.rxBytesTotal).toBeGreaterThan(0)
      expect(last.network.txBytesPerSecond).toBeGreaterThan(0)
    })

    test('agree on memory and limits: limited holds 24 MB of its 64 MB and may have 32 processes', () => {
      for (const { ours, after, printed } of roundsOf('limited')) {
        const [shownUse, shownLimit] = (printed['MemUsage'] ?? '').split(' / ').map(bytesOf)
        const difference = Math.abs(ours.memory.usedBytes / used(after) - 1)
        expect(difference).toBeLessThan(MEMORY_TOLERANCE)
        expect(Math.abs(ours.memory.usedBytes / (shownUse?.bytes ?? 0) - 1)).toBeLessThan(MEMORY_TOLERANCE)
        expect(ours.memory.usedBytes).toBeGreaterThan(24 * 2 ** 20)
        expect(ours.memory.limitBytes).toBe(64 * 2 ** 20)
        expect(shownLimit?.bytes).toBe(64 * 2 ** 20)
        expect(ours.memory.percent).toBeCloseTo((ours.memory.usedBytes / ours.memory.limitBytes) * 100, 2)
        expect([ours.pids.limit, after.pids_stats.limit]).toEqual([32, 32])
      }
    })

    test('agree to the byte on a container whose network is quiet, and on its processes', () => {
      // A neighbour that joins the bridge may make a packet of noise.
      const quiet = roundsOf('idle').filter(({ before, after }) => sum(before, 'rx_bytes') === sum(after, 'rx_bytes'))
      expect(quiet).not.toHaveLength(0)
      for (const { ours, after, printed } of quiet) {
        expect(ours.network.rxBytesTotal).toBe(sum(after, 'rx_bytes'))
        expect(ours.network.txBytesTotal).toBe(sum(after, 'tx_bytes'))
        const [rx, tx] = (printed['NetIO'] ?? '').split(' / ').map(bytesOf)
        for (const [total, shown] of [
          [ours.network.rxBytesTotal, rx],
          [ours.network.txBytesTotal, tx],
        ])
          expect(Math.abs(total - shown.bytes)).toBeLessThanOrEqual(shown.tolerance)
        expect([ours.pids.current, String(ours.pids.current)]).toEqual([after.pids_stats.current, printed['PIDs']])
      }
    })

    test('say null where the engine has no number: a container in the network of the host has none of its own', () => {
      for (const { ours, after } of roundsOf('hostnet')) {
        expect(after.networks).toBeUndefined()
        expect(new Set(Object.values(ours.network))).toEqual(new Set([null]))
        expect(ours.memory.usedBytes).toBeGreaterThan(0)
        expect(ours.cpu.percent).toBeGreaterThanOrEqual(0)
      }
    })

    test('answer for a paused container, which uses no processor and keeps its memory', () => {
      for (const { ours, after } of roundsOf('paused')) {
        expect(ours.cpu.percent).toBe(0)
        expect(ours.memory.usedBytes).toBe(used(after))
        expect(ours.memory.usedBytes).toBeGreaterThan(0)
        expect(ours.pids.current).toBe(after.pids_stats.current)
      }
    })

    test('give as limits what the engine gives: without one of its own, a container may use what the host has', async () => {
      const [raw] = await inspect(['idle'])
      expect([raw.HostConfig.Memory, raw.HostConfig.PidsLimit]).toEqual([0, null])
      const { body } = await service.get(`/api/containers/${await idOf('idle')}/stats`)
      expect(body.pids.limit).toBeNull()
      // docker stats prints the same.
      expect(body.memory.limitBytes).toBe((await askEngine('/info')).MemTotal)
    })
  })

  test('refuse a container that has exited, though the engine answers with zeros, and leave it out of the list', async () => {
    const { status, body } = await service.get(`/api/containers/${await idOf('exited')}/stats`)
    expect([status, body.code]).toEqual([409, 'container-not-running'])
    expect((await rawOf('exited')).read).toMatch(/^0001-/)
    const names = (await service.items('/api/stats')).map(({ name }) => name)
    expect(names).not.toContain('exited')
    expect(names).toEqual(expect.arrayContaining([...READ]))
  })
})

function median(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}
