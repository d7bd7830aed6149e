import { BACKSLASH, LONGEST_ESCAPE, QUOTE, STRIDE } from './json-bytes.js'
import type { JsonWriter } from './json-writer.js'

/** A text that is read, and kept as far as there is room. */
export class KeptText {
  readonly #out: JsonWriter
  #room = 0
  #isEscaped = false
  #isOver = false
  #isCut = false

  constructor(out: JsonWriter) {
    this.#out = out
  }

  /** Whether its closing quote was read. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Whether some of it is not kept. */
  get isCut(): boolean {
    return this.#isCut
  }

  /** Begins behind the opening quote. Without room nothing is kept. */
  begin(roomBytes: number): void {
    this.#room = roomBytes
    this.#isEscaped = false
    this.#isOver = false
    this.#isCut = false
  }

  /** Reads on, and returns where it stops: behind the closing quote, which is not kept, or at the end of the chunk. */
  read(chunk: Buffer, from: number): number {
    let at = from
    if (this.#isEscaped) {
      this.#isEscaped = false
      this.#keep(chunk, at, at + 1)
      at += 1
    }
    let start = at
    for (;;) {
      const byte = chunk[at]
      if (byte === undefined || byte === QUOTE || byte === BACKSLASH) {
        this.#keepPlain(chunk, start, at)
        if (byte === undefined) return at
        if (byte === QUOTE) {
          this.#isOver = true
          return at + 1
        }
        this.#keepEscape(chunk, at)
        start = Math.min(at + 2, chunk.length)
        at = start
      } else if (at - start >= STRIDE) at = endOfPlain(chunk, at)
      else at += 1
    }
  }

  /** Keeps bytes without an escape. What is cut ends with a whole character. */
  #keepPlain(chunk: Buffer, start: number, end: number): void {
    let stop = Math.min(end, start + this.#room)
    if (stop < end) {
      while (stop > start && ((chunk[stop] ?? 0) & 0xc0) === 0x80) stop -= 1
      this.#isCut = true
    }
    this.#keep(chunk, start, stop)
    if (stop < end) this.#room = 0
  }

  /** An escape of two or six bytes is kept whole or not at all. */
  #keepEscape(chunk: Buffer, at: number): void {
    if (this.#room < LONGEST_ESCAPE) {
      this.#room = 0
      this.#isCut = true
    }
    this.#keep(chunk, at, Math.min(at + 2, chunk.length))
    this.#isEscaped = at + 1 === chunk.length
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    if (this.#room === 0) return
    this.#out.bytes(chunk, start, end)
    this.#room = Math.max(0, this.#room - (end - start))
  }
}

/** Where the next quote or backslash is; the chunk's end where it has neither. */
export function endOfPlain(chunk: Buffer, from: number): number {
  const quote = chunk.indexOf(QUOTE, from)
  const end = quote === -1 ? chunk.length : quote
  const escapeAt = chunk.subarray(from, end).indexOf(BACKSLASH)
  return escapeAt === -1 ? end : from + escapeAt
}
