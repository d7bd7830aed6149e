import { JsonPruner, type JsonUnit, MalformedJson } from './json-pruner.js'
import type { JsonShape } from './json-shape.js'

const LINE_FEED = 0x0a

/** What a line holds; `unit` is null where it is no JSON, and `rest` what could be read of it. */
export type JsonLine =
  | { readonly unit: JsonUnit; readonly rest?: never }
  | { readonly unit: null; readonly rest: string }

/** Reads lines of JSON (one value a line) as they come. A line of any length is read in bounded memory, and one that is no JSON ends nothing. */
export class JsonLines {
  readonly #pruner: JsonPruner
  readonly #onLine: (line: JsonLine) => void
  /** What could be read of the present line, where it is no JSON. */
  #rest: string | null = null
  #hasValue = false

  constructor(shape: JsonShape, onLine: (line: JsonLine) => void) {
    this.#onLine = onLine
    this.#pruner = new JsonPruner({
      shape,
      isSplit: false,
      onUnit: (unit) => {
        this.#hasValue = true
        onLine({ unit })
      },
    })
  }

  push(chunk: Buffer): void {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      this.#read(chunk.subarray(start, end))
      this.end()
      start = end + 1
    }
    this.#read(chunk.subarray(start))
  }

  /** The line ends. */
  end(): void {
    const isEmpty = this.#pruner.isIdle
    const unfinished = this.#pruner.reset()
    const rest = this.#rest ?? (this.#hasValue || isEmpty ? null : unfinished)
    this.#rest = null
    this.#hasValue = false
    if (rest !== null) this.#onLine({ unit: null, rest })
  }

  #read(piece: Buffer): void {
    if (this.#rest !== null) return
    try {
      this.#pruner.push(piece)
    } catch (error) {
      if (!(error instanceof MalformedJson)) throw error
      this.#rest = this.#pruner.reset()
    }
  }
}
