import { CursorTracker } from '../../api/live/logs/cursor-tracker.js'
import { formatLogCursor, type LogLine } from '../../api/model/log-line.js'
import { cleanupAfterEach } from '../support/cleanup.js'
import { lineAt } from '../support/fake-engine.js'
import { followersRig, type LogFollower } from '../support/log-followers.js'

const cleanup = cleanupAfterEach()

/** Below the messages that are read back, so that no gap is due. */
const MAX_LINES = 4_900

/** Numbers from 0 up to but not 1, the same for each run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

interface Expecting {
  readonly follower: LogFollower
  readonly divisor: number
  readonly stdout: boolean
  /** Number of the first line that it wants. */
  readonly first: number
  /** Number after the last line that was written before it left. */
  end: number | null
  goOn: () => void
}

/** A log that is written, cut, joined, left and read slowly in an order that the seed decides. */
function story(seed: number) {
  const random = randomFrom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const rig = followersRig(cleanup)
  const { clock, log } = rig
  const all: Expecting[] = []
  const tracker = new CursorTracker(null)
  /** The number of the line that each cursor stands for. */
  const numberOf = new Map<string, number>()
  let second = 0

  /** Runs of one time, now and then some time earlier than the run before, as two streams write them. */
  function nextLines(count: number): LogLine[] {
    const made: LogLine[] = []
    while (made.length < count) {
      second += 0.001
      const at = below(4) === 0 ? second - 0.0005 : second
      for (let left = 1 + below(below(3) === 0 ? 20 : 1); left > 0; left -= 1) {
        const number = log.lines.length + made.length
        const line = lineAt(at, String(number), { stream: below(2) === 0 ? 'stdout' : 'stderr' })
        const cursor = tracker.pass(line)
        if (cursor !== null) numberOf.set(formatLogCursor(cursor), number)
        made.push(line)
      }
    }
    return made
  }

  const write = () => {
    const count = [1, 20, 300, 1_500][below(4)] ?? 1
    if (log.lines.length + count + 20 < MAX_LINES) log.write(...nextLines(count))
  }
  const join = async () => {
    const other = all[below(all.length)]
    const from = below(2) === 0 ? (other?.follower.cursor ?? null) : null
    const divisor = 1 + below(5)
    const stdout = below(3) > 0
    const matches = (text: string) => Number(text) % divisor === 0
    const first = from === null ? log.lines.length : (numberOf.get(formatLogCursor(from)) ?? Number.NaN) + 1
    const follower = rig.follow({ from, stdout, matches: divisor === 1 ? null : matches })
    all.push({ follower, divisor, stdout, first, end: null, goOn: () => {} })
    // Its page is what was written until now.
    if (from === null) await clock.advance(0)
  }
  const stall = () => {
    const one = all[below(all.length)]
    if (one === undefined || one.follower.gate !== null) return
    one.follower.gate = new Promise((resolve) => {
      one.goOn = () => {
        one.follower.gate = null
        resolve()
      }
    })
  }
  const leave = () => {
    const one = all[below(all.length)]
    if (one === undefined || all.length < 3) return
    one.end ??= log.lines.length
    one.follower.leave()
  }
  const goOn = () => all[below(all.length)]?.goOn()
  const pass = () => clock.advance([0, 0, 50, 3_000][below(4)] ?? 0)
  const acts = [write, write, write, join, join, pass, pass, pass, stall, goOn, leave, () => log.cut()]

  async function run() {
    log.write(...nextLines(30))
    for (let step = 0; step < 120; step += 1) await acts[below(acts.length)]?.()
    for (const { goOn: free } of all) free()
    await clock.advance(60_000)
  }

  function wantedBy({ divisor, stdout, first, end }: Expecting): readonly string[] {
    return log.lines
      .slice(first, end ?? undefined)
      .filter(({ stream, message }) => (stdout || stream === 'stderr') && Number(message) % divisor === 0)
      .map(({ message }) => message)
  }
  return { ...rig, all, run, wantedBy }
}

test.each(Array.from({ length: 8 }, (_, seed) => seed))(
  'story %i: whatever happens to the followers of a log, each is given exactly its lines in order',
  async (seed) => {
    const { all, run, wantedBy, log, places } = story(seed)
    await run()
    for (const one of all) {
      const { seen, ended } = one.follower
      const wanted = wantedBy(one)
      // One that has left was given the beginning of its lines.
      expect(seen).toEqual(one.end === null ? wanted : wanted.slice(0, seen.length))
      expect(ended).toBe(one.end === null ? null : 'quietly')
    }
    const present = all.filter(({ end }) => end === null)
    expect(places()).toBe(present.length)
    expect(log.open).toBeLessThanOrEqual(Math.min(present.length, 4))
  },
)
