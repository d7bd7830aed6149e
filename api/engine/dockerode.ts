import Docker from 'dockerode'
import { ASKED_FOR, LoopShare } from '../concurrency/event-loop-yield.js'
import type { EngineEndpoint } from '../model/endpoint.js'
import type { RecordCall } from '../model/engine-call.js'
import type { EngineTime } from '../model/engine-time.js'
import { ApiError } from '../model/error.js'
import { inspectAnswer } from './decode/container-inspect.js'
import { containersAnswer } from './decode/container-list.js'
import { diskUseAnswer } from './decode/disk-use.js'
import { imagesAnswer, networksAnswer, volumesAnswer } from './decode/engine-object.js'
import { EventDecoder } from './decode/event.js'
import { changesAnswer } from './decode/file-change.js'
import { infoAnswer, versionAnswer } from './decode/host.js'
import { topAnswer } from './decode/process.js'
import { StaticTexts } from './decode/static-texts.js'
import { statsAnswer } from './decode/stats.js'
import type { Engine } from './engine.js'
import { readEvents } from './event-stream.js'
import type { MakeReader } from './json/answer-reader.js'
import { readLog } from './log-stream.js'
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

/** dockerode hands this one option on whatever it is asked, untouched: it carries the call. */
interface Signal {
  readonly abortSignal: MeasuredCall
}

export interface DockerodeEngineOptions extends TransportOptions {
  /** Whether secrets are taken out of log lines; true unless given. */
  readonly scrubLogs?: boolean
  /** Where work on its answers takes turns with that on other engines'; a share of its own unless given. */
  readonly loopShare?: LoopShare
  /** Its name in that share. */
  readonly party?: string
}

/**
 * An engine as dockerode reads it through our transport.
 *
 * @throws TlsIdentityError where the endpoint's certificates cannot be used
 */
export function createDockerodeEngine(
  endpoint: EngineEndpoint,
  { scrubLogs = true, loopShare = new LoopShare(), party = 'engine', ...options }: DockerodeEngineOptions = {},
): Engine {
  const modem = new ReadOnlyTransport(endpoint, options, { loopShare, name: party })
  const docker = dockerodeOver(modem)
  const texts = new StaticTexts()
  const eventDecoder = new EventDecoder(texts)
  const listAnswer = containersAnswer(texts)

  /** Measured until the answer is decoded, which the transport does as it comes: an answer that cannot be is a bad one. */
  async function ask<T>(
    send: (options: Signal) => Promise<unknown>,
    makeReader: MakeReader<T> | null,
    signal: AbortSignal,
    recordCall: RecordCall | undefined,
  ): Promise<T> {
    const call = modem.measure(signal, recordCall, makeReader)
    try {
      // What the transport gives is what the reader made.
      const answer = (await send({ abortSignal: call })) as T
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
    ping: (signal, recordCall) => ask((options) => docker.ping(options).then(checkPing), null, signal, recordCall),
    version: (signal, recordCall) => ask((options) => docker.version(options), versionAnswer, signal, recordCall),
    info: (signal, recordCall) => ask((options) => docker.info(options), infoAnswer, signal, recordCall),
    async containers(ids, signal, recordCall) {
      // An empty filter would mean no filter.
      if (ids?.length === 0) return { containers: [], omitted: 0, isTruncated: false }
      const isFilter = ids !== null && ids.length <= MAX_FILTER_IDS
      const filter = isFilter ? { filters: { id: ids } } : {}
      const send = (options: Signal) => docker.listContainers({ ...options, all: true, ...filter })
      const list = await ask(send, listAnswer, signal, recordCall)
      if (ids === null || isFilter) return list
      const asked = new Set(ids)
      return { ...list, containers: list.containers.filter(({ id }) => asked.has(id)) }
    },
    inspect: (id, signal, recordCall) =>
      ask((options) => docker.getContainer(id).inspect(options), inspectAnswer(id, texts), signal, recordCall),
    stats(id, signal, recordCall) {
      // One-shot spares newer engines the wait for a second reading: rates come from our own previous one.
      const send = (options: Signal) => docker.getContainer(id).stats({ ...options, stream: false, 'one-shot': true })
      return ask(send, statsAnswer, signal, recordCall)
    },
    events(since, signal, onOpen, recordCall) {
      const options = { filters: { type: ['container'] }, ...sinceOption(since) } as const
      const send = (call: MeasuredCall) => docker.getEvents({ abortSignal: call, ...options })
      const parts = { send, decoder: eventDecoder, loopShare, party, onOpen }
      return stream((call) => readEvents({ call, ...parts }), signal, recordCall)
    },
    logs(id, { tail, since, isTty, follow }, signal, recordCall) {
      const both = { stdout: true, stderr: true, timestamps: true } as const
      const options = { follow, ...both, tail: tail ?? 'all', ...sinceOption(since) } as const
      const send = (call: MeasuredCall) => docker.getContainer(id).logs({ abortSignal: call, ...options })
      const parts = {
        send,
        id,
        isTty,
        follow,
        isScrubbed: scrubLogs,
        startSlice: () => loopShare.slice(`${party} callers`, ASKED_FOR),
      }
      return stream((call) => readLog({ call, ...parts }), signal, recordCall)
    },
    top: (id, signal, recordCall) =>
      ask((options) => docker.getContainer(id).top(options), topAnswer, signal, recordCall),
    changes: (id, signal, recordCall) =>
      ask((options) => docker.getContainer(id).changes(options), changesAnswer, signal, recordCall),
    images: (signal, recordCall) => ask((options) => docker.listImages(options), imagesAnswer, signal, recordCall),
    networks: (signal, recordCall) =>
      ask((options) => docker.listNetworks(options), networksAnswer, signal, recordCall),
    volumes: (signal, recordCall) => ask((options) => docker.listVolumes(options), volumesAnswer, signal, recordCall),
    diskUse: (signal, recordCall) => ask((options) => docker.df(options), diskUseAnswer, signal, recordCall),
    callTotals: () => modem.totals.all(),
    close: () => modem.close(),
  }
}

function dockerodeOver(modem: ReadOnlyTransport): DockerodeReads {
  const docker: unknown = new Docker({ modem } as Docker.DockerOptions)
  return docker as DockerodeReads
}

function sinceOption(since: EngineTime | null): { readonly since?: EngineTime } {
  return since === null ? {} : { since }
}

function checkPing(answer: unknown): void {
  if (typeof answer !== 'string' || answer.trim() !== 'OK')
    throw new ApiError('engine-bad-answer', 'GET /_ping: what answers is no engine')
}
