import { Readable } from 'node:stream'
import Docker from 'dockerode'
import type { ContainerEvent } from '../model/container-event.js'
import type { EngineEndpoint } from '../model/endpoint.js'
import { ApiError } from '../model/error.js'
import { decodeContainers, decodeInspect } from './decode/container.js'
import { decodeEvent } from './decode/event.js'
import { decodeInfo, decodeVersion } from './decode/host.js'
import { decodeReading } from './decode/stats.js'
import type { Engine } from './engine.js'
import { codeOf } from './engine-fault.js'
import { MAX_FILTER_IDS } from './guard.js'
import { readLines } from './lines.js'
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
  getEvents(options: Signal & { filters: { type: readonly ['container'] } }): Promise<unknown>
  getContainer(id: string): {
    inspect(options: Signal): Promise<unknown>
    stats(options: Signal & { stream: false; 'one-shot': true }): Promise<unknown>
  }
}

/** Codes of a connection that ended under an open stream. */
const CUT = /^(?:ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_STREAM_PREMATURE_CLOSE)$/

interface Signal {
  readonly abortSignal: AbortSignal
}

/**
 * An engine as dockerode reads it through our transport.
 *
 * @throws TlsIdentityError where the endpoint's certificates cannot be used
 */
export function createDockerodeEngine(endpoint: EngineEndpoint, options: TransportOptions = {}): Engine {
  const modem = new ReadOnlyTransport(endpoint, options)
  const docker = new Docker({ modem } as Docker.DockerOptions) as unknown as DockerodeReads
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
    events(abortSignal, onOpen) {
      return readEvents(docker, abortSignal, onOpen)
    },
    close() {
      modem.close()
    },
  }
}

async function* readEvents(
  docker: DockerodeReads,
  abortSignal: AbortSignal,
  onOpen: () => void,
): AsyncGenerator<ContainerEvent, void, undefined> {
  const stream = await openEvents(docker, abortSignal)
  if (stream === null) return
  try {
    onOpen()
    for await (const line of linesUntilCut(stream, abortSignal)) {
      const event = decodeEvent(line)
      if (event !== null) yield event
    }
  } finally {
    stream.destroy()
  }
}

/** Null where the signal came first. */
async function openEvents(docker: DockerodeReads, abortSignal: AbortSignal): Promise<Readable | null> {
  try {
    const stream = await docker.getEvents({ abortSignal, filters: { type: ['container'] } })
    if (stream instanceof Readable) return stream
  } catch (error) {
    if (abortSignal.aborted) return null
    throw error
  }
  throw new ApiError('engine-bad-answer', 'GET /events: no stream')
}

/**
 * Ends quietly by its signal, and where an open stream ends or is cut: engines stop, and proxies cut what is silent for
 * long. Whoever subscribes anew learns from that whether the engine still answers.
 */
async function* linesUntilCut(stream: Readable, abortSignal: AbortSignal): AsyncGenerator<string, void, undefined> {
  try {
    yield* readLines(stream)
  } catch (error) {
    if (abortSignal.aborted || CUT.test(codeOf(error))) return
    if (error instanceof ApiError) throw error
    throw new ApiError('engine-bad-answer', `GET /events: the stream broke (${codeOf(error)})`, { cause: error })
  }
}
