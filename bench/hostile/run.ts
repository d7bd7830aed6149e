// `npm run bench:hostile`: nine engines that are well, and a tenth that is hostile in each way of scenarios.ts, before the built
// service at the memory of the shipped container. BENCH_SECONDS sets the seconds of load with and without the hostile party
// (default 15), BENCH_ONLY=3,8 picks scenarios, BENCH_NODE is another Node. Exits with 1 if a promise is missed.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { endAll, firstLine, print, startChild } from '../processes.js'
import { limitMemory } from './memory-limit.js'
import { percentile } from './paced-load.js'
import { chosenScenarios, type Scenario } from './scenarios.js'
import { startServiceProcess, tokenByCommand } from './service-process.js'
import { HARMLESS, measure, type Trial } from './trial.js'

const GOOD_HOSTS = 9
const MOST_BIND_MS = 2_000
const MOST_RATIO = 3

const folder = mkdtempSync(join(tmpdir(), 'porthole-hostile-'))
const limit = limitMemory()
try {
  process.exitCode = await main()
} finally {
  endAll()
  limit.remove()
  rmSync(folder, { recursive: true })
}

async function main(): Promise<number> {
  console.log(`Node ${process.version}, ${arch()}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}`)
  console.log(`service: ${process.env['BENCH_NODE'] ?? 'the same Node'}, ${limit.description}\n`)
  const good = startChild('bench/hostile/good-engines.ts', { HOSTS: String(GOOD_HOSTS), CONTAINERS: String(HARMLESS) })
  const sockets = JSON.parse(await firstLine(good)) as readonly string[]
  const socket = join(folder, 'hostile.sock')
  const hostile = startChild('bench/hostile/hostile-process.ts', { SOCKET: socket })
  const attackWith = await commandsOf(hostile)
  const hostsFile = join(folder, 'hosts.json')
  const hosts = sockets.map((path, i) => ({ id: `good${i + 1}`, endpoint: `unix://${path}` }))
  const all = [...hosts, { id: 'bad', endpoint: `unix://${socket}` }]
  writeFileSync(hostsFile, JSON.stringify({ hosts: all }), { mode: 0o600 })

  const start = () => startServiceProcess(hostsFile, limit)
  const stage = { attackWith, start, token: tokenByCommand('bench'), readersToken: tokenByCommand('reader') }
  const rows: string[][] = []
  for (const scenario of chosenScenarios(process.env['BENCH_ONLY'])) {
    const row = rowOf(scenario, await measure(scenario, stage))
    console.log(`${row[0]}: ${row.at(-1)}`)
    rows.push(row)
  }
  console.log(
    '\nin ms, calm > hostile; longest: of /health/live; held: what the main thread computes between two answers\n',
  )
  print([
    [
      'scenario',
      'bind ms',
      'list p50',
      'list p99',
      'health p50',
      'health p99',
      'longest',
      'held',
      'peak MB',
      'shown',
      '',
    ],
    ...rows,
  ])
  const isBusy = rows.some(([name, ...rest]) => name?.startsWith('0 ') && rest.at(-1) !== 'ok')
  if (isBusy) console.log('\nthe machine is too busy for the figures: the first row misses them with nothing hostile')
  return rows.some((row) => row.at(-1) !== 'ok') ? 1 : 0
}

/** The way to name an attack to the process of the hostile engine, once that has started. */
async function commandsOf({ stdin, stdout }: ChildProcess): Promise<(attack: string) => Promise<void>> {
  if (stdin === null || stdout === null) throw new Error('the hostile engine has no pipes')
  const lines = createInterface({ input: stdout })
  await once(lines, 'line')
  return async (attack) => {
    stdin.write(`${attack}\n`)
    for (let line = ''; line !== attack; ) [line] = (await once(lines, 'line')) as [string]
  }
}

function rowOf(scenario: Scenario, trial: Trial): string[] {
  const { calm, hostile, calmBindMs, bindMs, peakBytes, shown } = trial
  const missed = missedOf(scenario, trial)
  return [
    `${scenario.number} ${scenario.title}`,
    calm.list.length === 0 ? bindMs.toFixed(0) : `${calmBindMs.toFixed(0)} > ${bindMs.toFixed(0)}`,
    pair(calm.list, hostile.list, 0.5),
    pair(calm.list, hostile.list, 0.99),
    pair(calm.health, hostile.health, 0.5),
    pair(calm.health, hostile.health, 0.99),
    pair(calm.health, hostile.health, 1),
    calm.list.length === 0 ? '-' : `${calm.heldMs.toFixed(0)} > ${hostile.heldMs.toFixed(0)}`,
    (peakBytes / 2 ** 20).toFixed(0),
    scenario.showsHarmless ? `${shown}/${HARMLESS}` : '-',
    missed.length === 0 ? 'ok' : `MISSED ${missed.join(', ')}`,
  ]
}

function missedOf(scenario: Scenario, { calm, hostile, ...trial }: Trial): readonly string[] {
  return [
    trial.death === null ? null : `died (${trial.death})`,
    trial.bindMs < MOST_BIND_MS ? null : 'bind',
    isSlow(calm.list, hostile.list) ? 'list' : null,
    isSlow(calm.health, hostile.health) ? 'health' : null,
    trial.failures === 0 ? null : `${trial.failures} unanswered`,
    scenario.mostHeldMs !== undefined && hostile.heldMs > scenario.mostHeldMs ? 'held' : null,
    !scenario.showsHarmless || trial.shown === HARMLESS ? null : 'shown',
    scenario.total === undefined || trial.total === scenario.total ? null : `${trial.total} of ${scenario.total}`,
  ].filter((one) => one !== null)
}

function isSlow(calm: readonly number[], hostile: readonly number[]): boolean {
  return percentile(hostile, 0.99) > MOST_RATIO * percentile(calm, 0.99)
}

function pair(calm: readonly number[], hostile: readonly number[], share: number): string {
  if (calm.length === 0) return '-'
  return `${percentile(calm, share).toFixed(1)} > ${percentile(hostile, share).toFixed(1)}`
}
