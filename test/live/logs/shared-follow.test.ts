import { BACKLOG, KEPT } from '../../../api/live/logs/line-window.js'
import { GATHERS_FOR_MS } from '../../../api/live/logs/log-connection.js'
import { RESUME_MESSAGES } from '../../../api/live/logs/resume-finder.js'
import { MOVES_AFTER_MS } from '../../../api/live/logs/shared-follow.js'
import { engineTimeOf } from '../../../api/model/engine-time.js'
import { ApiError } from '../../../api/model/error.js'
import type { LogCursor, LogLine } from '../../../api/model/log-line.js'
import { cleanupAfterEach } from '../../support/cleanup.js'
import { lineAt } from '../../support/fake-engine.js'
import { followersRig } from '../../support/log-followers.js'

const cleanup = cleanupAfterEach()
const rig = () => followersRig(cleanup)

/** Lines with numbers as messages, a millisecond apart, every third on the other stream. */
function lines(first: number, count: number): LogLine[] {
  return Array.from({ length: count }, (_, row) => {
    const number = first + row
    return lineAt(number / 1_000, String(number), { stream: number % 3 === 0 ? 'stderr' : 'stdout' })
  })
}

const cursorAt = (number: number): LogCursor => ({
  at: engineTimeOf(lineAt(number / 1_000, '').time ?? '') ?? '',
  nth: 1,
})

const numbers = (first: number, end: number, isWanted: (number: number) => boolean = () => true) =>
  Array.from({ length: end - first }, (_, row) => first + row)
    .filter(isWanted)
    .map(String)

/** Thirty filters, and what each lets through. */
const FILTERS = Array.from({ length: 30 }, (_, nth) => {
  const matches = nth % 5 === 0 ? null : (text: string) => Number(text) % (nth + 1) === 0
  const stdout = nth % 3 !== 1
  const stderr = nth % 3 !== 2
  const lets = (number: number) => (number % 3 === 0 ? stderr : stdout) && (matches === null || matches(String(number)))
  return { query: { matches, stdout, stderr }, lets }
})

