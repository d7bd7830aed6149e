import { EventJournal } from '../../api/live/events/event-journal.js'
import { Host } from '../../api/live/host/host.js'
import { FOLLOWED_LINES } from '../../api/live/logs/log-follower.js'
import { TokenBucket } from '../../api/live/logs/token-bucket.js'
import { createLog } from '../../api/log.js'
import { FakeClock } from './fake-clock.js'
import { FakeEngine } from './fake-engine.js'

export interface HostRig {
  readonly engine: FakeEngine
  readonly clock: FakeClock
  readonly host: Host
  readonly journal: EventJournal
  stop(): Promise<void>
}

/** One host that has begun its life, over an engine and a clock that the test holds. */
export async function startHost(engine = new FakeEngine(), clock = new FakeClock()): Promise<HostRig> {
  const journal = new EventJournal()
  const host = new Host({
    id: 'local',
    endpoint: 'unix:///x',
    labels: {},
    engine,
    sampling: { intervalMs: 10_000, historyMs: 3_600_000 },
    journal: journal.openHost('local'),
    lineBucket: new TokenBucket(FOLLOWED_LINES, clock),
    clock,
    log: createLog('silent', { write: () => {} }),
  })
  const life = new AbortController()
  const run = host.run(life.signal)
  await clock.advance(0)
  const stop = async () => {
    life.abort()
    await clock.advance(0)
    await run
  }
  return { engine, clock, host, journal, stop }
}
