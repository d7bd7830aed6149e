import type { Clock } from '../../clock.js'
import { type LoopShare, STOPWATCH } from '../../concurrency/event-loop-yield.js'
import type { Engine, LogRequest } from '../../engine/engine.js'
import { type InspectedContainer, isRunning } from '../../model/container.js'
import type { RecordCall } from '../../model/engine-call.js'
import { ApiError } from '../../model/error.js'
import type { LogCursor, LogFollowQuery, LogLine, LogPage, LogQuery, LogReader, LogStep } from '../../model/log-line.js'
import { followLog } from '../logs/log-follower.js'
import { type LineWork, readTail } from '../logs/log-reader.js'
import type { TokenBucket } from '../logs/token-bucket.js'

/** Milliseconds for one answer from a log, over all engine calls that it takes. */
const READ_LOG_MS = 25_000

/** Names of built-in drivers, and of plugins, which are image references. */
const DRIVER_NAME = /^[a-z0-9][a-z0-9._/:-]{0,63}$/i

type OpenHostLog = (request: Omit<LogRequest, 'isTty'>, signal: AbortSignal) => AsyncIterable<readonly LogLine[]>

export interface HostLogsParts {
  readonly engine: Engine
  readonly clock: Clock
  /** Aborts with the host, not with one connection. Throws engine-unavailable if the host is not live. */
  readonly hostSignal: () => AbortSignal
  /** Whether a container has a terminal; null until it is inspected. */
  readonly isTty: (id: string) => boolean | null
  readonly inspect: (id: string, recordCall?: RecordCall) => Promise<InspectedContainer>
  /** Shared by all hosts. */
  readonly lineBucket: TokenBucket
  /** Shared by all hosts. */
  readonly loopShare: LoopShare
}

/** The logs of one engine's containers. Rejects at once if the host is not live. */
export class HostLogs {
  readonly #parts: HostLogsParts
  #redactions = 0

  constructor(parts: HostLogsParts) {
    this.#parts = parts
  }

  /** How many secrets were redacted in log lines so far. */
  get redactions(): number {
    return this.#redactions
  }

  async read(id: string, query: LogQuery, { party, signal }: LogReader, recordCall?: RecordCall): Promise<LogPage> {
    const { hostSignal, clock } = this.#parts
    const ends = AbortSignal.any([hostSignal(), signal])
    const open = await this.#open(id, recordCall)
    const deadline = new AbortController()
    const cancel = clock.after(READ_LOG_MS, () => deadline.abort())
    try {
      const openUntil = AbortSignal.any([ends, deadline.signal])
      return await readTail((request) => open(request, openUntil), query, this.#workOf(party))
    } catch (error) {
      if (deadline.signal.aborted) throw new ApiError('engine-timeout', `a log was not read within ${READ_LOG_MS} ms`)
      throw await this.#explainDriver(id, error, recordCall)
    } finally {
      cancel()
    }
  }

  async *follow(
    id: string,
    query: LogFollowQuery,
    from: LogCursor | null,
    { party, signal }: LogReader,
  ): AsyncGenerator<LogStep, void, undefined> {
    const { hostSignal, clock, lineBucket } = this.#parts
    const ends = AbortSignal.any([hostSignal(), signal])
    const open = await this.#open(id)
    const source = {
      open,
      isAlive: (asked: AbortSignal) => this.#isAlive(id, asked),
      lineBucket,
      party,
      clock,
      ...this.#workOf(party),
    }
    try {
      yield* followLog(source, query, from, ends)
    } catch (error) {
      throw await this.#explainDriver(id, error)
    }
  }

  #workOf(party: string): LineWork {
    return { stopwatch: STOPWATCH, yieldTurn: () => this.#parts.loopShare.turn(party) }
  }

  /** A container never gains or loses its terminal, so one inspect is enough. */
  async #open(id: string, recordCall?: RecordCall): Promise<OpenHostLog> {
    const { engine, isTty, inspect } = this.#parts
    const hasTty = isTty(id) ?? (await inspect(id, recordCall)).tty
    return (request, signal) =>
      this.#countRedactions(engine.logs(id, { ...request, isTty: hasTty }, signal, recordCall))
  }

  async *#countRedactions(log: AsyncIterable<readonly LogLine[]>): AsyncGenerator<readonly LogLine[]> {
    for await (const lines of log) {
      for (const { redactions } of lines) this.#redactions += redactions
      yield lines
    }
  }

  /** Whether a container writes to its log, or is about to again. */
  async #isAlive(id: string, signal: AbortSignal): Promise<boolean> {
    try {
      const inspected = await this.#parts.engine.inspect(id, signal)
      return isRunning(inspected) || inspected.state === 'restarting'
    } catch (error) {
      if (error instanceof ApiError && error.code === 'container-not-found') return false
      throw error
    }
  }

  /** Names the unreadable log driver in the error, because the engine does not. */
  async #explainDriver(id: string, error: unknown, recordCall?: RecordCall): Promise<unknown> {
    if (!(error instanceof ApiError) || error.code !== 'log-driver-unreadable') return error
    try {
      const { logDriver } = await this.#parts.inspect(id, recordCall)
      if (!DRIVER_NAME.test(logDriver)) return error
      const detail = `The log driver ${logDriver} of this container keeps nothing that the engine can read back.`
      const { engineStatus } = error
      return new ApiError(error.code, error.message, { detail, ...(engineStatus === null ? {} : { engineStatus }) })
    } catch {
      return error
    }
  }
}
