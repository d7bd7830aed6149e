import { BACKSLASH, CLOSE_LIST, CLOSE_OBJECT, OPEN_LIST, OPEN_OBJECT, QUOTE, STRIDE } from './json-bytes.js'
import { endOfPlain } from './kept-text.js'

/** The rest of a list or an object that is passed over, to its end. Only its levels are counted. */
export class PassedOver {
  #levels = 0
  #isInText = false
  #isEscaped = false

  /** Whether its end was read. */
  get isOver(): boolean {
    return this.#levels === 0
  }

  /** Begins behind the bracket that opens it. */
  begin(): void {
    this.#levels = 1
    this.#isInText = false
    this.#isEscaped = false
  }

  /** Reads on, and returns where it stops: behind the bracket that closes it, or at the end of the chunk. */
  read(chunk: Buffer, from: number): number {
    let at = this.#isInText ? this.#readText(chunk, from) : from
    while (at < chunk.length) {
      const byte = chunk[at]
      at += 1
      if (byte === QUOTE) at = this.#readText(chunk, at)
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#levels += 1
      else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        this.#levels -= 1
        if (this.#levels === 0) return at
      }
    }
    return at
  }

  /** Returns where the text stops: behind its quote, or at the end of the chunk. */
  #readText(chunk: Buffer, from: number): number {
    let at = this.#isEscaped ? from + 1 : from
    this.#isEscaped = false
    this.#isInText = true
    while (at < chunk.length) {
      const byte = chunk[at]
      at += 1
      if (byte === QUOTE) {
        this.#isInText = false
        return at
      }
      if (byte === BACKSLASH) {
        // The byte behind it is part of the escape, also where the next chunk has it.
        this.#isEscaped = at === chunk.length
        at += 1
      } else if (at - from >= STRIDE) at = endOfPlain(chunk, at)
    }
    return chunk.length
  }
}
