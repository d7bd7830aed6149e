import { setMaxListeners } from 'node:events'
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { ASKED_FOR, LoopShare } from '../concurrency/event-loop-yield.js'
import { Quota } from '../concurrency/quota.js'
import { type Release, Semaphore } from '../concurrency/semaphore.js'
import type { EngineEndpoint } from '../model/endpoint.js'
import type { RecordCall } from '../model/engine-call.js'
import { ApiError } from '../model/error.js'
import { type Agent, agentFactory } from './agents.js'
import { isStreamed, receive } from './answer.js'
import { CallTotals } from './call-totals.js'
import { Dial } from './dial.js'
import { badAnswer, codeOf, connectionFault, timeoutFault } from './faults.js'
import { guardRead, type Read } from './guard.js'
import type { Party } from './json/answer-body.js'
import type { MakeReader } from './json/answer-reader.js'
import { MeasuredCall } from './measured-call.js'
import { type Bounds, boundsOf, type ReadLimits, type TransportOptions } from './read-limits.js'
import { READS } from './reads.js'

/** Bytes of an answer's head, Node's default; named so that NODE_OPTIONS does not move it. */
const MAX_HEAD_BYTES = 16 * 1024

/** Milliseconds of silence before TCP asks whether the other side of a stream still lives. */
const KEEP_ALIVE_PROBE_MS = 30_000

export type DialCallback = (error: unknown, value?: unknown) => void

/**
 * The modem that dockerode dials with: it reads, and does nothing else. Each dial passes the guard before a byte
 * leaves; then it goes to the one endpoint it was made for, whatever the environment says, and is bounded in time,
 * bytes and connections. It follows no redirect. Every fault is an ApiError with a reason for the log; an engine's own
 * words reach no caller. A dial whose signal fires ends with the signal's reason.
 *
 * docker-modem itself hangs on a body that is cut short, follows redirects to any host, reads without bound and lets
 * DOCKER_HOST turn TLS into plain HTTP.
 */
export class ReadOnlyTransport {
  /** dockerode writes the promise library here. */
  Promise: PromiseConstructor = Promise
  /** Of every measured call since the start. */
  readonly totals = new CallTotals()
  readonly #endpoint: EngineEndpoint
  readonly #bounds: Bounds
  readonly #party: Party
  /** What callers ask for takes no share of the engine's list and events. */
  readonly #callersParty: Party
  readonly #streamAgent: Agent
  /**
   * Calls wait here and not in their agent, which would open a connection for each call that gave up meanwhile, even
   * after close().
   */
  readonly #pools: Readonly<Record<ReadLimits['pool'], { readonly agent: Agent; readonly semaphore: Semaphore }>>
  /** What ends each call under way and each open stream. */
  readonly #underWay = new Set<(fault: ApiError) => void>()
  /** Callers share some of the quick connections. */
  readonly #callers: Semaphore
  readonly #streams: ReadonlyMap<string, Quota>
  #isClosed = false

  /** @throws TlsIdentityError where the endpoint's certificates cannot be used */
  constructor(
    endpoint: EngineEndpoint,
    options: TransportOptions = {},
    party: Party = { loopShare: new LoopShare(), name: 'engine' },
  ) {
    this.#endpoint = endpoint
    this.#party = party
    this.#callersParty = { ...party, name: `${party.name} callers`, weight: ASKED_FOR }
    this.#bounds = boundsOf(options)
    const makeAgent = agentFactory(endpoint)
    const pool = (sockets: number) => ({ agent: makeAgent(sockets, true), semaphore: new Semaphore(sockets) })
    const { quickSockets, statsSockets, bulkSockets, maxStreams, maxLogStreams } = this.#bounds
    this.#pools = { quick: pool(quickSockets), sampling: pool(statsSockets), bulk: pool(bulkSockets) }
    this.#callers = new Semaphore(this.#bounds.callerSockets)
    this.#streamAgent = makeAgent(maxStreams + maxLogStreams, false)
    this.#streams = streamQuotas(this.#bounds)
  }

