import { setMaxListeners } from 'node:events'
import { TimeSlice } from '../../api/concurrency/event-loop-yield.js'
import { followLog } from '../../api/live/logs/log-follower.js'
import { SharedFollow } from '../../api/live/logs/shared-follow.js'
import type { LogCursor, LogFollowQuery } from '../../api/model/log-line.js'
import { FakeClock } from './fake-clock.js'
import { FakeLog } from './fake-log.js'

const ALL: LogFollowQuery = { tail: 0, since: null, stdout: true, stderr: true, matches: null }

export interface FollowOptions extends Partial<LogFollowQuery> {
  readonly from?: LogCursor | null
  readonly party?: string
}

export interface LogFollower {
  /** The messages that it was given, and GAP. */
  readonly seen: string[]
  cursor: LogCursor | null
  /** What it ended with; 'quietly' without an error. */
  ended: unknown
  /** It takes no further step until that resolves. */
  gate: Promise<void> | null
  leave(): void
}

/** Several followers of one log, which share its connections. */
export function followersRig(onCleanup: (stop: () => void) => void) {
  const clock = new FakeClock()
  const log = new FakeLog()
  const state = { isAlive: true }
  /** What each party was charged. */
  const charged = new Map<string, number>()
  let places = 0
  const enter = () => {
    places += 1
    return () => {
      places -= 1
    }
  }
  const open = log.read.bind(log)
  const shared = new SharedFollow({ open, enter, clock })

  function follow({ from = null, party = 'a', ...query }: FollowOptions = {}): LogFollower {
    const life = new AbortController()
    setMaxListeners(0, life.signal)
    onCleanup(() => life.abort())
    const follower: LogFollower = { seen: [], cursor: from, ended: null, gate: null, leave: () => life.abort() }
    const lineBucket = {
      take: async (tokens: number) => void charged.set(party, (charged.get(party) ?? 0) + tokens),
    }
    const work = { stopwatch: () => 0, slice: () => new TimeSlice(() => 0) }
    const source = { open, shared, isAlive: async () => state.isAlive, lineBucket, party, clock, ...work }
    const run = async () => {
      for await (const step of followLog(source, { ...ALL, ...query }, from, life.signal)) {
        if (step.kind === 'gap') follower.seen.push('GAP')
        else if (step.kind === 'cursor') follower.cursor = step.cursor
        else
          for (const { line, cursor } of step.lines) {
            follower.seen.push(line.message)
            follower.cursor = cursor ?? follower.cursor
          }
        await follower.gate
      }
      follower.ended = 'quietly'
    }
    run().catch((error: unknown) => {
      follower.ended = error
    })
    return follower
  }

  return { clock, log, state, shared, follow, charged, places: () => places }
}
