import { destination, type Logger, pino, stdTimeFunctions } from 'pino'
import { scrubText } from './redaction/scrub.js'

export type Log = Logger

/** Characters of an error's message in a log line. An engine may answer with megabytes. */
const MAX_MESSAGE_LENGTH = 1_000

/** Lines are collected up to this many bytes and written together: one write per line would cost more than the request itself. */
const BUFFER_BYTES = 12_288

/** Milliseconds after which a collected line is written at the latest. */
const FLUSH_INTERVAL_MS = 500

/**
 * One JSON object per line. An error is logged with its name, code and scrubbed message, and without other properties: an HTTP
 * error carries headers and TLS keys. There is no list of names to redact, because every line names its fields one by one.
 */
export function createLog(level: string, output: { write(line: string): void }): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    output,
  )
}

interface LoggedError {
  readonly type: string
  readonly message: string
  readonly code?: string
  readonly stack?: string
  readonly cause?: LoggedError
}

function describeError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an Error' }
  const code = (error as { code?: unknown }).code
  return {
    type: error.name,
    // Scrubbed before it is cut: half a secret cannot be recognized.
    message: scrubText(error.message.slice(0, 8 * MAX_MESSAGE_LENGTH)).value.slice(0, MAX_MESSAGE_LENGTH),
    ...(typeof code === 'string' ? { code } : {}),
    // An error with a code, ours or the system's, needs no stack. An unexpected one does.
    ...(typeof code === 'string' || error.stack === undefined ? {} : { stack: scrubText(error.stack).value }),
    ...(error.cause instanceof Error && depth < 3 ? { cause: describeError(error.cause, depth + 1) } : {}),
  }
}

/** Codes of an output that nobody reads any more: a closed terminal, and a closed pipe. */
const GONE: ReadonlySet<string> = new Set(['EIO', 'EPIPE'])

export interface StandardOutput {
  write(line: string): void
  /** Writes what is left. Resolves also where nobody reads it any more. */
  close(): Promise<void>
}

/** Buffered standard output. */
export function openStandardOutput(): StandardOutput {
  const output = destination({ dest: 1, sync: false, minLength: BUFFER_BYTES })
  const flushing = setInterval(() => output.flush(), FLUSH_INTERVAL_MS).unref()
  let isGone = false
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (!GONE.has(error.code ?? '')) throw error
    isGone = true
    clearInterval(flushing)
    // Else what is left would be tried again and again when the process ends, for ever.
    output.destroy()
  })
  return {
    write: (line) => {
      if (!isGone) output.write(line)
    },
    close: () =>
      new Promise((resolve) => {
        clearInterval(flushing)
        if (isGone) return resolve()
        output.once('close', () => resolve())
        output.once('error', () => resolve())
        // Not flushSync(): it repeats a write that fails until it succeeds, and nothing else runs meanwhile.
        output.end()
      }),
  }
}
