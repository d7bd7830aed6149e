import { ApiError } from '../model/error.js'

/** Bytes of one line: an event carries all labels of its container, and those are some kilobytes. */
const MAX_LINE_BYTES = 1024 * 1024

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/**
 * Splits a byte stream into its lines, without their ends; empty lines are left out. A line is decoded as a whole, so
 * characters that are split between chunks stay whole. What stands behind the last line end is a line too. Rejects with
 * the source's error, or with engine-bad-answer on a line of more than `maxLineBytes`, of which no more than that and
 * one chunk is ever held.
 */
export async function* readLines(
  source: AsyncIterable<Uint8Array>,
  maxLineBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<string, void, undefined> {
  let pieces: Uint8Array[] = []
  let held = 0
  const hold = (piece: Uint8Array) => {
    held += piece.length
    if (held > maxLineBytes)
      throw new ApiError('engine-bad-answer', `a line of the stream is longer than ${maxLineBytes} bytes`)
    if (piece.length > 0) pieces.push(piece)
  }
  const take = () => {
    const line = decodeLine(pieces)
    pieces = []
    held = 0
    return line
  }
  for await (const chunk of source) {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      hold(chunk.subarray(start, end))
      const line = take()
      if (line !== '') yield line
      start = end + 1
    }
    hold(chunk.subarray(start))
  }
  const rest = take()
  if (rest !== '') yield rest
}

function decodeLine(pieces: readonly Uint8Array[]): string {
  const bytes = Buffer.concat(pieces)
  const end = bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length
  return bytes.toString('utf8', 0, end)
}
