import type { Clock } from '../../api/clock.js'
import { LoopShare } from '../../api/concurrency/event-loop-yield.js'
import { EventJournal } from '../../api/live/events/event-journal.js'
import { Host } from '../../api/live/host/host.js'
import { FOLLOWED_LINES } from '../../api/live/logs/log-follower.js'
import { TokenBucket } from '../../api/live/logs/token-bucket.js'
import { createLog, type Log } from '../../api/log.js'
import { cleanupAfterEach } from './cleanup.js'
import { FakeClock } from './fake-clock.js'
import { FakeEngine, idOf, listed } from './fake-engine.js'

export interface HostRig {
  readonly engine: FakeEngine
  readonly clock: FakeClock
  readonly host: Host
  readonly journal: EventJournal
  stop(): Promise<void>
}

/** Call it once, at the top of a file. The returned function starts one host that connects, over an engine and a clock that the test holds. */
export function hostRig(): (engine?: FakeEngine, clock?: FakeClock, parts?: RigParts) => Promise<HostRig> {
  const cleanup = cleanupAfterEach()
  return async (engine = new FakeEngine(), clock = new FakeClock(), parts = {}) => {
    const journal = new EventJournal()
    const host = makeHost('local', engine, journal, clock, parts)
    const life = new AbortController()
    const run = host.run(life.signal)
    const stop = async () => {
      life.abort()
      await clock.advance(0)
      await run
    }
    cleanup(stop)
    await clock.advance(0)
    return { engine, clock, host, journal, stop }
  }
}

/** The same over an engine with one container, `a` times 64 of team web, which `prepare` may change before the host connects. */
export function oneContainerRig(): (prepare?: (engine: FakeEngine, clock: FakeClock) => void) => Promise<HostRig> {
  const startHost = hostRig()
  return (prepare = () => {}) => {
    const clock = new FakeClock()
    const engine = new FakeEngine()
    engine.add(listed({ id: idOf('a'), labels: new Map([['team', 'web']]) }))
    prepare(engine, clock)
    return startHost(engine, clock)
  }
}

export interface RigParts {
  readonly loopShare?: LoopShare
  readonly log?: Log
  readonly intervalMs?: number
}

export function makeHost(
  id: string,
  engine: FakeEngine,
  journal: EventJournal,
  clock: Clock,
  {
    loopShare = new LoopShare(() => 0),
    log = createLog('silent', { write: () => {} }),
    intervalMs = 10_000,
  }: RigParts = {},
): Host {
  return new Host({
    id,
    endpoint: 'unix:///x',
    labels: {},
    engine,
    sampling: { intervalMs, historyMs: 3_600_000 },
    journal: journal.openHost(id),
    lineBucket: new TokenBucket(FOLLOWED_LINES, clock),
    loopShare,
    clock,
    log,
  })
}
