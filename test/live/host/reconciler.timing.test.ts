import { SYSTEM_CLOCK } from '../../../api/clock.js'
import { LoopShare } from '../../../api/concurrency/event-loop-yield.js'
import { EventJournal } from '../../../api/live/events/event-journal.js'
import { Fleet } from '../../../api/live/fleet.js'
import type { Host } from '../../../api/live/host/host.js'
import { cleanupAfterEach } from '../../support/cleanup.js'
import { cpuTime } from '../../support/cpu-time.js'
import { FakeEngine, listed, readingAt } from '../../support/fake-engine.js'
import { fewest } from '../../support/fewest.js'
import { makeHost } from '../../support/host-rig.js'

const CONTAINERS = 10_000

/** Milliseconds for which the event loop may stand still. Requests of everybody wait that long. */
const MAX_STOP_MS = 50

const cleanup = cleanupAfterEach()

/** Ids are hashes, so they differ in every digit. */
function idOfNth(i: number): string {
  return Math.imul(i + 1, 2_654_435_761)
    .toString(16)
    .replace('-', '')
    .padStart(8, '0')
    .padEnd(16, '0')
    .padStart(64, 'c')
}

/** An engine whose answers come in later turns of the event loop, as from a socket. */
class DistantEngine extends FakeEngine {
  constructor() {
    super(() => readingAt(Date.now()))
    const [inspect, stats] = [this.inspect.bind(this), this.stats.bind(this)]
    const later = () => new Promise<void>((resolve) => setImmediate(resolve))
    this.inspect = async (...call) => later().then(() => inspect(...call))
    this.stats = async (...call) => later().then(() => stats(...call))
  }

  /** Every container, each with new maps and arrays, as a decoder makes them. */
  fill(status: string, from = 0): void {
    this.listed.clear()
    for (let i = from; i < CONTAINERS; i += 1) {
      const labels = new Map(Array.from({ length: 8 }, (_, n) => [`com.example.label-${n}`, `value ${n} of ${i}`]))
      const ports = [{ ip: '0.0.0.0', hostPort: i, containerPort: 80, protocol: 'tcp' }]
      this.add(listed({ id: idOfNth(i), name: `box-${i}`, status, labels, ports, networks: ['bridge', 'shop'] }))
    }
  }
}

/** The longest time between two turns of the event loop, in milliseconds: as this process computes, and no more than passes. */
async function longestStop(isOver: () => boolean): Promise<number> {
  let longest = 0
  let [cpu, wall] = [cpuTime(), performance.now()]
  while (!isOver()) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    const [cpuNow, wallNow] = [cpuTime(), performance.now()]
    longest = Math.max(longest, Math.min(cpuNow - cpu, wallNow - wall))
    cpu = cpuNow
    wall = wallNow
  }
  return longest
}

function wholeListsOf(host: Host): () => number {
  let [lists, at] = [0, host.status().observedAt]
  return () => {
    const { observedAt } = host.status()
    if (observedAt !== at) lists += 1
    at = observedAt
    return lists
  }
}

test('ten thousand containers are taken in, changed and removed without stopping the event loop', async () => {
  const stops = await fewest(MAX_STOP_MS, async () => {
    const engine = new DistantEngine()
    const journal = new EventJournal()
    const host = makeHost('local', engine, journal, SYSTEM_CLOCK, { loopShare: new LoopShare() })
    const fleet = new Fleet([host], journal, SYSTEM_CLOCK)
    const life = new AbortController()
    cleanup(() => life.abort())
    const nextList = async () => {
      const lists = wholeListsOf(host)
      engine.passOver(null)
      return longestStop(() => {
        // As a request for a page does.
        fleet.containers([])
        return lists() > 0
      })
    }
    engine.fill('Up 2 hours')
    const run = host.run(life.signal)
    const first = await longestStop(() => host.containers().length === CONTAINERS && host.status().state === 'live')
    const inspects = await longestStop(() => host.container(idOfNth(CONTAINERS - 1))?.restartCount === 0)
    const same = await nextList()
    engine.fill('Up 3 hours')
    const changed = await nextList()
    engine.fill('Up 3 hours', CONTAINERS / 2)
    const removed = await nextList()
    expect(host.containers()).toHaveLength(CONTAINERS / 2)
    life.abort()
    await run
    return { first, inspects, same, changed, removed }
  })
  for (const [step, took] of Object.entries(stops))
    expect([step, took <= MAX_STOP_MS, took]).toEqual([step, true, took])
}, 300_000)
