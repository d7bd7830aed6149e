// `npm run bench:growth`: how one Porthole grows from 100 containers on one host to 5,000 on 50. The engines are simulated, in
// their own process. BENCH_SETTLE sets the seconds before memory and CPU are read; GROWTH_PLOT names the file of the plot.
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import autocannon from 'autocannon'
import { type GrowthRow, plotGrowth } from './plot-growth.js'
import {
  cpuOf,
  endAll,
  MICROSECONDS_PER_TICK,
  memoryOf,
  portOf,
  print,
  startChild,
  startOurs,
  tokenFor,
} from './processes.js'

const SIZES = [
  { hosts: 1, each: 100 },
  { hosts: 5, each: 100 },
  { hosts: 10, each: 100 },
  { hosts: 25, each: 100 },
  { hosts: 50, each: 100 },
]
const SETTLE_SECONDS = Number(process.env['BENCH_SETTLE'] ?? 40)
const CPU_SECONDS = 15
const LOAD_SECONDS = 10

/** What a room full of dashboards asks for. More would measure the queue. */
const OFFERED_PER_SECOND = 20
const CHANGES = 10
const POLL_MS = 10
const MEGABYTE = 1024 * 1024

const folder = mkdtempSync(join(tmpdir(), 'porthole-growth-'))
try {
  await main()
} finally {
  endAll()
  rmSync(folder, { recursive: true })
}

async function main(): Promise<void> {
  console.log(`Node ${process.version}, ${arch()}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}`)
  console.log(`memory and CPU after ${SETTLE_SECONDS} s, the list with limit=100 at ${OFFERED_PER_SECOND} requests/s\n`)
  const rows: GrowthRow[] = []
  for (const size of SIZES) rows.push(await measure(size.hosts, size.each))
  report(rows)
  const plot = process.env['GROWTH_PLOT']
  if (plot !== undefined) writeFileSync(plot, plotGrowth(rows))
}

async function measure(hosts: number, each: number): Promise<GrowthRow> {
  const engines = startChild('bench/growth-engines.ts', { HOSTS: String(hosts), CONTAINERS: String(each) })
  if (engines.stdout === null) throw new Error('the engines have no output')
  const lines = createInterface({ input: engines.stdout })
  const sockets = JSON.parse(await nextLine(lines)) as string[]
  const file = join(folder, `${hosts}.json`)
  const listed = sockets.map((socket, i) => ({ id: `host-${i}`, endpoint: `unix://${socket}` }))
  writeFileSync(file, JSON.stringify({ hosts: listed }), { mode: 0o600 })

  const startedAt = performance.now()
  const ours = startOurs({ HOSTS_FILE: file })
  const url = `http://127.0.0.1:${await portOf(ours)}`
  const headers = { authorization: `Bearer ${tokenFor('growth')}` }
  const containers = hosts * each
  await untilFull(url, headers, containers)
  const coldStartMs = performance.now() - startedAt

  await wait(SETTLE_SECONDS * 1_000)
  const memory = memoryOf(ours)
  const idleCpuPercent = await cpuPercent(ours)
  const { latency } = await autocannon({
    url: `${url}/api/containers?limit=100`,
    headers,
    connections: 4,
    duration: LOAD_SECONDS,
    overallRate: OFFERED_PER_SECOND,
  })
  const visible: number[] = []
  for (let change = 0; change < CHANGES; change += 1) {
    engines.stdin?.write(`${Math.floor((change * hosts) / CHANGES)}\n`)
    const { id, at } = JSON.parse(await nextLine(lines)) as { id: string; at: number }
    visible.push(await untilStopped(url, headers, id, at))
  }
  const row = {
    containers,
    hosts,
    coldStartMs,
    residentMegabytes: (memory?.now ?? Number.NaN) / MEGABYTE,
    highestMegabytes: (memory?.highest ?? Number.NaN) / MEGABYTE,
    idleCpuPercent,
    listP50Ms: latency.p50,
    listP99Ms: latency.p99,
    visibleMs: Math.max(...visible),
    oldestSampleSeconds: await oldestSample(url, headers),
  }
  await end(ours)
  await end(engines)
  return row
}

function nextLine(lines: Interface): Promise<string> {
  return new Promise((resolve) => lines.once('line', resolve))
}

async function get(url: string, headers: Record<string, string>) {
  const answer = await fetch(url, { headers })
  // biome-ignore lint/suspicious/noExplicitAny: the bench reads answers of every shape
  return (await answer.json()) as any
}

