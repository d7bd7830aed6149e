import { BACKLOG, KEPT, LineWindow } from '../../../api/live/logs/line-window.js'
import { engineTimeOf } from '../../../api/model/engine-time.js'
import type { LogCursor, LogLine } from '../../../api/model/log-line.js'
import { lineAt } from '../../support/fake-engine.js'

const cursorAt = (second: number, nth = 1): LogCursor => ({
  at: engineTimeOf(lineAt(second, '').time ?? '') ?? '',
  nth,
})

/** A window with that many lines, one a second and a batch, all read or none. */
function windowOf(count: number, isRead: boolean, changes: Partial<LogLine> = {}): LineWindow {
  const window = new LineWindow()
  for (let row = 0; row < count; row += 1) window.add([lineAt(row, String(row), changes)], isRead ? window.end : 0)
  return window
}

describe('LineWindow', () => {
  test.each([
    ['read', true, KEPT.messages],
    ['not read', false, BACKLOG.messages],
  ])('keeps a bounded number of lines that are %s', (_what, isRead, bound) => {
    expect(windowOf(bound - 1, isRead).first).toBe(0)
    expect(windowOf(bound, isRead).first).toBe(0)
    expect(windowOf(bound + 1, isRead).first).toBe(1)
  })

  test('counts the messages that a line was joined from', () => {
    expect(windowOf(KEPT.messages / 2, true, { parts: 2 }).first).toBe(0)
    expect(windowOf(KEPT.messages / 2 + 1, true, { parts: 2 }).first).toBe(1)
  })

  test.each([
    ['read', true, KEPT.characters],
    ['not read', false, BACKLOG.characters],
  ])('keeps a bounded number of characters that are %s', (_what, isRead, bound) => {
    const message = 'x'.repeat(1_024 - 64)
    const lines = bound / 1_024
    expect(windowOf(lines, isRead, { message }).first).toBe(0)
    expect(windowOf(lines + 1, isRead, { message }).first).toBe(1)
  })

  test('keeps the last lines that came at once, however many they are', () => {
    const window = windowOf(10, false)
    window.add(
      Array.from({ length: 2 * BACKLOG.messages }, (_, row) => lineAt(100, String(row))),
      0,
    )
    expect([window.first, window.end]).toEqual([10, 10 + 2 * BACKLOG.messages])
  })

  test('gives the lines from a position on', () => {
    const window = new LineWindow()
    expect(window.from(0)).toEqual([])
    window.add([], 0)
    window.add([lineAt(0, 'a'), lineAt(1, 'b')], 0)
    window.add([lineAt(2, 'c')], 0)
    const from = (position: number) => window.from(position).map(({ message }) => message)
    expect([from(0), from(1), from(2), from(3)]).toEqual([['a', 'b', 'c'], ['b', 'c'], ['c'], []])
  })

  test('has a place for a cursor whose line it has, or has not had yet', () => {
    const window = windowOf(KEPT.messages + 10, true)
    const last = KEPT.messages + 9
    expect([0, 9, 10, last, last + 1].map((second) => window.hasPlaceFor(cursorAt(second)))).toEqual([
      false,
      false,
      true,
      true,
      true,
    ])
    expect([9, 10, last, last + 1].map((second) => window.contains(cursorAt(second)))).toEqual([
      false,
      true,
      true,
      false,
    ])
    expect(window.contains(cursorAt(last, 2))).toBe(false)
    expect(window.hasPlaceFor(cursorAt(10.5))).toBe(false)
  })

  test('has a place for any cursor as long as nothing is dropped', () => {
    const window = windowOf(KEPT.messages, true)
    expect(window.hasPlaceFor(cursorAt(10.5))).toBe(true)
    expect(new LineWindow().hasPlaceFor(cursorAt(0))).toBe(true)
  })

  test('has no place for a cursor if a line of its time, or a later one, was dropped: lines of one time are counted', () => {
    for (const dropped of [1_000, 1_001]) {
      const window = new LineWindow()
      window.add([lineAt(dropped, 'early')], 0)
      for (let row = 0; row < KEPT.messages; row += 1) window.add([lineAt(1_000, String(row))], window.end)
      expect(window.first).toBe(1)
      expect(window.contains(cursorAt(1_000, 10))).toBe(false)
      expect(window.hasPlaceFor(cursorAt(1_000, 10))).toBe(false)
    }
  })
})
