import { STOPWATCH, TimeSlice } from '../../../api/concurrency/event-loop-yield.js'
import type { LogRequest } from '../../../api/engine/engine.js'
import {
  MAX_PAGE_BYTES,
  MAX_SCANNED,
  MAX_SEARCH_MS,
  type OpenLog,
  readTail as readTailOf,
} from '../../../api/live/logs/log-reader.js'
import { ApiError } from '../../../api/model/error.js'
import type { LogLine, LogQuery } from '../../../api/model/log-line.js'
import { lineAt } from '../../support/fake-engine.js'

const QUERY: LogQuery = { tail: 3, since: null, until: null, stdout: true, stderr: true, matches: null }

function readTail(open: OpenLog, query: LogQuery, stopwatch = STOPWATCH) {
  return readTailOf(open, query, { stopwatch, slice: () => new TimeSlice(stopwatch) })
}

/** A log as an engine stores it: returns the requested last messages in batches. */
function logOf(lines: readonly LogLine[]) {
  const asked: Omit<LogRequest, 'isTty'>[] = []
  const open = async function* (request: Omit<LogRequest, 'isTty'>) {
    asked.push(request)
    yield []
    let messages = 0
    let first = lines.length
    while (first > 0 && messages < (request.tail ?? Number.POSITIVE_INFINITY)) {
      first -= 1
      messages += lines[first]?.parts ?? 0
    }
    for (let at = first; at < lines.length; at += 1_000) yield lines.slice(at, at + 1_000)
  }
  return { open, asked }
}

function many(count: number, message = (row: number) => `line ${row}`): LogLine[] {
  return Array.from({ length: count }, (_, row) => lineAt(row, message(row)))
}

const messagesOf = (page: { readonly lines: readonly LogLine[] }) => page.lines.map(({ message }) => message)