/** Resolves once every host is live and every container inspected. */
async function untilFull(url: string, headers: Record<string, string>, containers: number): Promise<void> {
  for (;;) {
    const { items, total, hosts } = await get(`${url}/api/containers?limit=1000&sort=restartCount`, headers)
    const isKnown = items.every(({ restartCount }: { restartCount: number | null }) => restartCount !== null)
    const areLive = hosts.every(({ state }: { state: string }) => state === 'live')
    // In this order uninspected containers come last.
    const last = await get(`${url}/api/containers?limit=1&sort=-restartCount`, headers)
    if (total === containers && areLive && isKnown && last.items[0]?.restartCount !== null) {
      if (containers <= 1_000 || (await isAllKnown(url, headers))) return
    }
    await wait(POLL_MS)
  }
}

async function isAllKnown(url: string, headers: Record<string, string>): Promise<boolean> {
  let cursor: string | null = null
  do {
    const page: string = cursor === null ? '' : `&cursor=${cursor}`
    const { items, nextCursor } = await get(`${url}/api/containers?limit=1000&sort=restartCount${page}`, headers)
    if (items.some(({ restartCount }: { restartCount: number | null }) => restartCount === null)) return false
    cursor = nextCursor
  } while (cursor !== null)
  return true
}

/** Milliseconds from the change to the answer that shows it. */
async function untilStopped(url: string, headers: Record<string, string>, id: string, at: number): Promise<number> {
  const known = await get(`${url}/api/containers?limit=1000&state=exited`, headers)
  if (known.items.some((item: { id: string }) => item.id === id)) return Date.now() - at
  for (;;) {
    const answer = await fetch(`${url}/api/containers/${id}/stats`, { headers })
    await answer.arrayBuffer()
    if (answer.status === 409) return Date.now() - at
    await wait(POLL_MS)
  }
}

async function oldestSample(url: string, headers: Record<string, string>): Promise<number> {
  let oldest = Date.now()
  let cursor: string | null = null
  do {
    const page: string = cursor === null ? '' : `&cursor=${cursor}`
    const { items, nextCursor } = await get(`${url}/api/stats?limit=1000${page}`, headers)
    for (const { sampledAt } of items) oldest = Math.min(oldest, sampledAt === null ? 0 : Date.parse(sampledAt))
    cursor = nextCursor
  } while (cursor !== null)
  return (Date.now() - oldest) / 1_000
}

async function cpuPercent(process: ChildProcess): Promise<number> {
  const [before, startedAt] = [cpuOf(process), performance.now()]
  await wait(CPU_SECONDS * 1_000)
  const ticks = (cpuOf(process) ?? Number.NaN) - (before ?? Number.NaN)
  return (ticks * MICROSECONDS_PER_TICK) / (performance.now() - startedAt) / 10
}

async function end(child: ChildProcess): Promise<void> {
  child.stdin?.end()
  child.kill('SIGTERM')
  if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve))
}

function report(rows: readonly GrowthRow[]): void {
  const table = rows.map((row) => [
    `${row.containers} over ${row.hosts}`,
    row.coldStartMs.toFixed(0),
    row.residentMegabytes.toFixed(0),
    row.highestMegabytes.toFixed(0),
    row.idleCpuPercent.toFixed(1),
    row.listP50Ms.toFixed(1),
    row.listP99Ms.toFixed(1),
    row.visibleMs.toFixed(0),
    row.oldestSampleSeconds.toFixed(1),
  ])
  const head = ['containers over hosts', 'cold start ms', 'RSS MB', 'peak MB', 'idle CPU %', 'p50 ms', 'p99 ms']
  print([[...head, 'event ms', 'oldest sample s'], ...table])
  const [first, last] = [rows[0], rows.at(-1)]
  if (first === undefined || last === undefined) return
  console.log('')
  verdict(`RSS at ${last.containers}`, last.residentMegabytes, 350, 'MB')
  verdict(`list p99 at ${last.containers}`, last.listP99Ms, 50, 'ms')
  verdict(`event to visible at ${last.containers}`, last.visibleMs, 1_000, 'ms')
  verdict(`cold start at ${first.containers}`, first.coldStartMs, 1_500, 'ms')
}

function verdict(what: string, measured: number, wanted: number, unit: string): void {
  console.log(
    `${measured <= wanted ? 'met   ' : 'MISSED'} ${what}: ${measured.toFixed(0)} ${unit} (wanted: at most ${wanted} ${unit})`,
  )
}
