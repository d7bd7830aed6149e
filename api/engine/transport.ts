import { setMaxListeners } from 'node:events'
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { Quota } from '../concurrency/quota.js'
import { type Release, Semaphore } from '../concurrency/semaphore.js'
import type { EngineEndpoint } from '../model/endpoint.js'
import type { RecordCall } from '../model/engine-call.js'
import { ApiError } from '../model/error.js'
import { type Agent, agentFactory } from './agents.js'
import { CallTotals } from './call-totals.js'
import { badAnswer, codeOf, connectionFault, statusFault, timeoutFault } from './faults.js'
import { guardRead, type Read } from './guard.js'
import { MeasuredCall } from './measured-call.js'
import { type Bounds, boundsOf, type ReadLimits, type TransportOptions } from './read-limits.js'
import { READS } from './reads.js'

/** Bytes read of an error answer, for the log. */
const MAX_ERROR_BYTES = 4 * 1024

/** Bytes of an answer's head, Node's default; named so that NODE_OPTIONS does not move it. */
const MAX_HEAD_BYTES = 16 * 1024

/** Milliseconds of silence before TCP asks whether the other side of a stream still lives. */
const KEEP_ALIVE_PROBE_MS = 30_000

export type DialCallback = (error: unknown, value?: unknown) => void

/** One dial under way. It is settled once, by whichever comes first; then its deadline and its signal are let go. */
interface Call {
  isSettled: boolean
  /** Null while it waits for a connection; the second one where the first met a connection that had gone stale. */
  request: ClientRequest | null
  readonly measured: MeasuredCall | null
  /** Gives back the connection, or the place in the line for one. */
  leave(): void
  succeed(value: unknown): void
  fail(error: unknown): void
}

