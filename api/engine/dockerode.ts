import { Readable } from 'node:stream'
import Docker from 'dockerode'
import type { ContainerEvent } from '../model/container-event.js'
import type { EngineEndpoint } from '../model/endpoint.js'
import type { RecordCall } from '../model/engine-call.js'
import type { EngineTime } from '../model/engine-time.js'
import { ApiError } from '../model/error.js'
import type { LogLine } from '../model/log-line.js'
import { decodeContainers, decodeInspect } from './decode/container.js'
import { decodeDiskUse, decodeImages, decodeNetworks, decodeVolumes } from './decode/engine-object.js'
import { EventDecoder } from './decode/event.js'
import { decodeChanges } from './decode/file-change.js'
import { decodeInfo, decodeVersion } from './decode/host.js'
import { decodeTop } from './decode/process.js'
import { decodeReading } from './decode/stats.js'
import type { Engine, LogRequest } from './engine.js'
import { codeOf } from './faults.js'
import { readLines } from './lines.js'
import { readLogLines } from './log-lines.js'
import { LogScrubber, plainLogLine } from './log-scrubber.js'
import type { MeasuredCall } from './measured-call.js'
import type { TransportOptions } from './read-limits.js'
import { MAX_FILTER_IDS } from './read-parameters.js'
import { ReadOnlyTransport } from './transport.js'

/**
 * What we call of dockerode. Its own types promise shapes that no engine is held to and leave out `abortSignal`, so
 * here every answer is unknown until it is decoded.
 */
interface DockerodeReads {
  ping(options: Signal): Promise<unknown>
  version(options: Signal): Promise<unknown>
  info(options: Signal): Promise<unknown>
  listContainers(options: Signal & { all: true; filters?: { id: readonly string[] } }): Promise<unknown>
  listImages(options: Signal): Promise<unknown>
  listNetworks(options: Signal): Promise<unknown>
  listVolumes(options: Signal): Promise<unknown>
  df(options: Signal): Promise<unknown>
  getEvents(options: Signal & { filters: { type: readonly ['container'] }; since?: EngineTime }): Promise<unknown>
  getContainer(id: string): {
    inspect(options: Signal): Promise<unknown>
    stats(options: Signal & { stream: false; 'one-shot': true }): Promise<unknown>
    logs(options: Signal & LogOptions): Promise<unknown>
    top(options: Signal): Promise<unknown>
    changes(options: Signal): Promise<unknown>
  }
}

interface LogOptions {
  readonly follow: boolean
  readonly stdout: true
  readonly stderr: true
  readonly timestamps: true
  readonly tail: number | 'all'
  readonly since?: EngineTime
}

/** Codes of a connection that ended under an open stream. */
const CUT = /^(?:ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_STREAM_PREMATURE_CLOSE)$/

/** dockerode hands this one option on whatever it is asked, untouched: it carries the call. */
interface Signal {
  readonly abortSignal: MeasuredCall
}

export interface DockerodeEngineOptions extends TransportOptions {
  /** Whether secrets are taken out of log lines; true unless given. */
  readonly scrubLogs?: boolean
}

/**
 * An engine as dockerode reads it through our transport.
 *
 * @throws TlsIdentityError where the endpoint's certificates cannot be used
 */
export function createDockerodeEngine(
  endpoint: EngineEndpoint,
  { scrubLogs = true, ...options }: DockerodeEngineOptions = {},
): Engine {
  const modem = new ReadOnlyTransport(endpoint, options)
  const docker = new Docker({ modem } as Docker.DockerOptions) as unknown as DockerodeReads
  const eventDecoder = new EventDecoder()

  /** Measured until the answer is decoded: an answer that cannot be is a bad one. */
  async function ask<T>(
    send: (options: Signal) => Promise<unknown>,
    decode: (answer: unknown) => T,
    signal: AbortSignal,
    recordCall: RecordCall | undefined,
  ): Promise<T> {
    const call = modem.measure(signal, recordCall)
    try {
      const answer = decode(await send({ abortSignal: call }))
      call.succeed()
      return answer
    } catch (error) {
      call.fail(error)
      throw error
    }
  }

  /** Measured until the stream ends. One whose reader stops has ended well. */
  async function* stream<T>(
    read: (call: MeasuredCall) => AsyncIterable<T>,
    signal: AbortSignal,
    recordCall: RecordCall | undefined,
  ): AsyncGenerator<T, void, undefined> {
    const call = modem.measure(signal, recordCall)
    try {
      yield* read(call)
    } catch (error) {
      call.fail(error)
      throw error
    } finally {
      call.succeed()
    }
  }

  return {
    ping: (signal, recordCall) => ask((options) => docker.ping(options), decodePing, signal, recordCall),
    version: (signal, recordCall) => ask((options) => docker.version(options), decodeVersion, signal, recordCall),
    info: (signal, recordCall) => ask((options) => docker.info(options), decodeInfo, signal, recordCall),
    async containers(ids, signal, recordCall) {
      // An empty filter would mean no filter.
      if (ids?.length === 0) return []
      const isFilter = ids !== null && ids.length <= MAX_FILTER_IDS
      const filter = isFilter ? { filters: { id: ids } } : {}
      const send = (options: Signal) => docker.listContainers({ ...options, all: true, ...filter })
      const all = await ask(send, decodeContainers, signal, recordCall)
      if (ids === null || isFilter) return all
      const asked = new Set(ids)
      return all.filter(({ id }) => asked.has(id))
    },
    inspect: (id, signal, recordCall) =>
      ask((options) => docker.getContainer(id).inspect(options), decodeInspect, signal, recordCall),
    stats(id, signal, recordCall) {
      // One-shot spares newer engines the wait for a second reading: rates come from our own previous one.
      const send = (options: Signal) => docker.getContainer(id).stats({ ...options, stream: false, 'one-shot': true })
      return ask(send, decodeReading, signal, recordCall)
    },
    events: (since, signal, onOpen, recordCall) =>
      stream((call) => readEvents(docker, eventDecoder, since, call, onOpen), signal, recordCall),
    logs: (id, request, signal, recordCall) =>
      stream((call) => readLog(docker, id, request, scrubLogs, call), signal, recordCall),
    top: (id, signal, recordCall) =>
      ask((options) => docker.getContainer(id).top(options), decodeTop, signal, recordCall),
    changes: (id, signal, recordCall) =>
      ask((options) => docker.getContainer(id).changes(options), decodeChanges, signal, recordCall),
    images: (signal, recordCall) => ask((options) => docker.listImages(options), decodeImages, signal, recordCall),
    networks: (signal, recordCall) =>
      ask((options) => docker.listNetworks(options), decodeNetworks, signal, recordCall),
    volumes: (signal, recordCall) => ask((options) => docker.listVolumes(options), decodeVolumes, signal, recordCall),
    diskUse: (signal, recordCall) => ask((options) => docker.df(options), decodeDiskUse, signal, recordCall),
    callTotals: () => modem.totals.all(),
    close: () => modem.close(),
  }
}

