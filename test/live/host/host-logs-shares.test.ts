import type { LogFollowQuery } from '../../../api/model/log-line.js'
import { cleanupAfterEach } from '../../support/cleanup.js'
import { idOf, lineAt, listed } from '../../support/fake-engine.js'
import { FakeLog } from '../../support/fake-log.js'
import { oneContainerRig } from '../../support/host-rig.js'

const cleanup = cleanupAfterEach()
const started = oneContainerRig()

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
      noisy.write(...Array.from({ length: 5_000 }, (_, row) => lineAt(half + row / 10_000, 'x'.repeat(100))))
      quiet.write(lineAt(half, String(clock.now())))
      await clock.advance(500)
    }
    expect(late).toHaveLength(30)
    expect(Math.max(...late)).toBeLessThanOrEqual(20)
  })
})
