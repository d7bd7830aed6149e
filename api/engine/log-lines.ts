import { STOPWATCH, TimeSlice } from '../concurrency/event-loop-yield.js'
import { type EngineTime, engineTimeOf } from '../model/engine-time.js'
import { ApiError } from '../model/error.js'
import type { LogStream } from '../model/log-line.js'
import { RFC_3339 } from '../model/rfc3339.js'
import { scrubText } from '../redaction/scrub.js'
import { bufferOf, cutLines, LineBuffer, lineText } from './line-buffer.js'

/** One line as the engine has it, not scrubbed yet. */
export interface RawLogLine {
  readonly at: EngineTime | null
  readonly stream: LogStream
  readonly message: string
  readonly isCut: boolean
  /** Messages of the engine that it is made of. */
  readonly parts: number
}

/** Bytes of one line: some loggers write a whole stack trace or document as one, and nobody reads further. */
export const MAX_LINE_BYTES = 64 * 1024

/** Bytes that are worked on before the clock is looked at: a thousand empty lines, or a hundred frames of one byte. */
const PIECE_BYTES = 1024

/** Stream, three bytes of zero, length of what follows (engine API, ContainerAttach, "Stream format"). */
const HEADER_BYTES = 8

/** Bytes of one frame: a line's worth, and its time. */
const MAX_FRAME_BYTES = MAX_LINE_BYTES + 64

/** An engine stores a longer line in parts of this size, each with its time (moby daemon/logger/copier.go, defaultBufSize). */
const PART_BYTES = 16 * 1024

const LINE_FEED = 0x0a

/** The engine's own message about a log that it cannot read to its end (moby pkg/stdcopy, Systemerr). */
const SYSTEM_ERROR = 3

/**
 * Bytes that json-file makes a part longer by: of a character that was cut in two, it writes a replacement of three bytes for
 * each byte, at both ends of the part (moby daemon/logger/jsonfilelog/jsonlog/jsonlogbytes.go).
 */
const MAX_PART_GROWTH = 12

/** As many bytes as the longest time and its space take. */
const TIME_BYTES = 40
const TIME = new RegExp(`^(${RFC_3339}) `)
const PART_END = new RegExp(`^[\\s\\S]{0,${MAX_PART_GROWTH}}?(?=${RFC_3339} )`)

/** A line's worth, with the times of its parts. */
const MAX_RAW_LINE_BYTES = MAX_LINE_BYTES + (MAX_LINE_BYTES / PART_BYTES + 1) * (TIME_BYTES + MAX_PART_GROWTH)

/**
 * Puts a log's lines together as they come, those of each chunk at once: out of frames, or out of a terminal's bytes. Each
 * stored message begins with its time; the times of a line's later parts are taken out. Characters that are split between
 * chunks or parts stay whole. Of a line no more than MAX_LINE_BYTES is ever held. What follows the last line end is a line too.
 * Rejects with the source's error, or with engine-bad-answer on what is no log.
 */
export async function* readLogLines(
  source: AsyncIterable<Uint8Array>,
  isTty: boolean,
  startSlice: () => TimeSlice = () => new TimeSlice(STOPWATCH),
): AsyncGenerator<readonly RawLogLine[], void, undefined> {
  const reader = isTty ? new TerminalReader() : new FrameReader()
  for await (const chunk of source) {
    const lines: RawLogLine[] = []
    const slice = startSlice()
    try {
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        reader.take(bufferOf(chunk).subarray(at, at + PIECE_BYTES), lines)
        if (slice.isOver) await slice.next()
      }
    } finally {
      slice.end()
      // Lines before a fault are given, however the bytes were cut into chunks.
      if (lines.length > 0) yield lines
    }
  }
  const rest: RawLogLine[] = []
  reader.end(rest)
  if (rest.length > 0) yield rest
}

/** A line that is not over yet. */
class OpenLine {
  readonly #stream: LogStream
  readonly #buffer = new LineBuffer(MAX_LINE_BYTES)
  #at: EngineTime | null = null
  #parts = 0

  constructor(stream: LogStream) {
    this.#stream = stream
  }

  /** One message of the engine: a line, a part of one, or several. */
  message(payload: Buffer, isCut: boolean, lines: RawLogLine[]): void {
    // An empty frame is no message: it has no time.
    if (payload.length === 0) return
    const { at, rest } = splitTime(payload)
    if (this.#parts === 0) this.#at = at
    this.#parts += 1
    let isFirst = true
    cutLines(rest, (piece, endsLine) => {
      if (isFirst) this.#buffer.add(piece)
      // Nothing follows the line feed that ends a message.
      else if (piece.length > 0 || endsLine || isCut) this.#begin(piece, at)
      isFirst = false
      if (endsLine) this.finish(lines)
    })
    if (isCut) this.#buffer.markCut()
  }

  /** A further line of the same message. It has a time of its own where the engine wrote one. */
  #begin(piece: Buffer, messageTime: EngineTime | null): void {
    const { at, rest } = splitTime(piece)
    this.#at = at ?? messageTime
    this.#parts = 1
    this.#buffer.add(rest)
  }