function decodePing(answer: unknown): void {
  if (typeof answer !== 'string' || answer.trim() !== 'OK')
    throw new ApiError('engine-bad-answer', 'GET /_ping: what answers is no engine')
}

async function* readEvents(
  docker: DockerodeReads,
  decoder: EventDecoder,
  since: EngineTime | null,
  call: MeasuredCall,
  onOpen: (engineNow: number | null) => void,
): AsyncGenerator<ContainerEvent, void, undefined> {
  const filters = { type: ['container'] } as const
  const { signal } = call
  const stream = await opened('GET /events', signal, () =>
    docker.getEvents({ abortSignal: call, filters, ...(since === null ? {} : { since }) }),
  )
  if (stream === null) return
  try {
    onOpen(clockOf(stream))
    for await (const line of untilCut('GET /events', readLines(call.counting(stream)), signal)) {
      const event = decoder.decode(line)
      if (event !== null) yield event
    }
  } finally {
    stream.destroy()
  }
}

async function* readLog(
  docker: DockerodeReads,
  id: string,
  { tail, since, isTty, follow }: LogRequest,
  isScrubbed: boolean,
  call: MeasuredCall,
): AsyncGenerator<readonly LogLine[], void, undefined> {
  const what = `GET /containers/${id.slice(0, 12)}/logs`
  const { signal } = call
  const bounds = since === null ? {} : { since }
  const options = { follow, stdout: true, stderr: true, timestamps: true, tail: tail ?? 'all', ...bounds } as const
  const stream = await opened(what, signal, () => docker.getContainer(id).logs({ abortSignal: call, ...options }))
  if (stream === null && follow) return
  if (stream === null) throw signal.reason
  const scrubber = new LogScrubber()
  try {
    yield []
    const lines = readLogLines(call.counting(stream), isTty)
    for await (const some of follow ? untilCut(what, lines, signal) : whole(what, lines, signal))
      yield some.map((line) => (isScrubbed ? scrubber.scrub(line) : plainLogLine(line)))
  } finally {
    stream.destroy()
  }
}

/** Null where the signal came first. */
async function opened(what: string, abortSignal: AbortSignal, ask: () => Promise<unknown>): Promise<Readable | null> {
  try {
    const stream = await ask()
    if (stream instanceof Readable) return stream
  } catch (error) {
    if (abortSignal.aborted) return null
    throw error
  }
  throw new ApiError('engine-bad-answer', `${what}: no stream`)
}

/** What the engine's clock showed when it began to answer (RFC 9110, section 6.6.1), in whole seconds. */
function clockOf(stream: Readable): number | null {
  const { date } = (stream as { readonly headers?: { readonly date?: string } }).headers ?? {}
  const at = Date.parse(date ?? '')
  return Number.isNaN(at) ? null : at
}

/**
 * Ends quietly by its signal, and where an open stream ends or is cut: engines stop, and proxies cut what is silent for
 * long. Whoever subscribes anew learns from that whether the engine still answers.
 */
async function* untilCut<T>(what: string, source: AsyncIterable<T>, abortSignal: AbortSignal): AsyncGenerator<T> {
  try {
    yield* source
  } catch (error) {
    if (abortSignal.aborted || CUT.test(codeOf(error))) return
    throw broken(what, error)
  }
}

/** What was cut short, by whom ever, is not the whole. */
async function* whole<T>(what: string, source: AsyncIterable<T>, abortSignal: AbortSignal): AsyncGenerator<T> {
  try {
    yield* source
  } catch (error) {
    throw abortSignal.aborted ? abortSignal.reason : broken(what, error)
  }
}

function broken(what: string, error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError('engine-bad-answer', `${what}: the stream broke (${codeOf(error)})`, { cause: error })
}
