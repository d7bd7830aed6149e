import { LoopShare, type TimeSlice } from '../../../api/concurrency/event-loop-yield.js'
import type { Host } from '../../../api/live/host/host.js'
import { MAX_FOLLOWED_BY_PARTY } from '../../../api/live/host/host-logs.js'
import type { LogFollowQuery } from '../../../api/model/log-line.js'
import { cleanupAfterEach } from '../../support/cleanup.js'
import { FakeClock } from '../../support/fake-clock.js'
import { FakeEngine, idOf, lineAt, listed } from '../../support/fake-engine.js'
import { FakeLog } from '../../support/fake-log.js'
import { hostRig, oneContainerRig } from '../../support/host-rig.js'

const cleanup = cleanupAfterEach()
const started = oneContainerRig()
const startHost = hostRig()

const NOISY = idOf('a')
const QUIET = idOf('b')
const QUERY: LogFollowQuery = { tail: 0, since: null, stdout: true, stderr: true, matches: null }

describe('the pace of followed logs', () => {
  test('is shared by party: who follows a noisy log twenty times delays nobody else', async () => {
    const { engine, clock, host } = await started((made) => made.add(listed({ id: QUIET })))
    const noisy = new FakeLog()
    const quiet = new FakeLog()
    engine.logOf = (id) => (id === NOISY ? noisy : quiet)
    const life = new AbortController()
    cleanup(() => life.abort())
    const late: number[] = []
    const follow = async (id: string, party: string) => {
      for await (const step of host.logs.follow(id, QUERY, null, { party, signal: life.signal }))
        if (id === QUIET && step.kind === 'lines')
          for (const { line } of step.lines) late.push(clock.now() - Number(line.message))
    }
    for (let nth = 0; nth < 20; nth += 1) void follow(NOISY, 'greedy')
    void follow(QUIET, 'modest')
    await clock.advance(1_000)
    for (let half = 0; half < 30; half += 1) {
      noisy.write(...Array.from({ length: 2_000 }, (_, row) => lineAt(half + row / 10_000, 'x'.repeat(100))))
      quiet.write(lineAt(half, String(clock.now())))
      await clock.advance(500)
    }
    expect(late).toHaveLength(30)
    expect(Math.max(...late)).toBeLessThanOrEqual(20)
  })
})

/** Whose slices were asked for. */
class RecordedShare extends LoopShare {
  readonly parties = new Set<string>()

  override slice(party: string): TimeSlice {
    this.parties.add(party)
    return super.slice(party)
  }
}

test('work on the lines that a party reads or follows is done in its slices of the event loop', async () => {
  const loopShare = new RecordedShare(() => 0)
  const engine = new FakeEngine()
  engine.add(listed({ id: NOISY }))
  const { clock, host } = await startHost(engine, new FakeClock(), { loopShare })
  const log = new FakeLog()
  engine.logOf = () => log
  log.write(lineAt(1, 'x'))
  const life = new AbortController()
  cleanup(() => life.abort())
  const reader = (party: string) => ({ party, signal: life.signal })
  loopShare.parties.clear()
  await host.logs.read(NOISY, { ...QUERY, until: null }, reader('reads'))
  expect([...loopShare.parties]).toEqual(['reads'])
  loopShare.parties.clear()
  const steps = host.logs.follow(NOISY, QUERY, { at: '1.000000000', nth: 1 }, reader('follows'))
  void steps.next()
  await clock.advance(0)
  expect([...loopShare.parties]).toEqual(['follows'])
})

describe('the followers of one log', () => {
  /** Begins to follow, and collects messages. */
  function follower(host: Host, id: string, party: string, changes: Partial<LogFollowQuery> = {}) {
    const life = new AbortController()
    cleanup(() => life.abort())
    const made = { seen: [] as string[], ended: null as unknown, leave: () => life.abort() }
    const run = async () => {
      const reader = { party, signal: life.signal }
      for await (const step of host.logs.follow(id, { ...QUERY, ...changes }, null, reader))
        if (step.kind === 'lines') made.seen.push(...step.lines.map(({ line }) => line.message))
      made.ended = 'quietly'
    }
    run().catch((error: unknown) => {
      made.ended = error
    })
    return made
  }

  test('take one connection of an engine, and one inspect when it ends', async () => {
    const { engine, clock, host } = await started()
    const log = new FakeLog()
    engine.logOf = () => log
    log.write(lineAt(1, 'old'))
    const followers = Array.from({ length: 30 }, (_, nth) =>
      follower(host, NOISY, `party ${nth}`, { matches: (text) => text !== String(nth) }),
    )
    await clock.advance(1_000)
    const texts = Array.from({ length: 30 }, (_, nth) => String(nth))
    log.write(...texts.map((text, row) => lineAt(2 + row, text, { redactions: 1 })))
    await clock.advance(1_000)
    expect([log.followed.length, log.mostOpen]).toEqual([1, 1])
    expect(host.metrics().logRedactions).toBe(30)
    engine.add(listed({ id: NOISY }), { state: 'exited' })
    const before = engine.calls.length
    log.end()
    await clock.advance(1_000)
    expect(engine.calls.slice(before)).toEqual([`inspect ${NOISY.slice(0, 4)}`])
    for (const [nth, { seen, ended }] of followers.entries())
      expect([seen, ended]).toEqual([texts.filter((text) => text !== String(nth)), 'quietly'])
  })

  test('leave nothing behind', async () => {
    const { engine, clock, host } = await started()
    const log = new FakeLog()
    engine.logOf = () => log
    await clock.advance(0)
    const { pending } = clock
    for (let round = 0; round < 3; round += 1) {
      const followers = [follower(host, NOISY, 'a'), follower(host, NOISY, 'b')]
      await clock.advance(0)
      expect(log.open).toBe(1)
      for (const { leave } of followers) leave()
      await clock.advance(0)
      expect([log.open, clock.pending]).toEqual([0, pending])
    }
  })

  test('of one party follow a bounded number of logs of an engine, and others are not refused', async () => {
    const { engine, clock, host } = await started()
    const logs = new Map<string, FakeLog>()
    engine.logOf = (id) => logs.get(id) ?? null
    const ids = Array.from({ length: MAX_FOLLOWED_BY_PARTY + 1 }, (_, nth) => nth.toString(16).padStart(64, '0'))
    for (const id of ids) {
      logs.set(id, new FakeLog())
      engine.add(listed({ id }))
    }
    const followers = ids.map((id) => follower(host, id, 'greedy'))
    await clock.advance(0)
    const refused = followers.filter(({ ended }) => ended !== null)
    expect(refused).toEqual([expect.objectContaining({ ended: expect.objectContaining({ code: 'too-many-streams' }) })])
    const [first] = followers
    const other = follower(host, ids[0] ?? '', 'modest')
    await clock.advance(0)
    expect(other.ended).toBeNull()
    first?.leave()
    await clock.advance(0)
    const next = follower(host, ids.at(-1) ?? '', 'greedy')
    await clock.advance(0)
    expect(next.ended).toBeNull()
  })
})
