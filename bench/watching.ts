// `BENCH_ENGINE=/path/docker.sock npm run bench:watching`: what watching costs a real engine. It reads the CPU of dockerd and
// containerd while no client asks, while the statistics of every container are streamed (as a page with access to the socket
// does), and while Porthole watches for 0, 1 and 50 clients. BENCH_CREATE=100 first creates that many containers of BENCH_IMAGE,
// and removes them at the end. BENCH_SECONDS sets the length of each phase.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { Agent, get as httpGet } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { cpuOf, endAll, MICROSECONDS_PER_TICK, portOf, print, startOurs, tokenFor } from './processes.js'

const SOCKET = process.env['BENCH_ENGINE'] ?? ''
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 40)
const CREATE = Number(process.env['BENCH_CREATE'] ?? 0)
const IMAGE = process.env['BENCH_IMAGE'] ?? 'porthole-fixture:1'
const LABEL = 'porthole.bench=watching'
/** One subject may hold 20 streams. */
const CLIENTS_PER_SUBJECT = 10
const CLIENTS = 50
const SETTLE_SECONDS = 12

interface Phase {
  readonly name: string
  readonly dockerd: number
  readonly containerd: number
}

try {
  if (SOCKET === '') throw new Error('set BENCH_ENGINE to the socket of a real engine')
  create(CREATE)
  await main()
} finally {
  endAll()
  removeAll()
}

async function main(): Promise<void> {
  const ids = running()
  if (ids.length < 20)
    throw new Error(`${ids.length} containers run there: at least 20 are wanted, or BENCH_CREATE=100`)
  const engine = { dockerd: pidsOf('dockerd'), containerd: pidsOf('containerd') }
  console.log(`${ids.length} running containers, ${SECONDS} s a phase\n`)
  const phases: Phase[] = []
  const measure = async (name: string) => {
    await wait(SETTLE_SECONDS * 1_000)
    const before = [ticksOf(engine.dockerd), ticksOf(engine.containerd)] as const
    const startedAt = performance.now()
    await wait(SECONDS * 1_000)
    const percent = (ticks: number) => (ticks * MICROSECONDS_PER_TICK) / (performance.now() - startedAt) / 10
    const dockerd = percent(ticksOf(engine.dockerd) - before[0])
    phases.push({ name, dockerd, containerd: percent(ticksOf(engine.containerd) - before[1]) })
  }

  await measure('no client')
  const closeRaw = streamRaw(ids)
  await measure('every container streamed')
  closeRaw()
  const ours = startOurs({ DOCKER_HOST: `unix://${SOCKET}` })
  const url = `http://127.0.0.1:${await portOf(ours)}`
  await measure('Porthole, 0 watching')
  const closeOne = await watch(url, 1)
  await measure('Porthole, 1 watching each 5 s')
  const closeMore = await watch(url, CLIENTS - 1)
  await measure(`Porthole, ${CLIENTS} watching each 5 s`)
  closeOne()
  closeMore()
  report(phases)
}

function report(phases: readonly Phase[]): void {
  const sum = ({ dockerd, containerd }: Phase) => dockerd + containerd
  const [quiet, raw, idle, one, many] = phases
  if (!quiet || !raw || !idle || !one || !many) return
  const above = (phase: Phase) => sum(phase) - sum(quiet)
  const rows = phases.map((phase) => [
    phase.name,
    phase.dockerd.toFixed(1),
    phase.containerd.toFixed(1),
    sum(phase).toFixed(1),
    above(phase).toFixed(1),
  ])
  print([['percent of a core', 'dockerd', 'containerd', 'together', 'above no client'], ...rows])
  console.log('')
  const share = above(idle) / above(raw)
  console.log(
    `${share <= 0.25 ? 'met   ' : 'MISSED'} idle sampling against streaming all: ${(share * 100).toFixed(0)} % (wanted: at most 25 %)`,
  )
  const ratio = sum(many) / sum(one)
  const isSame = ratio >= 0.8 && ratio <= 1.2
  console.log(
    `${isSame ? 'met   ' : 'MISSED'} ${CLIENTS} watching against 1: ${(ratio * 100).toFixed(0)} % (wanted: 80 to 120 %)`,
  )
}

/** Streams what a page with access to the socket streams. */
function streamRaw(ids: readonly string[]): () => void {
  const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })
  const asked = ids.map((id) =>
    httpGet({ socketPath: SOCKET, path: `/containers/${id}/stats?stream=true`, agent }, (answer) => answer.resume()),
  )
  for (const request of asked) request.on('error', () => {})
  return () => {
    for (const request of asked) request.destroy()
  }
}

async function watch(url: string, clients: number): Promise<() => void> {
  const closers: (() => void)[] = []
  for (let client = 0; client < clients; client += 1) {
    const token = tokenFor(`watcher-${clients}-${Math.floor(client / CLIENTS_PER_SUBJECT)}`)
    const controller = new AbortController()
    const answer = await fetch(`${url}/api/stats/stream?interval=5`, {
      headers: { authorization: `Bearer ${token}` },
      signal: controller.signal,
    })
    if (answer.status !== 200) throw new Error(`a stream was answered with ${answer.status}`)
    void drain(answer)
    closers.push(() => controller.abort())
  }
  return () => {
    for (const close of closers) close()
  }
}

async function drain(answer: Response): Promise<void> {
  try {
    for await (const _chunk of answer.body ?? []);
  } catch {
    // We closed it.
  }
}

function pidsOf(name: string): number[] {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && commandOf(entry) === name)
  if (pids.length === 0) throw new Error(`no process is called ${name}`)
  return pids.map(Number)
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}

function ticksOf(pids: readonly number[]): number {
  return pids.reduce((ticks, pid) => ticks + (cpuOf({ pid }) ?? 0), 0)
}

function docker(...words: readonly string[]): string[] {
  const text = execFileSync('docker', ['-H', `unix://${SOCKET}`, ...words], { encoding: 'utf8' })
  return text.split('\n').filter((line) => line !== '')
}

function running(): string[] {
  return docker('ps', '-q', '--no-trunc')
}

function create(count: number): void {
  for (let i = 0; i < count; i += 1)
    docker('run', '-d', '--network', 'none', '--label', LABEL, IMAGE, 'sleep', '1000000')
}

/** The containers of this bench only. */
function removeAll(): void {
  if (CREATE === 0 || SOCKET === '') return
  const ids = docker('ps', '-aq', '--filter', `label=${LABEL}`)
  if (ids.length > 0) docker('rm', '-f', ...ids)
}
