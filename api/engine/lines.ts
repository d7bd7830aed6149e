import { ApiError } from '../model/error.js'
import { bufferOf, cutLines, LineBuffer, lineText } from './line-buffer.js'

/** Bytes of one line: an event carries all labels of its container, and those are some kilobytes. */
const MAX_LINE_BYTES = 1024 * 1024

/**
 * Splits a byte stream into its lines, without their ends; empty lines are left out. A line is decoded as a whole, so
 * characters that are split between chunks stay whole. What follows the last line end is a line too. Rejects with
 * the source's error, or with engine-bad-answer on a line of more than `maxLineBytes`, of which no more than that and
 * one chunk is ever held.
 */
export async function* readLines(
  source: AsyncIterable<Uint8Array>,
  maxLineBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<string, void, undefined> {
  const buffer = new LineBuffer(maxLineBytes)
  let lines: string[] = []
  const end = () => {
    const line = lineText(buffer.take().bytes, false)
    if (line !== '') lines.push(line)
  }
  for await (const chunk of source) {
    try {
      cutLines(bufferOf(chunk), (piece, endsLine) => {
        buffer.add(piece)
        if (buffer.isCut)
          throw new ApiError('engine-bad-answer', `a line of the stream is longer than ${maxLineBytes} bytes`)
        if (endsLine) end()
      })
    } finally {
      // Lines before a fault are given, however the bytes were cut into chunks.
      for (const line of lines) yield line
      lines = []
    }
  }
  end()
  for (const line of lines) yield line
}