/**
 * The modem that dockerode dials with: it reads, and does nothing else. Each dial passes the guard before a byte
 * leaves; then it goes to the one endpoint it was made for, whatever the environment says, and is bounded in time,
 * bytes and connections. It follows no redirect. Every fault is an ApiError with a reason for the log; an engine's own
 * words reach nobody else. A dial whose signal fires ends with the signal's reason.
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
  readonly #streamAgent: Agent
  /**
   * Calls wait here and not in their agent: it would open a connection for each that gave up meanwhile, even after
   * close().
   */
  readonly #pools: Readonly<Record<ReadLimits['pool'], { readonly agent: Agent; readonly semaphore: Semaphore }>>
  /** What ends each call under way and each open stream. */
  readonly #underWay = new Set<(fault: ApiError) => void>()
  readonly #streams: ReadonlyMap<string, Quota>
  #isClosed = false

  /** @throws TlsIdentityError where the endpoint's certificates cannot be used */
  constructor(endpoint: EngineEndpoint, options: TransportOptions = {}) {
    this.#endpoint = endpoint
    this.#bounds = boundsOf(options)
    const makeAgent = agentFactory(endpoint)
    const pool = (sockets: number) => ({ agent: makeAgent(sockets, true), semaphore: new Semaphore(sockets) })
    const { quickSockets, statsSockets, bulkSockets, maxStreams, maxLogStreams } = this.#bounds
    this.#pools = { quick: pool(quickSockets), stats: pool(statsSockets), bulk: pool(bulkSockets) }
    this.#streamAgent = makeAgent(maxStreams + maxLogStreams, false)
    this.#streams = streamQuotas(this.#bounds)
  }

  /**
   * A call to be dialled, in place of its signal: `abortSignal` is the one option that every method of dockerode hands on. It
   * counts towards the totals when its reader ends it.
   */
  measure(signal: AbortSignal, recordCall?: RecordCall): MeasuredCall {
    return new MeasuredCall(signal, (record) => {
      this.totals.add(record)
      recordCall?.(record)
    })
  }

  /** docker-modem's interface. Calls back once, never within the call itself. */
  dial(options: unknown, callback: DialCallback): void {
    this.#dial(options).then(
      (value) => callback(null, value),
      // Whoever aborts with null does not thereby make a success of it.
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
    const release = read.isEndless ? this.#streams.get(read.name)?.take(read.name) : undefined
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
    const deadlineMs = this.#bounds[read.row.limits.deadline]
    return new Promise((resolve, reject) => {
      const settle = (): boolean => {
        if (call.isSettled) return false
        call.isSettled = true
        clearTimeout(deadline)
        signal?.removeEventListener('abort', onAbort)
        this.#underWay.delete(call.fail)
        // A request gives its connection back when it closes, which is a little later.
        if (call.request === null) call.leave()
        return true
      }
      const call: Call = {
        isSettled: false,
        request: null,
        measured,
        leave: () => {},
        succeed: (value) => {
          if (settle()) resolve(value)
        },
        fail: (error) => {
          if (!settle()) return
          call.request?.destroy()
          reject(error)
        },
      }
      const onAbort = () => call.fail(signal?.reason)
      const deadline = setTimeout(() => call.fail(timeoutFault(read, deadlineMs)), deadlineMs)
      signal?.addEventListener('abort', onAbort)
      this.#underWay.add(call.fail)
      if (read.isEndless) this.#send(read, call, true)
      else {
        call.leave = this.#pools[read.row.limits.pool].semaphore.enter((leave) => {
          call.leave = leave
          this.#send(read, call, true)
        })
      }
    })
  }

  #send(read: Read, call: Call, mayRetry: boolean): void {
    let request: ClientRequest
    try {
      request = this.#request(read)
    } catch (error) {
      call.fail(connectionFault(error, this.#endpoint))
      return
    }
    call.request = request
    let hasAnswer = false
    // Streams alone are probed while silent: all else ends by its deadline.
    if (read.isEndless) request.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS))
    request.on('response', (response) => {
      hasAnswer = true
      this.#receive(read, response, call)
    })
    request.on('upgrade', (_response, socket) => {
      socket.destroy()
      call.fail(badAnswer(read, 'the engine tried to switch protocols'))
    })
    // Stays for the life of the request: an error that comes late finds a listener.
    request.on('error', (error) => {
      // Once there is an answer, its close tells whether it was whole.
      if (call.isSettled || hasAnswer || call.request !== request) return
      // The engine closed an idle connection at the moment we took it up. It saw no request, and a read may be
      // repeated.
      const isStale = request.reusedSocket && /^(?:ECONNRESET|EPIPE)$/.test(codeOf(error))
      if (mayRetry && isStale) this.#send(read, call, false)
      else call.fail(connectionFault(error, this.#endpoint))
    })
    request.on('close', () => {
      if (call.request === request) call.leave()
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

  #receive(read: Read, response: IncomingMessage, call: Call): void {
    const status = response.statusCode ?? 0
    call.measured?.answered(status)
    // A cut shows in `complete` when the answer closes; the listener keeps an error that comes late from being
    // uncaught.
    response.on('error', () => {})
    if (status >= 300 && status < 400) {
      call.fail(badAnswer(read, `status ${status}: an engine redirects nobody, and no redirect is followed`))
      return
    }
    if (status === 200 && isStreamed(read)) {
      call.succeed(response)
      return
    }
    const maxBytes = status === 200 ? this.#bounds[read.row.limits.bytes] : MAX_ERROR_BYTES
    const chunks: Buffer[] = []
    let size = 0
    const refuse = () => call.fail(statusFault(read, status, Buffer.concat(chunks)))
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      call.measured?.received(chunk.length)
      if (size <= maxBytes) return
      if (status === 200) call.fail(badAnswer(read, `the answer is larger than ${maxBytes} bytes`))
      else refuse()
    })
    response.on('close', () => {
      if (status !== 200) refuse()
      else if (!response.complete) call.fail(badAnswer(read, 'the answer was cut short'))
      else finish(read, Buffer.concat(chunks), call)
    })
  }

  /**
   * Keeps an accepted stream in hand: it ends by its signal, by close(), or by itself; one that is not endless by its deadline
   * as well.
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

/** The caller is given the answer as it comes. */
function isStreamed({ row }: Read): boolean {
  return typeof row.answer === 'object'
}

/**
 * HEAD is answered with nothing. What a whole answer holds is never quoted: it may be Env.
 */
function finish(read: Read, body: Buffer, call: Call): void {
  if (read.method === 'HEAD') call.succeed(null)
  else if (read.row.answer === 'text') call.succeed(body.toString('utf8'))
  else {
    let value: unknown
    try {
      value = JSON.parse(body.toString('utf8'))
    } catch {
      call.fail(badAnswer(read, `${body.length} bytes that are no JSON`))
      return
    }
    call.succeed(value)
  }
}