  finish(lines: RawLogLine[]): void {
    if (this.#parts === 0) return
    const { bytes, isCut } = this.#buffer.take()
    lines.push({ at: this.#at, stream: this.#stream, message: lineText(bytes, isCut), isCut, parts: this.#parts })
    this.#parts = 0
    this.#at = null
  }
}

class FrameReader {
  readonly #lines = { stdout: new OpenLine('stdout'), stderr: new OpenLine('stderr') }
  readonly #header = Buffer.alloc(HEADER_BYTES)
  #headerFill = 0
  #remaining = 0
  readonly #payload = new LineBuffer(MAX_FRAME_BYTES)
  #endsLine = false

  take(chunk: Buffer, lines: RawLogLine[]): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#headerFill < HEADER_BYTES) {
        const copied = chunk.copy(this.#header, this.#headerFill, at)
        this.#headerFill += copied
        at += copied
        if (this.#headerFill < HEADER_BYTES) return
        if (this.#header.readUInt8(0) > SYSTEM_ERROR || this.#header.readUIntBE(1, 3) !== 0)
          throw new ApiError(
            'engine-bad-answer',
            'a log that is not made of frames, though the container has no terminal',
          )
        this.#remaining = this.#header.readUInt32BE(4)
        this.#endsLine = false
      } else {
        const taken = chunk.subarray(at, at + this.#remaining)
        this.#payload.add(taken)
        this.#endsLine = taken.at(-1) === LINE_FEED
        this.#remaining -= taken.length
        at += taken.length
      }
      if (this.#remaining === 0) this.#frame(lines)
    }
  }

  end(lines: RawLogLine[]): void {
    if (this.#headerFill > 0) throw new ApiError('engine-bad-answer', 'a log that ends within a frame')
    this.#lines.stdout.finish(lines)
    this.#lines.stderr.finish(lines)
  }

  #frame(lines: RawLogLine[]): void {
    const { bytes, isCut } = this.#payload.take()
    this.#headerFill = 0
    const kind = this.#header.readUInt8(0)
    if (kind === SYSTEM_ERROR) {
      const words = scrubText(bytes.toString('utf8').trim().slice(0, 200)).value
      throw new ApiError('engine-bad-answer', `the engine cannot read the log to its end: ${JSON.stringify(words)}`)
    }
    const line = kind === 2 ? this.#lines.stderr : this.#lines.stdout
    line.message(bytes, isCut, lines)
    if (isCut && this.#endsLine) line.finish(lines)
  }
}

class TerminalReader {
  readonly #buffer = new LineBuffer(MAX_RAW_LINE_BYTES)

  take(chunk: Buffer, lines: RawLogLine[]): void {
    cutLines(chunk, (piece, endsLine) => {
      this.#buffer.add(piece)
      if (endsLine) lines.push(this.#line())
    })
  }

  end(lines: RawLogLine[]): void {
    if (!this.#buffer.isEmpty) lines.push(this.#line())
  }

  #line(): RawLogLine {
    const { bytes, size, isCut } = this.#buffer.take()
    const { at, rest } = splitTime(bytes)
    const whole = new LineBuffer(MAX_LINE_BYTES)
    let parts = 1
    let end = partEnd(rest)
    whole.add(rest.subarray(0, end))
    for (let left = rest.subarray(end); left.length > 0; left = left.subarray(end)) {
      left = splitTime(left).rest
      end = partEnd(left)
      whole.add(left.subarray(0, end))
      parts += 1
    }
    const kept = whole.take()
    const cut = isCut || kept.isCut
    // Parts that were dropped count too, each with its time.
    if (isCut) parts = Math.max(parts, Math.ceil(size / (PART_BYTES + bytes.length - rest.length)))
    return { at, stream: 'stdout', message: lineText(kept.bytes, cut), isCut: cut, parts }
  }
}

/** Where a part of a terminal's line ends: before the next one's time where there is one. */
function partEnd(line: Buffer): number {
  const next = PART_END.exec(line.toString('latin1', PART_BYTES, PART_BYTES + MAX_PART_GROWTH + TIME_BYTES))
  return PART_BYTES + (next?.[0].length ?? 0)
}

function splitTime(message: Buffer): { readonly at: EngineTime | null; readonly rest: Buffer } {
  const text = TIME.exec(message.toString('latin1', 0, TIME_BYTES))?.[1]
  const at = text === undefined ? null : engineTimeOf(text)
  return text === undefined || at === null
    ? { at: null, rest: message }
    : { at, rest: message.subarray(text.length + 1) }
}
