import type { CallResult, RecordCall } from '../model/engine-call.js'
import { ApiError } from '../model/error.js'
import type { MakeReader } from './json/answer-reader.js'

/**
 * One call, from its beginning until its answer is read. The transport notes which read it is, the status and the bytes. The
 * reader of the answer ends it: whether an answer is any good shows when it is decoded.
 */
export class MeasuredCall {
  /** Ends the call. */
  readonly signal: AbortSignal
  /** Reads the answer; null where it is a stream or text. */
  readonly makeReader: MakeReader<unknown> | null
  /** Whether a caller waits for it, rather than the inventory. */
  readonly isForCaller: boolean
  readonly #record: RecordCall
  readonly #startedAt = performance.now()
  #read: string | null = null
  #status: number | null = null
  #bytes = 0

  constructor(
    signal: AbortSignal,
    record: RecordCall,
    { makeReader = null, isForCaller = false }: Partial<Pick<MeasuredCall, 'makeReader' | 'isForCaller'>> = {},
  ) {
    this.signal = signal
    this.makeReader = makeReader
    this.isForCaller = isForCaller
    this.#record = record
  }

  /** The guard lets it pass as this read. A call that it refuses reaches no engine, and has no record. */
  passed(read: string): void {
    this.#read = read
  }

  answered(status: number): void {
    this.#status = status
  }

  received(bytes: number): void {
    this.#bytes += bytes
  }

  /** Counts the bytes of a stream on their way to its reader. */
  async *counting(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of stream) {
      this.received(chunk.length)
      yield chunk
    }
  }

  succeed(): void {
    this.#end('ok')
  }

  fail(error: unknown): void {
    if (this.signal.aborted) this.#end('aborted')
    else this.#end(error instanceof ApiError ? error.code : 'internal')
  }

  /** The first end counts. */
  #end(result: CallResult): void {
    if (this.#read === null) return
    const milliseconds = performance.now() - this.#startedAt
    this.#record({ read: this.#read, status: this.#status, milliseconds, bytes: this.#bytes, result })
    this.#read = null
  }
}
