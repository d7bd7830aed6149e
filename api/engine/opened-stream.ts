import { Readable } from 'node:stream'
import { ApiError } from '../model/error.js'
import { codeOf } from './faults.js'

/** Codes of a connection that ended under an open stream. */
const CUT = /^(?:ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_STREAM_PREMATURE_CLOSE)$/

/** Null where the signal came first. `what` names the read in a reason, here and below. */
export async function openStream(
  what: string,
  signal: AbortSignal,
  ask: () => Promise<unknown>,
): Promise<Readable | null> {
  try {
    const stream = await ask()
    if (stream instanceof Readable) return stream
  } catch (error) {
    if (signal.aborted) return null
    throw error
  }
  throw new ApiError('engine-bad-answer', `${what}: no stream`)
}

/**
 * Ends quietly by its signal, and where an open stream ends or is cut: engines stop, and proxies cut what is silent for
 * long. The next subscription shows whether the engine still answers.
 */
export async function* untilCut<T>(what: string, source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  try {
    yield* source
  } catch (error) {
    if (signal.aborted || CUT.test(codeOf(error))) return
    throw broken(what, error)
  }
}

/** Rejects where the stream is cut: a part is not the whole. By its signal it rejects with the signal's reason. */
export async function* whole<T>(what: string, source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  try {
    yield* source
  } catch (error) {
    throw signal.aborted ? signal.reason : broken(what, error)
  }
}

function broken(what: string, error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError('engine-bad-answer', `${what}: the stream broke (${codeOf(error)})`, { cause: error })
}
