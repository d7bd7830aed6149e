import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LogRequest } from '../engine/engine.js'
import { ApiError } from '../model/error.js'
import type { LogLine, LogPage, LogWish } from '../model/log-line.js'

/** Messages that are looked through where not the last ones are wanted but those that fit: half a second of this process. */
export const MAX_SCANNED = 50_000

/** Bytes of all messages of one answer. The newest are kept. */
export const MAX_PAGE_BYTES = 4 * 1024 * 1024

/** Lines after which others get a turn. */
const LINES_PER_TURN = 500

/** Where an engine keeps long lines in parts, the last so many messages are fewer lines: then more are asked for, so much more. */
const WIDENING = 8

type Ask = (request: Omit<LogRequest, 'isTty'>) => AsyncIterable<readonly LogLine[]>

/**
 * The last lines that fit a wish, in bounded memory, however large the log is. Where `until` or a pattern is to be met, the newest
 * MAX_SCANNED messages are looked through, since an engine counts before it looks.
 */
export async function readLog(ask: Ask, wish: LogWish): Promise<LogPage> {
  const isSearch = wish.matches !== null || wish.until !== null
  // One more than wanted tells whether there are older ones.
  let asked = isSearch ? MAX_SCANNED : wish.tail + 1
  for (;;) {
    const { since, until, stdout, stderr } = wish
    const page = await collect(ask({ tail: asked, since, until, stdout, stderr, follow: false }), wish)
    const isAll = page.messages < asked
    if (isAll || page.matched > wish.tail || asked >= MAX_SCANNED) {
      const isTruncated = page.isTruncated || page.matched > page.lines.length || (!isAll && isSearch)
      return { lines: page.lines, isTruncated, redactions: page.redactions }
    }
    asked = Math.min(MAX_SCANNED, asked * WIDENING)
  }
}

interface Collected extends LogPage {
  /** Of the engine's messages, all that were looked at. */
  readonly messages: number
  /** Lines that fit, those that were dropped for want of room included. */
  readonly matched: number
}

async function collect(source: AsyncIterable<readonly LogLine[]>, wish: LogWish): Promise<Collected> {
  let kept: LogLine[] = []
  let first = 0
  let bytes = 0
  let messages = 0
  let matched = 0
  let isTruncated = false
  let sinceTurn = 0
  const drop = () => {
    bytes -= sizeOf(kept[first])
    first += 1
    if (first < LINES_PER_TURN) return
    kept = kept.slice(first)
    first = 0
  }
  try {
    for await (const lines of source) {
      for (const line of lines) {
        messages += line.parts
        if (wish.matches !== null && !wish.matches(line.message)) continue
        matched += 1
        kept.push(line)
        bytes += sizeOf(line)
        while (kept.length - first > wish.tail || (bytes > MAX_PAGE_BYTES && kept.length > first)) drop()
      }
      sinceTurn += lines.length
      if (sinceTurn < LINES_PER_TURN) continue
      sinceTurn = 0
      await nextTurn()
    }
  } catch (error) {
    // A log that is damaged somewhere still has its readable lines.
    const isBroken = error instanceof ApiError && error.code === 'engine-bad-answer'
    if (!isBroken || kept.length === first) throw error
    isTruncated = true
  }
  const lines = kept.slice(first)
  const redactions = lines.reduce((sum, line) => sum + line.redactions, 0)
  return { lines, messages, matched, redactions, isTruncated: isTruncated || lines.some(({ isCut }) => isCut) }
}

/** UTF-16 units: near enough, and costs nothing. */
function sizeOf(line: LogLine | undefined): number {
  return line?.message.length ?? 0
}
