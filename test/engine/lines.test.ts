import fc from 'fast-check'
import { readLines } from '../../api/engine/lines.js'
import { ApiError } from '../../api/model/error.js'

async function* from(chunks: Iterable<Uint8Array>, fault?: Error): AsyncGenerator<Uint8Array> {
  yield* chunks
  if (fault !== undefined) throw fault
}

async function linesOf(chunks: Iterable<Uint8Array>, maxLineBytes?: number): Promise<string[]> {
  const lines: string[] = []
  for await (const line of readLines(from(chunks), maxLineBytes)) lines.push(line)
  return lines
}

/** Cuts bytes at the given offsets, which may repeat and be out of range. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = places.map((place) => Math.min(place, bytes.length)).sort((a, b) => a - b)
  return [...sorted, bytes.length].map((end, i) => bytes.subarray(sorted[i - 1] ?? 0, end))
}

describe('readLines', () => {
  test.each([
    ['', []],
    ['\n\n\r\n', []],
    ['a\nb\n', ['a', 'b']],
    ['a\r\nb', ['a', 'b']],
    ['\na\n\nb\n\n', ['a', 'b']],
    ['a\rb\n', ['a\rb']],
    ['{"x":"\u00fc\u{1f433}"}\n', ['{"x":"\u00fc\u{1f433}"}']],
  ])('%j holds the lines %j', async (text, expected) => {
    expect(await linesOf([Buffer.from(text)])).toEqual(expected)
    expect(await linesOf([...Buffer.from(text)].map((byte) => Uint8Array.of(byte)))).toEqual(expected)
  })

  test('any chunking gives the same lines', async () => {
    const text = fc
      .array(fc.oneof(fc.constant('\n'), fc.constant('\r\n'), fc.string({ unit: 'grapheme' })))
      .map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(200)), async (whole, places) => {
        const bytes = Buffer.from(whole)
        const expected = bytes
          .toString()
          .split('\n')
          .map((line) => line.replace(/\r$/, ''))
          .filter((line) => line !== '')
        expect(await linesOf(cut(bytes, places))).toEqual(expected)
      }),
    )
  })

  test('a line of just the bound passes, one byte more does not', async () => {
    expect(await linesOf([Buffer.from('12345678\n1234\n')], 8)).toEqual(['12345678', '1234'])
    await expect(linesOf([Buffer.from('123456789\n')], 8)).rejects.toMatchObject({ code: 'engine-bad-answer' })
    await expect(linesOf([Buffer.from('123'), Buffer.from('456789')], 8)).rejects.toBeInstanceOf(ApiError)
  })

  test('an endless line is given up soon, not held', async () => {
    let asked = 0
    function* endless() {
      for (;;) {
        asked += 1
        yield Buffer.alloc(1024, 'x')
      }
    }
    await expect(linesOf(endless(), 10_000)).rejects.toMatchObject({ code: 'engine-bad-answer' })
    expect(asked).toBe(10)
  })

  test('lines before a fault are given, and the fault is passed on', async () => {
    const fault = new Error('cut')
    const lines: string[] = []
    const read = async () => {
      for await (const line of readLines(from([Buffer.from('a\nb')], fault))) lines.push(line)
    }
    await expect(read()).rejects.toBe(fault)
    expect(lines).toEqual(['a'])
  })

  test('who stops reading closes the source', async () => {
    let isClosed = false
    async function* source() {
      try {
        for (;;) yield Buffer.from('a\n')
      } finally {
        isClosed = true
      }
    }
    for await (const line of readLines(source())) {
      expect(line).toBe('a')
      break
    }
    expect(isClosed).toBe(true)
  })
})