describe('followers of one log', () => {
  test('share one connection, and each gets exactly its lines', async () => {
    const { clock, log, follow } = rig()
    log.write(...lines(0, RESUME_MESSAGES))
    const followers = FILTERS.map(({ query }) => follow(query))
    await clock.advance(0)
    for (let round = 0; round < 5; round += 1) {
      log.write(...lines(RESUME_MESSAGES + round * 700, 700))
      await clock.advance(100)
    }
    for (const [nth, { lets }] of FILTERS.entries())
      expect(followers[nth]?.seen).toEqual(numbers(RESUME_MESSAGES, RESUME_MESSAGES + 3_500, lets))
    expect([log.followed.length, log.mostOpen]).toEqual([1, 1])
  })

  test.each([
    ['cleanly', null],
    ['with a fault', new ApiError('engine-unavailable', 'gone')],
  ])('go on together after the connection ends %s', async (_how, fault) => {
    const { clock, log, follow } = rig()
    log.write(...lines(0, 100))
    const followers = FILTERS.map(({ query }) => follow(query))
    await clock.advance(0)
    for (let round = 0; round < 5; round += 1) {
      log.write(...lines(100 + round * 1_400, 700))
      log.cut(fault)
      log.write(...lines(800 + round * 1_400, 700))
      await clock.advance(3_000)
    }
    for (const [nth, { lets }] of FILTERS.entries()) expect(followers[nth]?.seen).toEqual(numbers(100, 7_100, lets))
    expect([log.followed.length, log.mostOpen]).toEqual([6, 1])
  })

  test('one who comes in mid flow with a cursor joins, if its line is among the last ones', async () => {
    const { clock, log, follow } = rig()
    log.write(...lines(0, 100))
    follow()
    await clock.advance(GATHERS_FOR_MS)
    log.write(...lines(100, 3 * RESUME_MESSAGES))
    await clock.advance(0)
    const end = 100 + 3 * RESUME_MESSAGES
    const joined = [end - 1, end - 2, end - 300].map((last) => ({ last, ...follow({ from: cursorAt(last) }) }))
    await clock.advance(0)
    log.write(...lines(end, 10))
    await clock.advance(0)
    for (const { last, seen } of joined) expect(seen).toEqual(numbers(last + 1, end + 10))
    expect(log.followed).toHaveLength(1)
    const early = follow({ from: cursorAt(end - 4_000) })
    await clock.advance(0)
    expect(early.seen).toEqual(numbers(end - 3_999, end + 10))
    expect(log.followed).toHaveLength(2)
  })

  test('one whose line is gone learns of a gap on a connection of its own', async () => {
    const { clock, log, follow } = rig()
    log.write(...lines(50, 50))
    const first = follow()
    await clock.advance(0)
    const late = follow({ from: cursorAt(0) })
    await clock.advance(10_000)
    log.write(...lines(100_000, 1))
    await clock.advance(10_000)
    expect(late.seen).toEqual(['GAP', ...numbers(50, 100), '100000'])
    expect(first.seen).toEqual(['100000'])
    expect(log.followed).toHaveLength(2)
  })

  test('a member that leaves, even the first, changes nothing for the others', async () => {
    const { clock, log, follow, places } = rig()
    log.write(...lines(0, 100))
    const [first, second, third] = [follow(), follow(), follow()]
    await clock.advance(0)
    log.write(...lines(100, 10))
    await clock.advance(0)
    first?.leave()
    await clock.advance(0)
    log.write(...lines(110, 10))
    await clock.advance(0)
    expect([first?.seen, second?.seen]).toEqual([numbers(100, 110), numbers(100, 120)])
    expect([log.followed.length, log.open, places()]).toEqual([1, 1, 2])
    second?.leave()
    third?.leave()
    await clock.advance(0)
    expect([log.open, places(), clock.pending]).toEqual([0, 0, 0])
    expect([first?.ended, second?.ended, third?.ended]).toEqual(['quietly', 'quietly', 'quietly'])
  })

  test('one that stands still slows nobody down, loses nothing, and comes back when it has caught up', async () => {
    const { clock, log, follow } = rig()
    log.write(...lines(0, 100))
    const [quick, slow] = [follow(), follow()]
    await clock.advance(0)
    let goOn = () => {}
    slow.gate = new Promise((resolve) => {
      goOn = resolve
    })
    let end = 100
    while (end < 100 + 2 * RESUME_MESSAGES) {
      log.write(...lines(end, 500))
      end += 500
      await clock.advance(10)
      expect(quick.seen.at(-1)).toBe(String(end - 1))
    }
    expect([log.followed.length, log.open, log.mostOpen]).toEqual([2, 2, 2])
    slow.gate = null
    goOn()
    await clock.advance(0)
    expect(slow.seen).toEqual(numbers(100, end))
    await clock.advance(MOVES_AFTER_MS)
    log.write(...lines(end, 10))
    await clock.advance(0)
    log.write(...lines(end + 10, 10))
    await clock.advance(0)
    expect([slow.seen, quick.seen]).toEqual([numbers(100, end + 20), numbers(100, end + 20)])
    expect([log.followed.length, log.open]).toEqual([2, 1])
  })

  test.each([
    ['at the bound', 0, 1],
    ['over it', 1, 2],
  ])('a backlog %s: %i lines more need %i connections', async (_where, more, connections) => {
    const { clock, log, follow } = rig()
    log.write(...lines(0, 100))
    const [, slow] = [follow(), follow()]
    await clock.advance(0)
    slow.gate = new Promise(() => {})
    log.write(...lines(100, 1))
    await clock.advance(0)
    // In batches of one line, since the window drops whole batches.
    for (let row = 0; row < BACKLOG.messages + more; row += 1) {
      log.write(...lines(101 + row, 1))
      await clock.advance(0)
    }
    expect(log.followed).toHaveLength(connections)
  })

  test('a log with a line without a time is not shared, and loses and repeats nothing', async () => {
    const { clock, log, follow } = rig()
    log.write(...lines(0, 100))
    const followers = [follow(), follow(), follow({ stdout: false })]
    await clock.advance(0)
    log.write(...lines(100, 10))
    await clock.advance(0)
    log.write(...lines(110, 10), lineAt(0, 'timeless', { time: null, stream: 'stderr' }), ...lines(120, 10))
    await clock.advance(0)
    log.write(...lines(130, 10))
    await clock.advance(0)
    const all = [...numbers(100, 120), 'timeless', ...numbers(120, 140)]
    expect(followers.slice(0, 2).map(({ seen }) => seen)).toEqual([all, all])
    expect(followers[2]?.seen).toEqual(all.filter((text) => text === 'timeless' || Number(text) % 3 === 0))
    expect(log.open).toBe(3)
    const late = follow({ from: cursorAt(139) })
    await clock.advance(0)
    expect([late.seen, log.open]).toEqual([[], 4])
  })

  test('who joins where lines of one time were dropped gets a connection of its own', async () => {
    const { clock, log, follow } = rig()
    log.write(lineAt(0, 'first'))
    follow()
    await clock.advance(GATHERS_FOR_MS)
    const same = (first: number, count: number) =>
      Array.from({ length: count }, (_, row) => lineAt(1, String(first + row)))
    for (let round = 0; round < 4; round += 1) {
      log.write(...same(round * KEPT.messages, KEPT.messages))
      await clock.advance(0)
    }
    const nth = 4 * KEPT.messages - 1
    const late = follow({ from: { at: cursorAt(1_000).at, nth } })
    await clock.advance(0)
    expect(late.seen).toEqual([String(nth)])
    expect(log.followed).toHaveLength(2)
  })

  test('followers of an empty log share it from its first line', async () => {
    const { clock, log, follow } = rig()
    const followers = [follow(), follow(), follow()]
    await clock.advance(0)
    log.write(...lines(0, 10))
    await clock.advance(0)
    for (const { seen } of followers) expect(seen).toEqual(numbers(0, 10))
    expect(log.followed).toEqual([{ tail: null, since: null, follow: true }])
  })

  test('all end with the container, after its last line', async () => {
    const { clock, log, follow, state } = rig()
    log.write(...lines(0, 100))
    const followers = FILTERS.map(({ query }) => follow(query))
    await clock.advance(0)
    state.isAlive = false
    log.write(...lines(100, 1_000))
    log.end()
    await clock.advance(0)
    for (const [nth, { lets }] of FILTERS.entries())
      expect([followers[nth]?.ended, followers[nth]?.seen]).toEqual(['quietly', numbers(100, 1_100, lets)])
  })

  test('lines are charged once for all, and to each party what it is shown', async () => {
    const { clock, log, follow, charged } = rig()
    log.write(...lines(0, 1))
    for (let nth = 0; nth < 10; nth += 1) follow({ party: 'none', matches: () => false })
    follow({ party: 'some', matches: (text) => text.endsWith('0') })
    await clock.advance(0)
    charged.clear()
    log.write(...lines(1, 1_000))
    await clock.advance(0)
    expect((charged.get('none') ?? 0) + (charged.get('some') ?? 0)).toBeLessThanOrEqual(1_000 + 100)
    expect(charged.get('some')).toBeGreaterThanOrEqual(100)
  })
})
