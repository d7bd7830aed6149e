// `npm run bench`: the figures of docs/performance.md. Each server runs in its own process, and one is loaded at a time, in
// rounds, so that a noisy machine is noisy for all of them. Compare the ratios within one run. BENCH_ENGINE=/path/docker.sock
// reads a real engine instead of the simulated one; BENCH_SECONDS sets the length of a round.
import type { ChildProcess } from 'node:child_process'
import { arch, availableParallelism, cpus } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import autocannon from 'autocannon'
import {
  cpuOf,
  endAll,
  firstLine,
  MICROSECONDS_PER_TICK,
  portOf,
  print,
  SECRET,
  startChild,
  startOurs,
  tokenFor,
} from './processes.js'

const CONTAINERS = 100
const CONNECTIONS = 16
const ROUNDS = 3
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 4)
const WARM_UP_SECONDS = 2

/** Far more than dashboards ask for, but below saturation, where latency would be that of the queue alone. */
const OFFERED_PER_SECOND = 200

interface Subject {
  readonly name: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly process: ChildProcess
  readonly expects: 200 | 304
  /** Requests a second; undefined means as many as the server takes. */
  readonly offered?: number
}

interface Measured {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  /** Null without /proc. */
  readonly cpuMicroseconds: number | null
}

try {
  await main()
} finally {
  endAll()
}

async function main(): Promise<void> {
  const socketPath =
    process.env['BENCH_ENGINE'] ?? (await firstLine(startChild('bench/engine.ts', { CONTAINERS: String(CONTAINERS) })))
  const ours = startOurs({ DOCKER_HOST: `unix://${socketPath}` })
  const oursUrl = `http://127.0.0.1:${await portOf(ours)}`
  const open = startOurs({
    DOCKER_HOST: `unix://${socketPath}`,
    NODE_ENV: 'development',
    AUTH_ENABLED: 'false',
    JWT_SECRET: '',
  })
  const openUrl = `http://127.0.0.1:${await portOf(open)}`
  const token = tokenFor('bench')
  const authorization = { authorization: `Bearer ${token}` }
  const list = await fullList(`${oursUrl}/api/containers`, authorization)
  const id = list.ids.find((one) => list.running.has(one)) ?? ''

  const naive = startChild('bench/naive.ts', { ENGINE_SOCKET: socketPath, JWT_SECRET: SECRET })
  const naiveUrl = `http://127.0.0.1:${await firstLine(naive)}`
  const bare = startChild('bench/bare.ts', {})
  const barePort = firstLine(bare)
  bare.stdin?.end(list.body)
  const bareUrl = `http://127.0.0.1:${await barePort}`

  const subjects: Subject[] = [
    { name: 'bare node:http, the same bytes', url: bareUrl, headers: {}, process: bare, expects: 200 },
    { name: 'Porthole, list', url: `${oursUrl}/api/containers`, headers: authorization, process: ours, expects: 200 },
    {
      name: 'Porthole, list, authentication off',
      url: `${openUrl}/api/containers`,
      headers: {},
      process: open,
      expects: 200,
    },
    {
      name: 'Porthole, list not modified',
      url: `${oursUrl}/api/containers`,
      headers: { ...authorization, 'if-none-match': list.etag },
      process: ours,
      expects: 304,
    },
    { name: 'naive, list', url: `${naiveUrl}/api/containers`, headers: authorization, process: naive, expects: 200 },
    {
      name: 'Porthole, stats',
      url: `${oursUrl}/api/containers/${id}/stats`,
      headers: authorization,
      process: ours,
      expects: 200,
    },
    {
      name: `Porthole, stats, ${OFFERED_PER_SECOND}/s offered`,
      url: `${oursUrl}/api/containers/${id}/stats`,
      headers: authorization,
      process: ours,
      expects: 200,
      offered: OFFERED_PER_SECOND,
    },
    {
      name: 'naive, stats',
      url: `${naiveUrl}/api/containers/${id}/stats`,
      headers: authorization,
      process: naive,
      expects: 200,
    },
  ]
  console.log(
    `${list.ids.length} containers, a list of ${list.body.length} bytes, ${CONNECTIONS} connections, ${ROUNDS} rounds of ${SECONDS} s`,
  )
  console.log(`Node ${process.version}, ${arch()}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}\n`)
  const rounds = new Map<Subject, Measured[]>(subjects.map((subject) => [subject, []]))
  for (const subject of subjects) await load(subject, WARM_UP_SECONDS)
  for (let round = 0; round < ROUNDS; round += 1)
    for (const subject of subjects) {
      if (subject.expects === 304) await refreshTag(subject)
      rounds.get(subject)?.push(await load(subject, SECONDS))
    }
  report([...rounds].map(([{ name }, measured]) => ({ name, ...medianOf(measured) })))
}

interface FullList {
  readonly body: string
  readonly etag: string
  readonly ids: readonly string[]
  readonly running: ReadonlySet<string>
}

