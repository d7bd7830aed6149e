import { MAX_LINE_BYTES } from './chain.js'
import type { Line } from './verify.js'

/** Bytes of a line that are examined: the longest record, and three times as much for what a log driver wraps around it. */
export const MAX_INPUT_LINE_BYTES = 4 * MAX_LINE_BYTES

const NEWLINE = 10

/** Splits the bytes of one file into lines. Holds one line at a time, and no more of it than MAX_INPUT_LINE_BYTES. */
export class LineSplitter {
  readonly #file: string
  readonly #onLine: (line: Line) => boolean
  #number = 1
  #held: Buffer[] = []
  #heldBytes = 0

  /** `onLine` returns whether it wants more lines. */
  constructor(file: string, onLine: (line: Line) => boolean) {
    this.#file = file
    this.#onLine = onLine
  }

  /** Returns false once `onLine` wants no more. */
  push(chunk: Buffer): boolean {
    let begin = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, begin)) {
      this.#hold(chunk.subarray(begin, end))
      if (!this.#give(true)) return false
      begin = end + 1
    }
    this.#hold(chunk.subarray(begin))
    return true
  }

  /** Hands on what follows the last line break. */
  end(): boolean {
    return this.#heldBytes === 0 || this.#give(false)
  }

  #hold(piece: Buffer): void {
    const part = piece.subarray(0, MAX_INPUT_LINE_BYTES - this.#heldBytes)
    if (part.length === 0) return
    this.#held.push(part)
    this.#heldBytes += part.length
  }

  #give(isEnded: boolean): boolean {
    // Records are ASCII, so a byte is a character. Other bytes are misread here, but they are not a record either way.
    const text = this.#held.map((piece) => piece.toString('latin1')).join('')
    this.#held = []
    this.#heldBytes = 0
    const number = this.#number
    this.#number += 1
    return this.#onLine({ file: this.#file, number, text, isEnded })
  }
}