  /**
   * Begins a call. It is dialled as the `abortSignal`, the one option that every method of dockerode hands on. It counts
   * towards the totals when its reader ends it. A call that is recorded is made for a caller.
   */
  measure(signal: AbortSignal, recordCall?: RecordCall, makeReader: MakeReader<unknown> | null = null): MeasuredCall {
    const record: RecordCall = (call) => {
      this.totals.add(call)
      recordCall?.(call)
    }
    return new MeasuredCall(signal, record, { makeReader, isForCaller: recordCall !== undefined })
  }

  /** docker-modem's interface. Calls back once, never within the call itself. */
  dial(options: unknown, callback: DialCallback): void {
    this.#dial(options).then(
      (value) => callback(null, value),
      // An abort with null as its reason is no success either.
      (error: unknown) => callback(error || new Error('the dial was aborted')),
    )
  }

  /** Ends every call and every stream, and closes every connection. What is dialled from then on is refused. */
  close(): void {
    this.#isClosed = true
    const fault = new ApiError('engine-unavailable', 'the connection to the engine was closed by us')
    for (const end of [...this.#underWay]) end(fault)
    for (const { agent } of Object.values(this.#pools)) agent.destroy()
    this.#streamAgent.destroy()
  }

  async #dial(options: unknown): Promise<unknown> {
    const read = guardRead(options)
    const { abortSignal } = options as { abortSignal?: unknown }
    const measured = abortSignal instanceof MeasuredCall ? abortSignal : null
    const signal = abortSignal instanceof AbortSignal ? abortSignal : (measured?.signal ?? null)
    measured?.passed(read.name)
    signal?.throwIfAborted()
    // One signal ends all that a host has under way, hundreds of calls at once: no leak to warn of.
    if (signal !== null) setMaxListeners(0, signal)
    if (this.#isClosed) throw new ApiError('engine-unavailable', 'the connection to the engine is closed')
    if (!isStreamed(read)) return this.#call(read, signal, measured)
    const release = read.isEndless ? this.#streams.get(read.name)?.acquire(read.name) : undefined
    try {
      const stream = await this.#call(read, signal, measured)
      this.#hold(stream as IncomingMessage, read, signal, release)
      return stream
    } catch (error) {
      release?.()
      throw error
    }
  }

  /** From the request to the last byte of its answer or, for a stream, to the end of its head. */
  #call(read: Read, signal: AbortSignal | null, measured: MeasuredCall | null): Promise<unknown> {
    const { deadline, pool } = read.row.limits
    const end = (fault: ApiError) => dial.fail(fault)
    const onSettled = () => this.#underWay.delete(end)
    const dial = new Dial({ read, signal, measured, deadlineMs: this.#bounds[deadline], onSettled })
    this.#underWay.add(end)
    if (read.isEndless) this.#send(dial, true)
    else {
      const { placeWaitMs } = this.#bounds
      const queues = [this.#pools[pool].semaphore]
      if (pool === 'quick' && measured?.isForCaller === true) queues.unshift(this.#callers)
      dial.leave = enterAll(queues, (leave) => {
        dial.stopWaiting()
        dial.leave = leave
        this.#send(dial, true)
      })
      // Most calls have begun by then.
      if (dial.request === null) dial.waitFor(placeWaitMs)
    }
    return dial.answer
  }

  #send(dial: Dial, mayRetry: boolean): void {
    const { read, measured } = dial
    let request: ClientRequest
    try {
      request = this.#request(read)
    } catch (error) {
      dial.fail(connectionFault(error, this.#endpoint))
      return
    }
    dial.request = request
    let hasAnswer = false
    // Streams alone are probed while silent: all else ends by its deadline.
    if (read.isEndless) request.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS))
    request.on('response', (response) => {
      hasAnswer = true
      const party = measured?.isForCaller === true ? this.#callersParty : this.#party
      receive(response, dial, { maxBytes: this.#bounds[read.row.limits.bytes], party })
    })
    request.on('upgrade', (_response, socket) => {
      socket.destroy()
      dial.fail(badAnswer(read, 'the engine tried to switch protocols'))
    })
    // Stays for the life of the request: an error that comes late finds a listener.
    request.on('error', (error) => {
      // Once there is an answer, its close shows whether it was whole.
      if (dial.isSettled || hasAnswer || dial.request !== request) return
      // The engine closed an idle connection at the moment we took it up. It saw no request, and a read may be
      // repeated.
      const isStale = request.reusedSocket && /^(?:ECONNRESET|EPIPE)$/.test(codeOf(error))
      if (mayRetry && isStale) this.#send(dial, false)
      else dial.fail(connectionFault(error, this.#endpoint))
    })
    request.on('close', () => {
      if (dial.request === request) dial.leave()
    })
    request.end()
  }

  #request(read: Read): ClientRequest {
    const { kind } = this.#endpoint
    const address =
      this.#endpoint.kind === 'unix'
        ? { socketPath: this.#endpoint.socketPath }
        : { host: this.#endpoint.host, port: this.#endpoint.port }
    const options = {
      ...address,
      agent: read.isEndless ? this.#streamAgent : this.#pools[read.row.limits.pool].agent,
      method: read.method,
      path: read.target,
      headers: { accept: 'application/json', ...(kind === 'unix' ? { host: 'docker' } : {}) },
      maxHeaderSize: MAX_HEAD_BYTES,
      insecureHTTPParser: false,
    }
    return kind === 'tls' ? requestHttps(options) : requestHttp(options)
  }

  /**
   * Watches an accepted stream. It ends by its signal, by close(), or by itself; one that is not endless also by its
   * deadline.
   */
  #hold(stream: IncomingMessage, read: Read, signal: AbortSignal | null, release: Release | undefined): void {
    const end = (fault: unknown) => stream.destroy(fault instanceof Error ? fault : undefined)
    const onAbort = () => end(signal?.reason)
    const deadlineMs = this.#bounds[read.row.limits.deadline]
    const deadline = read.isEndless ? undefined : setTimeout(() => end(timeoutFault(read, deadlineMs)), deadlineMs)
    this.#underWay.add(end)
    signal?.addEventListener('abort', onAbort)
    const done = () => {
      clearTimeout(deadline)
      this.#underWay.delete(end)
      signal?.removeEventListener('abort', onAbort)
      release?.()
    }
    if (stream.closed) done()
    else stream.once('close', done)
    if (signal?.aborted) onAbort()
    else if (this.#isClosed) stream.destroy()
  }
}

/** Calls `start` with a permit of each, taken one after the other. The release gives back those it has, or stops waiting. */
function enterAll([first, ...others]: readonly Semaphore[], start: (leave: Release) => void): Release {
  if (first === undefined) {
    start(() => {})
    return () => {}
  }
  let leaveOthers: Release = () => {}
  const leaveFirst = first.enter((leave) => {
    const leaveBoth = () => {
      leaveOthers()
      leave()
    }
    leaveOthers = enterAll(others, (leaveRest) => {
      leaveOthers = leaveRest
      start(leaveBoth)
    })
  })
  return () => {
    leaveOthers()
    leaveFirst()
  }
}

/** One for each read that may have no end. An answer that ends by itself shares the connections of a pool. */
function streamQuotas(bounds: Bounds): ReadonlyMap<string, Quota> {
  const quotas = new Map<string, Quota>()
  for (const [name, { answer }] of Object.entries(READS)) {
    if (typeof answer !== 'object') continue
    const limit = bounds[answer.most]
    const refusal = () => new ApiError(answer.refusal, `all ${limit} streams of ${name} to the engine are in use`)
    quotas.set(name, new Quota({ perHolder: limit, total: limit, refusal }))
  }
  return quotas
}
