import { type LoopShare, STOPWATCH } from '../../concurrency/event-loop-yield.js'
import { ApiError } from '../../model/error.js'
import type { AnswerReader } from './answer-reader.js'
import { JsonPruner, type JsonUnit } from './json-pruner.js'

/** Bytes that are worked on before the clock is looked at. The dearest are items of three bytes, each with a fault. */
const PIECE_BYTES = 1024

/** Bytes of a chunk that are worked on as they come: most answers have no more. More waits for its party's turn. */
const AT_ONCE_BYTES = 16 * PIECE_BYTES

/** How work on an engine's answers is shared out. */
export interface Party {
  readonly loopShare: LoopShare
  readonly name: string
}

/** Reads a JSON answer as its bytes come, a slice at a time. */
export class AnswerBody<T> {
  readonly #reader: AnswerReader<T>
  readonly #pruner: JsonPruner
  readonly #party: Party

  constructor(reader: AnswerReader<T>, party: Party) {
    this.#reader = reader
    this.#party = party
    const { shape, isSplit, bounds } = reader
    this.#pruner = new JsonPruner({ shape, isSplit, bounds, onUnit: (unit) => this.#take(unit) })
  }

  /** Whether the rest of the answer is not wanted. */
  get isFull(): boolean {
    return this.#reader.isFull
  }

  /** Takes a chunk. Null where it has been worked on within this call. Throws, or rejects, with MalformedJson or engine-bad-answer. */
  push(chunk: Buffer): Promise<void> | null {
    const { loopShare, name } = this.#party
    if (chunk.length > AT_ONCE_BYTES || loopShare.delayOf(name) > 0) return this.#pushInSlices(chunk)
    const startedAt = STOPWATCH()
    try {
      this.#pruner.push(chunk)
    } finally {
      loopShare.charge(name, STOPWATCH() - startedAt)
    }
    return null
  }

  /** The end of the bytes. Throws MalformedJson or engine-bad-answer. */
  end(): T {
    this.#pruner.end()
    return this.#reader.result(false)
  }

  /** What came of the bytes so far, where the rest is not read. */
  endEarly(): T {
    return this.#reader.result(true)
  }

  async #pushInSlices(chunk: Buffer): Promise<void> {
    const { loopShare, name } = this.#party
    await loopShare.turn(name)
    const slice = loopShare.slice(name)
    for (let at = 0; at < chunk.length && !this.isFull; at += PIECE_BYTES) {
      this.#pruner.push(chunk.subarray(at, at + PIECE_BYTES))
      if (slice.isOver) await slice.next()
    }
    slice.end()
  }

  #take(unit: JsonUnit): void {
    if (this.#reader.isFull) return
    let value: unknown
    try {
      // What has another form than the shape is null. It may come by the thousand.
      value = unit.json === 'null' ? null : JSON.parse(unit.json)
    } catch {
      throw new ApiError('engine-bad-answer', 'a value that is no JSON')
    }
    this.#reader.take(value, unit)
  }
}
