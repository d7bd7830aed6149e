import { StringDecoder } from 'node:string_decoder'

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

export interface TakenLine {
  readonly bytes: Buffer
  /** Bytes of the whole line, dropped ones included. */
  readonly size: number
  readonly isCut: boolean
}

/** One line that comes in pieces, up to a number of bytes. The rest is dropped. */
export class LineBuffer {
  readonly #maxBytes: number
  #pieces: Buffer[] = []
  #held = 0
  #size = 0
  #isCut = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0 && !this.#isCut
  }

  /** Whether some of the line was dropped. */
  get isCut(): boolean {
    return this.#isCut
  }

  add(bytes: Buffer): void {
    const room = this.#maxBytes - this.#held
    this.#size += bytes.length
    if (bytes.length > room) this.#isCut = true
    const kept = bytes.subarray(0, Math.max(0, room))
    if (kept.length === 0) return
    this.#pieces.push(kept)
    this.#held += kept.length
  }

  markCut(): void {
    this.#isCut = true
  }

  /** Begins the next line. */
  take(): TakenLine {
    const line = { bytes: Buffer.concat(this.#pieces), size: this.#size, isCut: this.#isCut }
    this.#pieces = []
    this.#held = 0
    this.#size = 0
    this.#isCut = false
    return line
  }
}

/** Cuts a chunk at its line feeds, which are in no piece. The last piece, empty where a line feed ends the chunk, ends no line. */
export function cutLines(chunk: Buffer, onPiece: (piece: Buffer, endsLine: boolean) => void): void {
  let start = 0
  for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
    onPiece(chunk.subarray(start, end), true)
    start = end + 1
  }
  onPiece(chunk.subarray(start), false)
}

/** Without the carriage return that a terminal ends its lines with, and without half a character where the line was cut. */
export function lineText(bytes: Buffer, isCut: boolean): string {
  if (isCut) return new StringDecoder('utf8').write(bytes)
  const end = bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length
  return bytes.toString('utf8', 0, end)
}

/** The same bytes as a Buffer, not copied. */
export function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length)
}
