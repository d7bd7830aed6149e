import { setMaxListeners } from 'node:events'
import { TimeSlice, yieldToEventLoop } from '../../../api/concurrency/event-loop-yield.js'
import type { LogRequest } from '../../../api/engine/engine.js'
import { followLog, type LogSource } from '../../../api/live/logs/log-follower.js'
import { RESUME_MESSAGES } from '../../../api/live/logs/resume-finder.js'
import { SharedFollow } from '../../../api/live/logs/shared-follow.js'
import { engineTimeOf } from '../../../api/model/engine-time.js'
import { ApiError } from '../../../api/model/error.js'
import type { LogCursor, LogLine, LogStep } from '../../../api/model/log-line.js'
import { cleanupAfterEach } from '../../support/cleanup.js'
import { FakeClock, settle } from '../../support/fake-clock.js'
import { lineAt } from '../../support/fake-engine.js'

const cleanup = cleanupAfterEach()

const QUERY = { tail: 2, since: null, stdout: true, stderr: true, matches: null }

/** One connection under control of the test: it yields lines, and ends or breaks. */
class Connection {
  readonly request: Omit<LogRequest, 'isTty'>
  #queue: (readonly LogLine[])[] = []
  #end: Error | null | undefined
  #wake = () => {}

  constructor(request: Omit<LogRequest, 'isTty'>) {
    this.request = request
  }

  give(...lines: LogLine[]): void {
    this.#queue.push(lines)
    this.#wake()
  }

  end(error: Error | null = null): void {
    this.#end = error
    this.#wake()
  }

