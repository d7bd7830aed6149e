import type { CallRecord, RecordCall } from '../../model/engine-call.js'

interface SharedCall {
  answer: Promise<unknown>
  readonly recorders: RecordCall[]
  /** Null until the call has ended. */
  record: CallRecord | null
}

/** Shares one call among concurrent callers who ask for the same, and gives its record to each of them. */
export class SharedCalls {
  /** Calls in progress, by key. */
  readonly #calls = new Map<string, SharedCall>()

  /** `ask` runs if no call with that key is in progress. A key stands for one type of answer. */
  get<T>(key: string, recordCall: RecordCall | undefined, ask: (recordCall: RecordCall) => Promise<T>): Promise<T> {
    const shared = this.#calls.get(key)
    if (shared === undefined) return this.#begin(key, recordCall, ask)
    if (shared.record !== null) recordCall?.(shared.record)
    else if (recordCall !== undefined) shared.recorders.push(recordCall)
    return shared.answer as Promise<T>
  }

  #begin<T>(key: string, recordCall: RecordCall | undefined, ask: (recordCall: RecordCall) => Promise<T>): Promise<T> {
    const call: SharedCall = { answer: Promise.resolve(), recorders: [], record: null }
    if (recordCall !== undefined) call.recorders.push(recordCall)
    const answer = ask((record) => {
      call.record = record
      for (const recorder of call.recorders) recorder(record)
    }).finally(() => this.#calls.delete(key))
    call.answer = answer
    this.#calls.set(key, call)
    return answer
  }
}