describe('readTail', () => {
  test.each([
    [0, [], false],
    [2, ['line 0', 'line 1'], false],
    [3, ['line 0', 'line 1', 'line 2'], false],
    [4, ['line 1', 'line 2', 'line 3'], true],
    [9, ['line 6', 'line 7', 'line 8'], true],
  ])('of %i lines the last three are shown, and whether there are more', async (count, messages, isTruncated) => {
    const { open, asked } = logOf(many(count))
    const page = await readTail(open, QUERY)
    expect([messagesOf(page), page.isTruncated]).toEqual([messages, isTruncated])
    // Some more than wanted, and never the whole log.
    expect(asked).toMatchObject([{ tail: 53, follow: false }])
  })

  test('a tail of 0 shows no lines, and whether there are any', async () => {
    expect(await readTail(logOf(many(1)).open, { ...QUERY, tail: 0 })).toMatchObject({ lines: [], isTruncated: true })
    expect(await readTail(logOf([]).open, { ...QUERY, tail: 0 })).toMatchObject({ lines: [], isTruncated: false })
  })

  test('a search scans more than it returns, and returns the last matches', async () => {
    const { open, asked } = logOf(many(5_000))
    const matches = (message: string) => message.endsWith('7')
    const page = await readTail(open, { ...QUERY, matches })
    expect(messagesOf(page)).toEqual(['line 4977', 'line 4987', 'line 4997'])
    expect(page.isTruncated).toBe(true)
    expect(asked).toMatchObject([{ tail: 2_000 }])
  })

  test('a search that scanned the whole log says so', async () => {
    const matches = (message: string) => message === 'line 1'
    expect(await readTail(logOf(many(2)).open, { ...QUERY, matches })).toMatchObject({ isTruncated: false })
  })

  test.each([
    [MAX_SCANNED - 1, false],
    [MAX_SCANNED, true],
    [MAX_SCANNED + 1, true],
  ])('a search through a log of %i lines may have missed some: %s', async (count, isTruncated) => {
    const page = await readTail(
      logOf(many(count)).open,
      { ...QUERY, matches: (message) => message === 'none' },
      () => 0,
    )
    expect(page).toMatchObject({ lines: [], isTruncated })
  })

  test('lines until a time are searched among many, because an engine counts before it filters', async () => {
    const { open, asked } = logOf(many(10))
    const page = await readTail(open, { ...QUERY, until: '1795478405.000000000' })
    // The time itself is included.
    expect([messagesOf(page), page.isTruncated]).toEqual([['line 3', 'line 4', 'line 5'], true])
    expect(asked).toMatchObject([{ tail: 2_000 }])
    expect(asked[0]).not.toHaveProperty('until')
  })

  test('a search that finds too little scans more, up to its bound', async () => {
    const { open, asked } = logOf(many(MAX_SCANNED + 10))
    const matches = (message: string) => message === 'line 20'
    expect(await readTail(open, { ...QUERY, matches })).toMatchObject({
      lines: [{ message: 'line 20' }],
      isTruncated: true,
    })
    expect(asked.map(({ tail }) => tail)).toEqual([2_000, 16_000, MAX_SCANNED])
  })

  test('a single stream is searched among both, because an engine counts both', async () => {
    const lines = many(9).map((line, row) => ({ ...line, stream: row === 1 ? ('stderr' as const) : line.stream }))
    const page = await readTail(logOf(lines).open, { ...QUERY, tail: 1, stdout: false })
    expect(page).toMatchObject({ lines: [{ message: 'line 1' }], isTruncated: false })
    expect(messagesOf(await readTail(logOf(lines).open, { ...QUERY, stderr: false }))).toEqual([
      'line 6',
      'line 7',
      'line 8',
    ])
  })

  test('returns the cursor of the very last line, even if it does not match', async () => {
    const page = await readTail(logOf(many(3)).open, { ...QUERY, matches: (message) => message === 'line 1' })
    expect(page.end).toEqual({ at: '1795478402.000000000', nth: 1 })
    expect((await readTail(logOf([]).open, QUERY)).end).toBeNull()
  })

  test('more messages are requested until there are enough long lines, which an engine stores in parts', async () => {
    const lines = many(100).map((line) => ({ ...line, parts: 50 }))
    const { open, asked } = logOf(lines)
    const page = await readTail(open, QUERY)
    expect(messagesOf(page)).toEqual(['line 97', 'line 98', 'line 99'])
    expect(asked.map(({ tail }) => tail)).toEqual([53, 424])
  })

  test.each([
    [0, 4, false],
    [1, 3, true],
  ])('messages that exceed one answer by %i leave %i of four', async (excess, shown, isTruncated) => {
    // JSON puts two quotes around each.
    const quarter = MAX_PAGE_BYTES / 4 - 2
    const lines = many(4, (row) => 'x'.repeat(quarter + (row === 3 ? excess : 0)))
    const page = await readTail(logOf(lines).open, { ...QUERY, tail: 100 })
    expect([page.lines.length, page.isTruncated]).toEqual([shown, isTruncated])
  })

  test('control characters count as JSON writes them', async () => {
    const lines = many(4, () => '\u0001'.repeat(MAX_PAGE_BYTES / 12))
    const page = await readTail(logOf(lines).open, { ...QUERY, tail: 100 })
    expect(JSON.stringify(page.lines).length).toBeLessThan(MAX_PAGE_BYTES * 1.01)
    expect(page.isTruncated).toBe(true)
  })

  test('a search that takes too long returns what it has found', async () => {
    let now = 0
    const looked: string[] = []
    const slow = (message: string) => {
      now += 15
      looked.push(message)
      return message === 'line 0'
    }
    const { open, asked } = logOf(many(1_000))
    const page = await readTail(open, { ...QUERY, matches: slow }, () => now)
    expect(page).toMatchObject({ lines: [{ message: 'line 0' }], isTruncated: true })
    expect(looked).toHaveLength(Math.floor(MAX_SEARCH_MS / 15) + 1)
    expect(asked).toHaveLength(1)
  })

  test('yields to other work, however long one line takes', async () => {
    let now = 0
    const slow = () => {
      now += 12
      return false
    }
    let turns = 0
    let isOver = false
    const count = () => {
      turns += 1
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    await readTail(logOf(many(20)).open, { ...QUERY, matches: slow }, () => now)
    isOver = true
    expect(turns).toBeGreaterThanOrEqual(20)
  })

  test('a cut line counts as truncated', async () => {
    const { open } = logOf([lineAt(1, 'x', { isCut: true })])
    expect(await readTail(open, QUERY)).toMatchObject({ lines: [{ message: 'x' }], isTruncated: true })
  })

  test('counts the redactions in the returned lines', async () => {
    const lines = many(5).map((line) => ({ ...line, redactions: 2 }))
    expect(await readTail(logOf(lines).open, QUERY)).toMatchObject({ redactions: 6 })
  })

  const broken = (error: Error, lines: readonly LogLine[]) =>
    async function* () {
      yield lines
      throw error
    }

  test('a damaged log still returns its readable lines', async () => {
    const error = new ApiError('engine-bad-answer', 'broken')
    expect(await readTail(broken(error, many(2)), QUERY)).toMatchObject({ lines: [{}, {}], isTruncated: true })
    await expect(readTail(broken(error, []), QUERY)).rejects.toBe(error)
  })

  test('an engine that is too slow or gone is a fault, even after some lines', async () => {
    for (const code of ['engine-timeout', 'engine-unavailable'] as const)
      await expect(readTail(broken(new ApiError(code, 'x'), many(2)), QUERY)).rejects.toMatchObject({ code })
  })
})
