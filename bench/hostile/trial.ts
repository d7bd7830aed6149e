// One scenario: twice without and with the hostile party, and once with it from the start.
import type { ChildProcess } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { lineOf, startChild } from '../processes.js'
import { hostileId, isHarmless } from './hostile-texts.js'
import { LoopWatch } from './loop-watch.js'
import { type Load, load } from './paced-load.js'
import type { Scenario } from './scenarios.js'
import type { ServiceProcess } from './service-process.js'

export const HARMLESS = 30
const LIST = '/api/containers?host=good1'
const HEALTH = '/health/live'
const ROUNDS = 2
/** The first inspects and readings of 300 containers, and compiled code. */
const WARM_UP_SECONDS = 5
/** Seconds that a service lives with an engine that is hostile from the start. */
const START_SECONDS = 6
const LIVE_MS = 10_000
const POLL_MS = 200

/** Milliseconds of the two routes, of all rounds. */
export interface Latencies {
  readonly list: number[]
  readonly health: number[]
  /** The most that the main thread computed between two answers, in milliseconds. */
  heldMs: number
}

export interface Trial {
  readonly calm: Latencies
  readonly hostile: Latencies
  /** Requests that were not answered, or not with 200. */
  failures: number
  /** Why the service ended; null if it lived. */
  death: string | null
  /** Milliseconds from the start of the process to its port. */
  calmBindMs: number
  bindMs: number
  /** Harmless containers of the hostile host that were shown. */
  shown: number
  /** All containers that were counted for the hostile host. */
  total: number
  peakBytes: number
}

export interface Stage {
  /** Resolves once the tenth engine does that. */
  readonly attackWith: (name: string) => Promise<void>
  readonly start: () => Promise<ServiceProcess>
  readonly token: string
  readonly readersToken: string
}

export async function measure(scenario: Scenario, stage: Stage): Promise<Trial> {
  const trial: Trial = {
    calm: { list: [], health: [], heldMs: 0 },
    hostile: { list: [], health: [], heldMs: 0 },
    failures: 0,
    death: null,
    calmBindMs: Number.NaN,
    bindMs: Number.NaN,
    shown: 0,
    total: 0,
    peakBytes: 0,
  }
  await fromTheStart(scenario, stage, trial)
  if (scenario.isQuick !== true) for (let round = 0; round < ROUNDS; round += 1) await bothWays(scenario, stage, trial)
  await stage.attackWith('none')
  return trial
}

async function fromTheStart(scenario: Scenario, stage: Stage, trial: Trial): Promise<void> {
  await stage.attackWith(scenario.attack)
  const service = await stage.start()
  try {
    await watchStart(scenario, stage, trial, service)
  } finally {
    await finish(service, trial)
  }
}

async function watchStart(scenario: Scenario, stage: Stage, trial: Trial, service: ServiceProcess): Promise<void> {
  trial.bindMs = service.bindMs
  const until = performance.now() + (scenario.isQuick === true ? START_SECONDS / 2 : START_SECONDS) * 1_000
  while (service.url !== null && performance.now() < until && !service.over.aborted) {
    trial.shown = Math.max(trial.shown, await harmlessShown(service.url, stage.token))
    trial.total = Math.max(trial.total, (await listOf(service.url, stage.token, 'limit=1')).total)
    if (scenario.isQuick === true && trial.shown === HARMLESS) break
    await wait(POLL_MS)
  }
}

async function bothWays(scenario: Scenario, stage: Stage, trial: Trial): Promise<void> {
  await stage.attackWith('none')
  const service = await stage.start()
  try {
    await watchTurn(scenario, stage, trial, service)
  } finally {
    await finish(service, trial)
  }
}

/** The engine turns hostile while the service runs. */
async function watchTurn(scenario: Scenario, stage: Stage, trial: Trial, service: ServiceProcess): Promise<void> {
  if (service.url === null) throw new Error('the service does not listen, although no engine is hostile')
  trial.calmBindMs = service.bindMs
  const { url, over, pid } = service
  const until = performance.now() + LIVE_MS
  while ((await harmlessShown(url, stage.token)) < HARMLESS && performance.now() < until) await wait(POLL_MS)
  await load(url, stage.token, [LIST, HEALTH], WARM_UP_SECONDS, over)
  const seconds = Number(process.env['BENCH_SECONDS'] ?? 15) / ROUNDS
  const underLoad = async (into: Latencies) => {
    const watch = new LoopWatch(pid)
    keep(await load(url, stage.token, [LIST, HEALTH], seconds, over, () => watch.answered()), into, trial)
    into.heldMs = Math.max(into.heldMs, watch.mostMs)
  }
  await underLoad(trial.calm)
  const readers = scenario.readsLog === true ? await readLog(url, stage) : null
  void stage.attackWith(scenario.attack)
  await underLoad(trial.hostile)
  readers?.kill('SIGKILL')
}

async function finish(service: ServiceProcess, trial: Trial): Promise<void> {
  trial.peakBytes = Math.max(trial.peakBytes, service.peakBytes())
  trial.death ??= service.end()
  await service.stop()
}

function keep(loads: readonly Load[], into: Latencies, trial: Trial): void {
  for (const { path, milliseconds, failures } of loads) {
    into[path === LIST ? 'list' : 'health'].push(...milliseconds)
    trial.failures += failures
  }
}

async function readLog(url: string, stage: Stage): Promise<ChildProcess> {
  const environment = { URL: url, TOKEN: stage.readersToken, CONTAINER: hostileId(0) }
  const readers = startChild('bench/hostile/log-readers.ts', environment)
  await lineOf(readers, (line) => line === 'started')
  return readers
}

async function harmlessShown(url: string, token: string): Promise<number> {
  const { items } = await listOf(url, token, 'state=running&limit=1000')
  return items.filter(isHarmless).length
}

interface Listed {
  readonly items: readonly { readonly id: string; readonly name: string | null }[]
  readonly total: number
}

/** Containers of the hostile host; none while nothing answers. */
async function listOf(url: string, token: string, query: string): Promise<Listed> {
  try {
    const answer = await fetch(`${url}/api/containers?host=bad&${query}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(LIVE_MS),
    })
    if (answer.status === 200) return (await answer.json()) as Listed
  } catch {
    // It stands still, or has ended: the requests that are measured tell which.
  }
  return { items: [], total: 0 }
}
