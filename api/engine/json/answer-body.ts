import { type LoopShare, STOPWATCH } from '../../concurrency/event-loop-yield.js'
import type { AnswerReader } from './answer-reader.js'
import { JsonPruner, type JsonUnit, MalformedJson } from './json-pruner.js'

/** Bytes that are worked on before the clock is looked at. The dearest are items of three bytes, each with a fault. */
const PIECE_BYTES = 1024

/** Bytes of a chunk that are worked on as they come: most answers have no more. More waits for its party's turn. */
const AT_ONCE_BYTES = 16 * PIECE_BYTES

/**
 * Milliseconds that a call takes beside the work on its answer's body: connection, head and bookkeeping. Thousands of small answers
 * a second would be free without it.
 */
const CALL_MS = 0.15

const EMPTY = Buffer.alloc(0)

/** How work on an engine's answers is shared out. */
export interface Party {
  readonly loopShare: LoopShare
  readonly name: string
  /** What its time counts; 1 unless given. */
  readonly weight?: number
}

/** Reads a JSON answer as its bytes come, a slice at a time. */
export class AnswerBody<T> {
  readonly #reader: AnswerReader<T>
  #lazyPruner: JsonPruner | null = null
  readonly #party: Party
  /** All that has come, while it may be parsed as it is; null once it is more. */
  #plain: Buffer | null = EMPTY

  constructor(reader: AnswerReader<T>, party: Party) {
    this.#reader = reader
    this.#party = party
    const { loopShare, name, weight = 1 } = party
    loopShare.charge(name, CALL_MS * weight)
  }

  /** Whether the rest of the answer is not wanted. */
  get isFull(): boolean {
    return this.#reader.isFull
  }

  /** Takes a chunk. Null where it has been worked on within this call. Throws, or rejects, with MalformedJson or engine-bad-answer. */
  push(chunk: Buffer): Promise<void> | null {
    if (this.#plain !== null) {
      const bytes = this.#plain.length === 0 ? chunk : Buffer.concat([this.#plain, chunk])
      this.#plain = bytes.length > this.#reader.plainBytes ? null : bytes
      if (this.#plain === null) return this.#prune(bytes)
      const { loopShare, name } = this.#party
      return loopShare.delayOf(name) > 0 ? loopShare.turn(name) : null
    }
    return this.#prune(chunk)
  }

  #prune(chunk: Buffer): Promise<void> | null {
    const { loopShare, name } = this.#party
    if (chunk.length > AT_ONCE_BYTES || loopShare.delayOf(name) > 0) return this.#pushInSlices(chunk)
    this.#atOnce(() => this.#pruner.push(chunk))
    return null
  }

  /** Work of few bytes, which is charged without a slice. */
  #atOnce(work: () => void): void {
    const { loopShare, name, weight = 1 } = this.#party
    const startedAt = STOPWATCH()
    try {
      work()
    } finally {
      loopShare.charge(name, (STOPWATCH() - startedAt) * weight)
    }
  }

  /** The end of the bytes. Throws MalformedJson or engine-bad-answer. */
  end(): T {
    if (this.#plain === null || this.#plain.length === 0) this.#pruner.end()
    else {
      const json = this.#plain.toString('utf8')
      this.#atOnce(() => this.#reader.take(parsed(json), { key: null, isItem: false, json, isCut: false }))
    }
    return this.#reader.result(false)
  }

  /** What came of the bytes so far, where the rest is not read. */
  endEarly(): T {
    return this.#reader.result(true)
  }

  async #pushInSlices(chunk: Buffer): Promise<void> {
    const { loopShare, name, weight = 1 } = this.#party
    await loopShare.turn(name)
    const slice = loopShare.slice(name, weight)
    for (let at = 0; at < chunk.length && !this.isFull; at += PIECE_BYTES) {
      this.#pruner.push(chunk.subarray(at, at + PIECE_BYTES))
      if (slice.isOver) await slice.next()
    }
    slice.end()
  }

  /** Made for the first bytes that it gets: most answers of a busy host are parsed as they are. */
  get #pruner(): JsonPruner {
    const { shape, isSplit, bounds } = this.#reader
    this.#lazyPruner ??= new JsonPruner({ shape, isSplit, bounds, onUnit: (unit) => this.#take(unit) })
    return this.#lazyPruner
  }

  #take(unit: JsonUnit): void {
    if (this.#reader.isFull) return
    // What has another form than the shape is null. It may come by the thousand.
    this.#reader.take(unit.json === 'null' ? null : parsed(unit.json), unit)
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new MalformedJson('a value that is no JSON')
  }
}
