import { Readable } from 'node:stream'
import Docker from 'dockerode'
import type { ContainerEvent } from '../model/container-event.js'
import type { EngineEndpoint } from '../model/endpoint.js'
import { ApiError } from '../model/error.js'
import type { EngineTime, LogLine } from '../model/log-line.js'
import { decodeContainers, decodeInspect } from './decode/container.js'
import { decodeDiskUse, decodeImages, decodeNetworks, decodeVolumes } from './decode/engine-object.js'
import { EventDecoder } from './decode/event.js'
import { decodeChanges } from './decode/file-change.js'
import { decodeInfo, decodeVersion } from './decode/host.js'
import { decodeTop } from './decode/process.js'
import { decodeReading } from './decode/stats.js'
import type { Engine, LogRequest } from './engine.js'
import { codeOf } from './engine-fault.js'
import { MAX_FILTER_IDS } from './guard.js'
import { readLines } from './lines.js'
import { readLogLines } from './log-lines.js'
import { LogScrubber, plainLogLine } from './log-scrubber.js'
import { ReadOnlyTransport, type TransportOptions } from './transport.js'

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

interface Signal {
  readonly abortSignal: AbortSignal
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
  return {
    async ping(abortSignal) {
      const answer = await docker.ping({ abortSignal })
      if (typeof answer !== 'string' || answer.trim() !== 'OK')
        throw new ApiError('engine-bad-answer', 'GET /_ping: what answers is no engine')
    },
    async version(abortSignal) {
      return decodeVersion(await docker.version({ abortSignal }))
    },
    async info(abortSignal) {
      return decodeInfo(await docker.info({ abortSignal }))
    },
    async containers(ids, abortSignal) {
      // An empty filter would mean no filter.
      if (ids?.length === 0) return []
      if (ids === null) return decodeContainers(await docker.listContainers({ abortSignal, all: true }))
      if (ids.length <= MAX_FILTER_IDS)
        return decodeContainers(await docker.listContainers({ abortSignal, all: true, filters: { id: ids } }))
      const asked = new Set(ids)
      return decodeContainers(await docker.listContainers({ abortSignal, all: true })).filter(({ id }) => asked.has(id))
    },
    async inspect(id, abortSignal) {
      return decodeInspect(await docker.getContainer(id).inspect({ abortSignal }))
    },
    async stats(id, abortSignal) {
      // One-shot spares newer engines the wait for a second reading: rates come from our own previous one.
      return decodeReading(await docker.getContainer(id).stats({ abortSignal, stream: false, 'one-shot': true }))
    },
    events(since, abortSignal, onOpen) {
      return readEvents(docker, eventDecoder, since, abortSignal, onOpen)
    },
    logs(id, request, abortSignal) {
      return readLog(docker, id, request, scrubLogs, abortSignal)
    },
    async top(id, abortSignal) {
      return decodeTop(await docker.getContainer(id).top({ abortSignal }))
    },
    async changes(id, abortSignal) {
      return decodeChanges(await docker.getContainer(id).changes({ abortSignal }))
    },
    async images(abortSignal) {
      return decodeImages(await docker.listImages({ abortSignal }))
    },
    async networks(abortSignal) {
      return decodeNetworks(await docker.listNetworks({ abortSignal }))
    },
    async volumes(abortSignal) {
      return decodeVolumes(await docker.listVolumes({ abortSignal }))
    },
    async diskUse(abortSignal) {
      return decodeDiskUse(await docker.df({ abortSignal }))
    },
    close() {
      modem.close()
    },
  }
}

async function* readEvents(
  docker: DockerodeReads,
  decoder: EventDecoder,
  since: EngineTime | null,
  abortSignal: AbortSignal,
  onOpen: (engineNow: number | null) => void,
): AsyncGenerator<ContainerEvent, void, undefined> {
  const filters = { type: ['container'] } as const
  const stream = await opened('GET /events', abortSignal, () =>
    docker.getEvents({ abortSignal, filters, ...(since === null ? {} : { since }) }),
  )
  if (stream === null) return
  try {
    onOpen(clockOf(stream))
    for await (const line of untilCut('GET /events', readLines(stream), abortSignal)) {
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
  abortSignal: AbortSignal,
): AsyncGenerator<readonly LogLine[], void, undefined> {
  const what = `GET /containers/${id.slice(0, 12)}/logs`
  const bounds = since === null ? {} : { since }
  const options = { follow, stdout: true, stderr: true, timestamps: true, tail: tail ?? 'all', ...bounds } as const
  const stream = await opened(what, abortSignal, () => docker.getContainer(id).logs({ abortSignal, ...options }))
  if (stream === null && follow) return
  if (stream === null) throw abortSignal.reason
  const scrubber = new LogScrubber()
  try {
    yield []
    const lines = readLogLines(stream, isTty)
    for await (const some of follow ? untilCut(what, lines, abortSignal) : whole(what, lines, abortSignal))
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