/** Waits for the steady state: every container is inspected, and every running one is sampled. */
async function fullList(url: string, headers: Record<string, string>): Promise<FullList> {
  for (;;) {
    const answer = await fetch(url, { headers })
    const body = await answer.text()
    const { items } = JSON.parse(body) as { items: { id: string; state: string; restartCount: number | null }[] }
    if (items.length > 0 && items.every(({ restartCount }) => restartCount !== null)) {
      await wait(3_000)
      const running = items.filter(({ state }) => state === 'running').map(({ id }) => id)
      return { body, etag: answer.headers.get('etag') ?? '', ids: items.map(({ id }) => id), running: new Set(running) }
    }
    await wait(100)
  }
}

async function refreshTag(subject: Subject): Promise<void> {
  const { 'if-none-match': _old, ...headers } = subject.headers
  const answer = await fetch(subject.url, { headers })
  await answer.arrayBuffer()
  Object.assign(subject.headers, { 'if-none-match': answer.headers.get('etag') ?? '' })
}

async function load({ url, headers, process: server, expects, offered }: Subject, seconds: number): Promise<Measured> {
  const before = cpuOf(server)
  const result = await autocannon({
    url,
    headers: { ...headers },
    connections: CONNECTIONS,
    duration: seconds,
    timeout: 60,
    ...(offered === undefined ? {} : { overallRate: offered }),
  })
  const after = cpuOf(server)
  const answers = result['2xx'] + result['3xx']
  const right = expects === 200 ? result['2xx'] : answers
  if (right === 0 || result.non2xx - result['3xx'] > 0 || result.errors > 0)
    throw new Error(`${url}: ${result['2xx']} answers, ${result.non2xx} others, ${result.errors} errors`)
  return {
    perSecond: answers / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    cpuMicroseconds: before === null || after === null ? null : ((after - before) * MICROSECONDS_PER_TICK) / answers,
  }
}

function medianOf(measured: readonly Measured[]): Measured {
  const middle = (numbers: number[]) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
  const cpu = measured.map(({ cpuMicroseconds }) => cpuMicroseconds).filter((number) => number !== null)
  return {
    perSecond: middle(measured.map(({ perSecond }) => perSecond)),
    p50: middle(measured.map(({ p50 }) => p50)),
    p99: middle(measured.map(({ p99 }) => p99)),
    cpuMicroseconds: cpu.length === 0 ? null : middle(cpu),
  }
}

function report(rows: readonly (Measured & { readonly name: string })[]): void {
  const [bare, list, openList, notModified, naiveList, stats, offeredStats, naiveStats] = rows
  const table = rows.map(({ name, perSecond, p50, p99, cpuMicroseconds }) => [
    name,
    perSecond.toFixed(perSecond < 100 ? 1 : 0),
    p50.toFixed(1),
    p99.toFixed(1),
    cpuMicroseconds === null ? '-' : cpuMicroseconds.toFixed(0),
    bare === undefined ? '-' : `${((perSecond / bare.perSecond) * 100).toFixed(1)} %`,
  ])
  print([['', 'requests/s', 'p50 ms', 'p99 ms', 'server CPU us/request', 'of bare'], ...table])
  if (!bare || !list || !openList || !notModified || !naiveList || !stats || !offeredStats || !naiveStats) return
  const byCpu =
    list.cpuMicroseconds === null || bare.cpuMicroseconds === null ? null : bare.cpuMicroseconds / list.cpuMicroseconds
  console.log('')
  verdict('list against bare, requests/s', list.perSecond / bare.perSecond, 0.25, '%')
  if (byCpu !== null) verdict('list against bare, by server CPU', byCpu, 0.25, '%')
  verdict('list not modified against bare', notModified.perSecond / bare.perSecond, 0.4, '%')
  verdict('list against authentication off', list.perSecond / openList.perSecond, 0.9, '%')
  if (list.cpuMicroseconds !== null && openList.cpuMicroseconds !== null)
    verdict('the same, by server CPU', openList.cpuMicroseconds / list.cpuMicroseconds, 0.9, '%')
  verdict('list against naive', list.perSecond / naiveList.perSecond, 20, 'x')
  verdict('stats against naive', stats.perSecond / naiveStats.perSecond, 20, 'x')
  console.log(
    `${offeredStats.p99 < 10 ? 'met   ' : 'MISSED'} stats p99 below saturation: ${offeredStats.p99.toFixed(1)} ms (wanted: under 10 ms; naive ${naiveStats.p99.toFixed(0)} ms)`,
  )
}

function verdict(what: string, ratio: number, wanted: number, unit: '%' | 'x'): void {
  const write = (number: number) => (unit === '%' ? `${(number * 100).toFixed(1)} %` : `${number.toFixed(1)} x`)
  console.log(`${ratio >= wanted ? 'met   ' : 'MISSED'} ${what}: ${write(ratio)} (wanted: at least ${write(wanted)})`)
}
