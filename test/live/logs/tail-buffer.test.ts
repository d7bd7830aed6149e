import { TailBuffer } from '../../../api/live/logs/tail-buffer.js'
import { lineAt } from '../../support/fake-engine.js'

function filled(limits: { readonly lines: number; readonly bytes: number }, messages: readonly string[]): string[] {
  const tail = new TailBuffer(limits)
  for (const [row, message] of messages.entries()) tail.add(lineAt(row, message))
  expect(tail.length).toBe(tail.lines.length)
  return tail.lines.map(({ message }) => message)
}

describe('TailBuffer', () => {
  test.each([
    [0, []],
    [2, ['b', 'c']],
    [3, ['a', 'b', 'c']],
    [4, ['a', 'b', 'c']],
  ])('holds the last %i lines', (lines, expected) => {
    expect(filled({ lines, bytes: 1_000 }, ['a', 'b', 'c'])).toEqual(expected)
  })

  test.each([
    // JSON puts two quotes around each.
    [8, ['aa', 'bb']],
    [7, ['bb']],
    [3, []],
  ])('holds lines of at most %i bytes together', (bytes, expected) => {
    expect(filled({ lines: 10, bytes }, ['aa', 'bb'])).toEqual(expected)
  })

  test('counts a control character as JSON writes it', () => {
    expect(filled({ lines: 10, bytes: 8 }, ['\u0001'])).toEqual(['\u0001'])
    expect(filled({ lines: 10, bytes: 7 }, ['\u0001'])).toEqual([])
  })

  test('drops one line for each new one, without end', () => {
    const messages = Array.from({ length: 3_000 }, (_, row) => `line ${row}`)
    expect(filled({ lines: 700, bytes: 1e6 }, messages)).toEqual(messages.slice(-700))
  })
})