  async *lines(): AsyncGenerator<readonly LogLine[]> {
    for (;;) {
      const batch = this.#queue.shift()
      if (batch !== undefined) yield batch
      else if (this.#end === null) return
      else if (this.#end !== undefined) throw this.#end
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
    }
  }
}

function rig(
  from: LogCursor | null = null,
  query: Partial<Parameters<typeof followLog>[1]> = {},
  page: readonly LogLine[] = [],
  onStep = () => {},
) {
  const clock = new FakeClock()
  const connections: Connection[] = []
  const pages: Omit<LogRequest, 'isTty'>[] = []
  const tokens: number[] = []
  const life = new AbortController()
  setMaxListeners(0, life.signal)
  cleanup(() => life.abort())
  const seen: string[] = []
  const state = { isAlive: true, ended: null as unknown, busyMs: 0, turns: 0 }
  let cursor: LogCursor | null = null
  const open = (request: Omit<LogRequest, 'isTty'>, signal: AbortSignal) => {
    const connection = new Connection(request)
    signal.addEventListener('abort', () => connection.end())
    connection.give()
    if (request.follow) connections.push(connection)
    else {
      pages.push(request)
      connection.give(...page)
      connection.end()
    }
    return connection.lines()
  }
  const turn = () => {
    state.turns += 1
    return yieldToEventLoop()
  }
  const source: LogSource = {
    open,
    shared: new SharedFollow({ open, enter: () => () => {}, clock }),
    isAlive: async () => state.isAlive,
    lineBucket: {
      take: async (lines) => {
        tokens.push(lines)
      },
    },
    party: 'a',
    clock,
    stopwatch: () => state.busyMs,
    slice: () => new TimeSlice(() => state.busyMs, turn),
  }
  const note = (step: LogStep) => {
    if (step.kind === 'gap') seen.push('GAP')
    else if (step.kind === 'cursor') cursor = step.cursor
    else if (step.lines.length === 0) seen.push('OPEN')
    else
      for (const { line, cursor: at } of step.lines) {
        seen.push(line.message)
        cursor = at
      }
  }
  const run = async () => {
    try {
      for await (const step of followLog(source, { ...QUERY, ...query }, from, life.signal)) {
        note(step)
        onStep()
      }
      state.ended = 'quietly'
    } catch (error) {
      state.ended = error
    }
  }
  void run()
  const last = () => connections.at(-1)
  return { clock, connections, pages, tokens, life, seen, state, cursor: () => cursor, last }
}

const at = (second: number, nth = 1): LogCursor => ({
  at: engineTimeOf(lineAt(second, '').time ?? '') ?? '',
  nth,
})

describe('followLog', () => {
  test('begins with the lines that the query asks for and continues with new ones', async () => {
    const { clock, pages, seen, last, cursor } = rig(null, { since: '7.000000000' }, [lineAt(1, 'a'), lineAt(2, 'b')])
    await clock.advance(0)
    expect(pages).toMatchObject([{ since: '7.000000000', follow: false }])
    // By number, because clocks may be set back.
    expect(last()?.request).toEqual({ tail: RESUME_MESSAGES, since: null, follow: true })
    last()?.give(lineAt(1, 'a'), lineAt(2, 'b'))
    await settle()
    last()?.give(lineAt(3, 'c'))
    await settle()
    expect(seen).toEqual(['a', 'b', 'c'])
    expect(cursor()).toEqual(at(3))
  })

  test('begins with the last matching lines, and continues after the very last line', async () => {
    const other = (second: number, message: string) => lineAt(second, message, { stream: 'stderr' })
    const past = [lineAt(1, 'ax'), lineAt(2, 'bx'), lineAt(3, 'cx'), other(4, 'd')]
    const { clock, seen, last } = rig(null, { stderr: false, matches: (text) => text.includes('x') }, past)
    await clock.advance(0)
    last()?.give(...past, other(5, 'e'), lineAt(6, 'f'), lineAt(7, 'gx'))
    await settle()
    expect(seen).toEqual(['bx', 'cx', 'gx'])
  })

  test('ends with the container', async () => {
    const { clock, seen, last, state } = rig(null, {}, [lineAt(1, 'a')])
    await clock.advance(0)
    last()?.give(lineAt(1, 'a'), lineAt(2, 'b'))
    state.isAlive = false
    last()?.end()
    await settle()
    expect([seen, state.ended]).toEqual([['a', 'b'], 'quietly'])
  })

  test('ends with its reader', async () => {
    const { clock, life, state } = rig()
    await clock.advance(0)
    life.abort()
    await settle()
    expect(state.ended).toBe('quietly')
    expect(clock.pending).toBe(0)
  })

  test('continues after a cut, and skips lines that were shown', async () => {
    const { clock, seen, last, connections } = rig(null, {}, [lineAt(1, 'a'), lineAt(2, 'b')])
    await clock.advance(0)
    last()?.give(lineAt(1, 'a'), lineAt(2, 'b'))
    await clock.advance(600_000)
    last()?.end()
    await clock.advance(0)
    expect(connections).toHaveLength(2)
    last()?.give(lineAt(1, 'a'), lineAt(2, 'b'), lineAt(3, 'c'))
    await settle()
    last()?.give(lineAt(4, 'd'))
    await settle()
    expect(seen).toEqual(['a', 'b', 'c', 'd'])
  })

  test('any number of cuts of a silent log loses and repeats no line', async () => {
    const { clock, seen, last } = rig(null, {}, [lineAt(1, 'a')])
    await clock.advance(0)
    last()?.give(lineAt(1, 'a'))
    for (let cut = 0; cut < 5; cut += 1) {
      await clock.advance(600_000)
      last()?.end()
      await clock.advance(0)
      last()?.give(lineAt(1, 'a'))
      await clock.advance(10_000)
    }
    last()?.give(lineAt(2, 'b'))
    await settle()
    expect(seen).toEqual(['a', 'b'])
  })

  test('an initially empty log is new from its first line, even after cuts and refusals', async () => {
    const { clock, seen, last, connections } = rig(null, { tail: 0 })
    await clock.advance(0)
    expect(last()?.request).toEqual({ tail: null, since: null, follow: true })
    await clock.advance(600_000)
    last()?.end()
    await clock.advance(0)
    for (let attempt = 0; attempt < 5; attempt += 1) {
      last()?.end(new ApiError('engine-unavailable', 'refused'))
      await clock.advance(2_000)
    }
    expect(connections.length).toBeGreaterThan(5)
    expect(last()?.request).toEqual({ tail: null, since: null, follow: true })
    last()?.give(lineAt(1, 'between'), lineAt(2, 'later'))
    await settle()
    expect(seen).toEqual(['OPEN', 'between', 'later'])
  })

  test('resumes where a reader stopped, for any order of times around it', async () => {
    const { clock, pages, seen, last } = rig(at(5))
    await clock.advance(0)
    expect([pages, last()?.request]).toEqual([[], { tail: RESUME_MESSAGES, since: null, follow: true }])
    // The line of the sixth second had been noted before that of the fifth, and was shown before it.
    last()?.give(lineAt(4, 'old'), lineAt(6, 'shown'), lineAt(5, 'here'), lineAt(5.5, 'next'), lineAt(7, 'last'))
    await settle()
    expect(seen).toEqual(['OPEN', 'next', 'last'])
  })

  test('a clock that was set back hides no later line', async () => {
    const { clock, seen, last } = rig(at(5_000))
    await clock.advance(0)
    last()?.give(lineAt(5_000, 'here'), lineAt(7, 'after the clock was set back'))
    await settle()
    expect(seen).toEqual(['OPEN', 'after the clock was set back'])
  })

  test('counts lines of the same nanosecond in their order', async () => {
    const { clock, seen, last, cursor } = rig(at(5, 2))
    await clock.advance(0)
    last()?.give(lineAt(5, 'one'), lineAt(5, 'two'), lineAt(5, 'three'), lineAt(5, 'four'))
    await settle()
    expect(seen).toEqual(['OPEN', 'three', 'four'])
    // Counted from where the reader stopped.
    expect(cursor()).toEqual(at(5, 4))
  })

  test('counts all lines of one time, even if the tail begins among them', async () => {
    const same = [lineAt(5, 'one'), lineAt(5, 'two'), lineAt(5, 'three')]
    const { clock, seen, last } = rig(null, { tail: 2 }, same)
    await clock.advance(0)
    last()?.give(...same, lineAt(5, 'four'))
    await settle()
    expect(seen).toEqual(['two', 'three', 'four'])
  })

  test('reports a gap if the line is gone and later ones exist', async () => {
    const { clock, seen, last } = rig(at(5))
    await clock.advance(0)
    last()?.give(lineAt(6, 'held'), lineAt(6.9, 'held too'))
    await settle()
    expect(seen).toEqual(['OPEN'])
    last()?.give(lineAt(7.1, 'later'))
    await settle()
    expect(seen).toEqual(['OPEN', 'GAP', 'held', 'held too', 'later'])
  })

  test.each([
    [4_999, []],
    [5_000, ['GAP', 'held']],
  ])('a log without the line that stays silent for %i ms shows %j', async (milliseconds, shown) => {
    const { clock, seen, last } = rig(at(5))
    await clock.advance(0)
    last()?.give(lineAt(6, 'held'))
    await clock.advance(milliseconds)
    expect(seen).toEqual(['OPEN', ...shown])
  })

  test('the search in a busy log without the line ends', async () => {
    const { clock, seen, last } = rig(at(5_000))
    await clock.advance(0)
    for (let second = 1; second <= 6; second += 1) {
      last()?.give(lineAt(second, `line ${second}`))
      await clock.advance(1_000)
    }
    expect(seen).toEqual(['OPEN', 'GAP', 'line 6'])
  })

  test('the lines held back during the search are bounded, even empty ones', async () => {
    const { clock, seen, last } = rig(at(5))
    await clock.advance(0)
    last()?.give(...Array.from({ length: 70_000 }, () => lineAt(6, '', { parts: 0 })))
    await settle()
    expect(seen[1]).toBe('GAP')
  })

  test('a container that ends during the search still shows the lines held back', async () => {
    const { clock, seen, last, state } = rig(at(5))
    await clock.advance(0)
    last()?.give(lineAt(6, 'held'))
    await settle()
    state.isAlive = false
    last()?.end()
    await settle()
    expect([seen, state.ended]).toEqual([['OPEN', 'GAP', 'held'], 'quietly'])
  })

  test('lines that the query excludes still move the cursor', async () => {
    const { clock, last, cursor } = rig(null, { stderr: false }, [lineAt(1, 'a')])
    await clock.advance(0)
    last()?.give(lineAt(1, 'a'), lineAt(9, 'other', { stream: 'stderr' }))
    await settle()
    expect(cursor()).toEqual(at(9))
  })

  test('lines of two times that alternate keep their order', async () => {
    const { clock, last, cursor } = rig(null, {}, [lineAt(1, 'a')])
    await clock.advance(0)
    last()?.give(lineAt(1, 'a'), lineAt(2, 'b'), lineAt(1, 'c'), lineAt(2, 'd'))
    await settle()
    expect(cursor()).toEqual(at(2, 2))
  })

  test('every line takes a token, a long one several', async () => {
    const { clock, last, tokens } = rig(null, { matches: () => false }, [lineAt(1, 'a')])
    await clock.advance(0)
    last()?.give(lineAt(1, 'a'), ...Array.from({ length: 99 }, () => lineAt(2, 'x')))
    await settle()
    last()?.give(lineAt(3, 'x'.repeat(150_000)))
    await settle()
    expect(tokens).toEqual([0, 100, 1_000])
  })

  test('a slow pattern costs as many tokens as lines of that time, and lets other parties work between lines', async () => {
    const made = rig(null, {
      matches: () => {
        made.state.busyMs += 20
        return false
      },
    })
    await made.clock.advance(0)
    made.last()?.give(...Array.from({ length: 5 }, () => lineAt(2, 'x')))
    while (made.tokens.length < 2) await settle()
    expect(made.tokens).toEqual([0, 100 * 60])
    expect(made.state.turns).toBe(5)
  })

  test('a slow reader costs the others nothing', async () => {
    const { clock, state, last, tokens } = rig(null, {}, [lineAt(1, 'a')], () => {
      state.busyMs += 10_000
    })
    await clock.advance(0)
    last()?.give(lineAt(1, 'a'), lineAt(2, 'b'))
    await settle()
    expect(tokens).toEqual([0, 2])
  })

  test('continues after an engine went away and came back', async () => {
    const { clock, seen, last, connections } = rig(null, {}, [lineAt(1, 'a')])
    await clock.advance(0)
    last()?.give(lineAt(1, 'a'))
    await clock.advance(10_000)
    last()?.end(new ApiError('engine-unavailable', 'gone'))
    await clock.advance(0)
    for (let attempt = 0; attempt < 10; attempt += 1) {
      last()?.end(new ApiError('engine-unavailable', 'refused'))
      await clock.advance(2_000)
    }
    expect(connections.length).toBeGreaterThan(10)
    last()?.give(lineAt(1, 'a'), lineAt(2, 'b'))
    await settle()
    expect(seen).toEqual(['a', 'b'])
  })

  test('does not connect ever faster if every connection ends at once', async () => {
    const { clock, last, connections } = rig()
    await clock.advance(0)
    for (let second = 0; second < 60; second += 1) {
      last()?.end()
      await clock.advance(1_000)
    }
    expect(connections.length).toBeLessThan(50)
  })

  test.each([
    'container-not-found',
    'engine-endpoint-blocked',
    'log-driver-unreadable',
    'too-many-streams',
    'engine-unavailable',
    'engine-timeout',
  ] as const)('%s before the first answer is the answer', async (code) => {
    for (const from of [null, at(5)]) {
      const clock = new FakeClock()
      // biome-ignore lint/correctness/useYield: it breaks before it gives anything
      const open = async function* (): AsyncGenerator<readonly LogLine[]> {
        throw new ApiError(code, 'x')
      }
      const source: LogSource = {
        open,
        shared: new SharedFollow({ open, enter: () => () => {}, clock }),
        isAlive: async () => true,
        lineBucket: { take: async () => {} },
        party: 'a',
        clock,
        stopwatch: () => 0,
        slice: () => new TimeSlice(() => 0),
      }
      const first = followLog(source, QUERY, from, new AbortController().signal).next()
      const answered = expect(first).rejects.toMatchObject({ code })
      await clock.advance(0)
      await answered
    }
  })

  test('a container that was removed meanwhile ends the log with a reason', async () => {
    const { clock, last, state } = rig(null, {}, [lineAt(1, 'a')])
    await clock.advance(0)
    last()?.give(lineAt(1, 'a'))
    await clock.advance(10_000)
    last()?.end(new ApiError('container-not-found', 'gone'))
    await clock.advance(5_000)
    expect(state.ended).toMatchObject({ code: 'container-not-found' })
  })

  test('a line without a time is shown, and has the cursor of the line before it', async () => {
    const { clock, seen, last, cursor } = rig(null, {}, [lineAt(1, 'a')])
    await clock.advance(0)
    last()?.give(lineAt(1, 'a'), lineAt(2, 'timeless', { time: null }))
    await settle()
    expect(seen).toEqual(['a', 'timeless'])
    expect(cursor()).toEqual(at(1))
  })
})
