import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostileId, isHarmless } from '../../bench/hostile/hostile-texts.js'
import { LoopWatch } from '../../bench/hostile/loop-watch.js'
import { SHIPPED_HEAP } from '../../bench/hostile/memory-limit.js'
import { SCENARIOS, type Scenario } from '../../bench/hostile/scenarios.js'
import { cleanupAfterEach } from '../support/cleanup.js'
import { eventually } from '../support/eventually.js'
import { MAIN, type Running, start } from '../support/process.js'
import { SECRET, tokenFor } from '../support/tokens.js'

const GOOD_HOSTS = 3
/** Of each engine that is well, and of the hostile one besides what is hostile. */
const HARMLESS = 30

/** A second of the main thread's computing for one answer out of memory, where a slice has 2. In milliseconds. */
const MOST_HELD_MS = 1_000

/** The memory of the shipped container. */
const MOST_RESIDENT_KB = 384 * 1024

/** How long the service is watched once everything is listed, or never will be. */
const WATCH_MS = 2_000

/** Nothing here is judged by time: it is given up after that. */
const PATIENCE_MS = 60_000

const onCleanup = cleanupAfterEach()

function mostResidentKb({ child }: Running): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1])
}

/** A program of the bench, once it has printed such a line. */
async function startBench(
  file: string,
  environment: Record<string, string>,
  input: string,
  isWanted: (line: string) => boolean,
): Promise<{ readonly running: Running; readonly line: string }> {
  const running = start(['--import', 'tsx', `bench/hostile/${file}`], environment, input)
  const printed = () => running.stdout().split('\n').slice(0, -1).find(isWanted)
  await eventually(printed, (line) => line !== undefined || running.child.exitCode !== null, PATIENCE_MS)
  const line = printed()
  if (line === undefined) throw new Error(`${file} ended: ${running.stderr()}`)
  return { running, line }
}

describe('one hostile engine beside others', () => {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-hostile-'))
  let good: { readonly running: Running; readonly line: string }

  beforeAll(async () => {
    const environment = { HOSTS: String(GOOD_HOSTS), CONTAINERS: String(HARMLESS) }
    good = await startBench('good-engines.ts', environment, '', (line) => line !== '')
  }, 30_000)

  afterAll(async () => {
    await good.running.stop()
    rmSync(folder, { recursive: true })
  })

  async function startOver(scenario: Scenario): Promise<{ readonly service: Running; readonly url: string }> {
    const socket = join(folder, `${scenario.number}.sock`)
    const isReady = (line: string) => line === scenario.attack
    const hostile = await startBench('hostile-process.ts', { SOCKET: socket }, `${scenario.attack}\n`, isReady)
    onCleanup(hostile.running.kill)
    const sockets: readonly string[] = [...JSON.parse(good.line), socket]
    const hosts = sockets.map((path, i) => ({ id: i < GOOD_HOSTS ? `good${i}` : 'bad', endpoint: `unix://${path}` }))
    const file = join(folder, `${scenario.number}.json`)
    writeFileSync(file, JSON.stringify({ hosts }), { mode: 0o600 })
    const service = start([...SHIPPED_HEAP, MAIN], {
      JWT_SECRET: SECRET,
      PORT: '0',
      HOSTS_FILE: file,
      RATE_LIMIT_GENERAL: '1000000000',
      RATE_LIMIT_STATS: '1000000000',
    })
    onCleanup(service.kill)
    return { service, url: `http://127.0.0.1:${await service.listening()}` }
  }

  /** Containers of a host that are not hostile; none while nothing answers. */
  async function harmlessOf(url: string, host: string): Promise<number> {
    try {
      const answer = await fetch(`${url}/api/containers?host=${host}&state=running&limit=1000`, {
        headers: { authorization: `Bearer ${tokenFor()}` },
        signal: AbortSignal.timeout(PATIENCE_MS),
      })
      const { items } = (await answer.json()) as {
        readonly items: readonly { readonly id: string; readonly name: string }[]
      }
      return items.filter(isHarmless).length
    } catch {
      return 0
    }
  }

  /**
   * The most that the main thread computes while one request waits. They follow each other at once, so no stop is missed. Infinite
   * for a service that does not answer at all.
   */
  async function mostHeldMs(service: Running, url: string): Promise<number> {
    const until = performance.now() + WATCH_MS
    const watch = new LoopWatch(service.child.pid)
    try {
      while (performance.now() < until) {
        const answer = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(PATIENCE_MS) })
        await answer.arrayBuffer()
        watch.answered()
      }
    } catch {
      return Number.POSITIVE_INFINITY
    }
    return watch.mostMs
  }

  // What is quick in the bench is all in one of the others, or held by tests of the decoder.
  const scenarios = SCENARIOS.filter(({ isQuick }) => isQuick !== true)
  test.each(scenarios.map((scenario) => [scenario.title, scenario] as const))(
    'stops nobody and ends nothing: %s',
    async (_title, scenario) => {
      const { service, url } = await startOver(scenario)
      if (scenario.readsLog === true) {
        const environment = { URL: url, TOKEN: tokenFor({ subject: 'reader' }), CONTAINER: hostileId(0) }
        const readers = await startBench('log-readers.ts', environment, '', (line) => line === 'started')
        onCleanup(readers.running.kill)
      }
      const held = mostHeldMs(service, url)
      for (const host of ['good0', 'good1', 'good2', ...(scenario.showsHarmless ? ['bad'] : [])]) {
        const shown = () => harmlessOf(url, host)
        await eventually(shown, (count) => count === HARMLESS || service.child.exitCode !== null, PATIENCE_MS)
        expect([host, await shown(), service.stderr()]).toEqual([host, HARMLESS, ''])
      }
      expect(await held).toBeLessThan(MOST_HELD_MS)
      expect(await mostHeldMs(service, url)).toBeLessThan(MOST_HELD_MS)
      expect(mostResidentKb(service)).toBeLessThan(MOST_RESIDENT_KB)
      expect([service.child.exitCode, service.child.signalCode]).toEqual([null, null])
    },
    120_000,
  )
})
