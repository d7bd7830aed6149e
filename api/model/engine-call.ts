import type { ErrorCode } from './error.js'

/** How a call ended: in full, aborted by us, or by an error. */
export type CallResult = 'ok' | 'aborted' | ErrorCode

/** One call to an engine, with its measurements. */
export interface CallRecord {
  /** Which read, as the table of reads names it. */
  readonly read: string
  /** Of the engine's answer; null where none came. */
  readonly status: number | null
  /** From the request to the decoded answer; for a stream, the time that it was open. */
  readonly milliseconds: number
  /** Of the answer's body, as far as it was read. */
  readonly bytes: number
  readonly result: CallResult
}

/** Runs once per call, when it ends and before its answer is passed on. */
export type RecordCall = (record: CallRecord) => void

/** A call that a caller waited for, as the audit records it. */
export interface EngineCall {
  readonly host: string
  /** Which read. */
  readonly call: string
  /** Of the engine's answer; null where none came. */
  readonly status: number | null
  readonly milliseconds: number
}
