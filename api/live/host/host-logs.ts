import type { Clock } from '../../clock.js'
import { ASKED_FOR, type LoopShare, STOPWATCH } from '../../concurrency/event-loop-yield.js'
import { Quota } from '../../concurrency/quota.js'
import type { Engine, LogRequest } from '../../engine/engine.js'
import { type InspectedContainer, isRunning } from '../../model/container.js'
import type { RecordCall } from '../../model/engine-call.js'
import { ApiError } from '../../model/error.js'
import type { LogCursor, LogFollowQuery, LogLine, LogPage, LogQuery, LogReader, LogStep } from '../../model/log-line.js'
import { followLog } from '../logs/log-follower.js'
import { type LineWork, readTail } from '../logs/log-reader.js'
import { SharedFollow } from '../logs/shared-follow.js'
import type { TokenBucket } from '../logs/token-bucket.js'
import { SharedCalls } from './shared-calls.js'

/** Milliseconds for one answer from a log, over all engine calls that it takes. */
const READ_LOG_MS = 25_000

/**
 * Logs of one engine that one party may follow at once: a fifth of the connections that the engine is followed on, so that no party
 * takes them all.
 */
export const MAX_FOLLOWED_BY_PARTY = 20

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

interface FollowedLog {
  readonly shared: SharedFollow
  followers: number
}

/** The logs of one engine's containers. Rejects at once if the host is not live. */
export class HostLogs {
  readonly #parts: HostLogsParts
  /** By container. */
  readonly #followed = new Map<string, FollowedLog>()
  readonly #places = new Quota({
    perHolder: MAX_FOLLOWED_BY_PARTY,
    total: Number.POSITIVE_INFINITY,
    refusal: () =>
      new ApiError('too-many-streams', `a party follows ${MAX_FOLLOWED_BY_PARTY} logs of one engine already`),
  })
  /** Followers of one log see its end at once, and all ask whether the container lives. */
  readonly #alive = new SharedCalls()
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
    const host = hostSignal()
    const life = new AbortController()
    const ends = AbortSignal.any([host, signal, life.signal])
    const open = await this.#open(id)
    const followed = this.#followedLog(id, (request, ended) => open(request, AbortSignal.any([host, ended])))
    followed.followers += 1
    const source = {
      open,
      shared: followed.shared,
      isAlive: () => this.#alive.get(id, undefined, () => this.#isAlive(id, host)),
      lineBucket,
      party,
      clock,
      ...this.#workOf(party),
    }
    try {
      yield* followLog(source, query, from, ends)
    } catch (error) {
      throw await this.#explainDriver(id, error)
    } finally {
      life.abort()
      followed.followers -= 1
      if (followed.followers === 0) this.#followed.delete(id)
    }
  }

  #followedLog(id: string, open: OpenHostLog): FollowedLog {
    const { clock } = this.#parts
    const enter = (party: string) => this.#places.acquire(party)
    const followed = this.#followed.get(id) ?? { shared: new SharedFollow({ open, enter, clock }), followers: 0 }
    this.#followed.set(id, followed)
    return followed
  }

  #workOf(party: string): LineWork {
    return { stopwatch: STOPWATCH, slice: () => this.#parts.loopShare.slice(party, ASKED_FOR) }
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
