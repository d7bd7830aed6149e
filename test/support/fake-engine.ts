import { CallTotals } from '../../api/engine/call-totals.js'
import type { Engine, LogRequest } from '../../api/engine/engine.js'
import type { EventContext } from '../../api/live/events/host-journal.js'
import type { ContainerList, InspectedContainer, ListedContainer } from '../../api/model/container.js'
import type { ContainerEvent, EventStep } from '../../api/model/container-event.js'
import type { CallResult, RecordCall } from '../../api/model/engine-call.js'
import type { CallTotal } from '../../api/model/engine-metrics.js'
import type { DiskUse, Image, Network, Volume } from '../../api/model/engine-object.js'
import { type EngineTime, engineTime, rfc3339Of } from '../../api/model/engine-time.js'
import { ApiError } from '../../api/model/error.js'
import type { ChangeList } from '../../api/model/file-change.js'
import type { EngineInfo, EngineVersion } from '../../api/model/host.js'
import type { LogLine } from '../../api/model/log-line.js'
import type { ProcessList } from '../../api/model/process.js'
import type { Reading } from '../../api/model/sample.js'
import type { FakeLog } from './fake-log.js'

/** A full id that is easy to read in a failure: `idOf('a')` is 64 times a. */
export function idOf(digit: string): string {
  return digit.repeat(64)
}

export function listed(changes: Partial<ListedContainer> & Pick<ListedContainer, 'id'>): ListedContainer {
  return {
    name: `name-${changes.id.slice(0, 4)}`,
    image: 'nginx:1.27',
    imageId: `sha256:${'f'.repeat(64)}`,
    state: 'running',
    status: 'Up 2 hours',
    createdAt: '2026-11-24T00:00:00Z',
    ports: [],
    labels: new Map(),
    networks: ['bridge'],
    volumes: [],
    redactions: 0,
    isPartial: false,
    ...changes,
  }
}

export function inspected(from: ListedContainer, changes: Partial<InspectedContainer> = {}): InspectedContainer {
  return {
    id: from.id,
    name: from.name,
    image: from.image ?? 'nginx:1.27',
    imageId: from.imageId ?? `sha256:${'f'.repeat(64)}`,
    createdAt: from.createdAt ?? '2026-11-24T00:00:00Z',
    state: from.state ?? 'running',
    startedAt: '2026-11-24T00:00:01Z',
    finishedAt: null,
    exitCode: 0,
    oomKilled: false,
    error: null,
    health: 'none',
    healthFailingStreak: null,
    healthLog: [],
    healthCheck: null,
    restartCount: 0,
    restartPolicy: { name: 'no', maximumRetryCount: 0 },
    command: ['nginx'],
    entrypoint: [],
    workingDirectory: '/',
    user: '',
    tty: false,
    stopSignal: null,
    autoRemove: false,
    hostname: 'box',
    envNames: ['PATH'],
    labels: from.labels,
    ports: from.ports,
    networkMode: 'default',
    networks: [],
    mounts: [
      { type: 'bind', name: null, source: '/srv/secret-path', destination: '/data', readOnly: true, propagation: null },
    ],
    resources: {
      memoryLimitBytes: null,
      memoryReservationBytes: null,
      memorySwapLimitBytes: null,
      cpuLimit: null,
      cpuShares: null,
      cpusetCpus: null,
      pidsLimit: null,
      shmBytes: null,
      oomKillDisabled: false,
      ulimits: [],
      devices: [],
    },
    security: {
      privileged: false,
      readOnlyRootFilesystem: false,
      capabilitiesAdded: [],
      capabilitiesDropped: [],
      securityOptions: [],
      appArmorProfile: null,
      pidMode: '',
      ipcMode: 'private',
      utsMode: '',
      usernsMode: '',
    },
    logDriver: 'json-file',
    redactions: 0,
    textRedactions: 0,
    hostPathRedactions: 0,
    isPartial: false,
    ...changes,
  }
}

export function readingAt(readAt: number, changes: Partial<Reading> = {}): Reading {
  return {
    readAt,
    cpuUsageNs: readAt * 1e5,
    systemCpuUsageNs: readAt * 1e6,
    cores: 2,
    throttledPeriods: 0,
    throttledNs: 0,
    memoryUsedBytes: 1_000,
    memoryLimitBytes: 4_000,
    memoryCacheBytes: 10,
    memorySwapBytes: 0,
    network: { rxBytes: readAt, txBytes: readAt, rxErrors: 0, txErrors: 0, rxDropped: 0, txDropped: 0 },
    blockIo: { readBytes: 0, writeBytes: 0 },
    pids: 3,
    pidsLimit: null,
    ...changes,
  }
}

export function eventOf(
  changes: Partial<ContainerEvent> & Pick<ContainerEvent, 'containerId' | 'action' | 'timeNano'>,
): ContainerEvent {
  return {
    name: 'box',
    image: 'nginx:1.27',
    labels: new Map(),
    exitCode: null,
    signal: null,
    health: null,
    command: null,
    execId: null,
    oldName: null,
    redactions: 0,
    ...changes,
  }
}

/** An event that comes as it happens, of a container without a health check. */
export const HAPPENED = happened(() => null)

export function happened(healthCommandOf: EventContext['healthCommandOf']): EventContext {
  return { at: Date.UTC(2026, 10, 24), isPast: false, healthCommandOf }
}

/** A line of a log, that many seconds after 2026-11-24T00:00:00Z. */
export function lineAt(second: number, message: string, changes: Partial<LogLine> = {}): LogLine {
  const time = rfc3339Of(engineTime(Date.UTC(2026, 10, 24) + second * 1_000))
  return { time, stream: 'stdout', message, isCut: false, redactions: 0, parts: 1, ...changes }
}

/** An engine that the test controls. A set `down` or `fault` makes calls fail; events are pushed. */
export class FakeEngine implements Engine {
  readonly calls: string[] = []
  readonly listed = new Map<string, ListedContainer>()
  /** What is left out of its lists. */
  omissions: Omit<ContainerList, 'containers'> = { omitted: 0, isTruncated: false }
  readonly inspections = new Map<string, Partial<InspectedContainer>>()
  /** What every call fails with. */
  down: ApiError | null = null
  /** What calls of one kind fail with. */
  readonly faults = new Map<string, ApiError>()
  readonly readings: (id: string) => Reading | null
  /** Stats calls in progress, and their maximum so far. */
  polling = 0
  mostPolling = 0
  /** Holds stats and inspect calls back until it resolves. */
  gate: Promise<void> | null = null
  closed = false
  /** The `since` of each subscription to /events. */
  readonly sinces: (EngineTime | null)[] = []
  /** What the engine remembers and sends to each new subscriber, before anything else. */
  readonly past: EventStep[] = []
  /** The time that it sends to a subscriber. */
  engineNow: number | null = null
  /** Answers GET /containers/{id}/logs with batches of lines; a test may replace it. */
  log: (request: LogRequest, signal: AbortSignal) => AsyncIterable<readonly LogLine[]> = async function* () {
    yield []
  }
  /** The log that a container has instead of that. */
  logOf: (id: string) => FakeLog | null = () => null
  processes: ProcessList = { processes: [], redactions: 0, isTruncated: false }
  fileChanges: ChangeList = { changes: [], isTruncated: false }
  objects: { images: readonly Image[]; networks: readonly Network[]; volumes: readonly Volume[] } = {
    images: [],
    networks: [],
    volumes: [],
  }
  disk: DiskUse | null = null
  #streams = new Set<{ push: (step: EventStep) => void; end: (error: Error | null) => void }>()
  readonly #totals = new CallTotals()
  #time = 0

  constructor(readings: (id: string) => Reading | null = () => null) {
    this.readings = readings
  }

  add(container: ListedContainer, inspected: Partial<InspectedContainer> = {}): void {
    this.listed.set(container.id, container)
    this.inspections.set(container.id, inspected)
  }

  emit(action: string, containerId: string, changes: Partial<ContainerEvent> = {}): void {
    this.#time += 1
    const event = eventOf({ containerId, action, timeNano: String(this.#time), ...changes })
    this.#send({ kind: 'event', event })
  }

  /** An event is passed over. */
  passOver(containerId: string | null): void {
    this.#send({ kind: 'gap', containerId })
  }

  /** Ends all event streams: cleanly, or with a fault. */
  cut(error: Error | null = null): void {
    for (const stream of this.#streams) stream.end(error)
  }

  get subscribers(): number {
    return this.#streams.size
  }

  async ping(signal: AbortSignal, recordCall?: RecordCall): Promise<void> {
    this.#begin('ping', signal, recordCall).answer(undefined)
  }

  async version(signal: AbortSignal, recordCall?: RecordCall): Promise<EngineVersion> {
    return this.#begin('version', signal, recordCall).answer({
      version: '27.0',
      apiVersion: '1.46',
      minApiVersion: '1.24',
      os: 'linux',
      architecture: 'amd64',
      kernelVersion: '6.1',
    })
  }

  async info(signal: AbortSignal, recordCall?: RecordCall): Promise<EngineInfo> {
    return this.#begin('info', signal, recordCall).answer({
      name: 'box',
      operatingSystem: 'Debian',
      cgroupVersion: '2',
      cgroupDriver: 'systemd',
      storageDriver: 'overlay2',
      loggingDriver: 'json-file',
      rootless: false,
      cpus: 4,
      memoryBytes: 8_000,
    })
  }

  async containers(
    ids: readonly string[] | null,
    signal: AbortSignal,
    recordCall?: RecordCall,
  ): Promise<ContainerList> {
    const call = this.#begin(ids === null ? 'list' : `list ${ids.length}`, signal, recordCall)
    const containers = [...this.listed.values()].filter(({ id }) => ids === null || ids.includes(id))
    return call.answer({ containers, ...this.omissions })
  }

  async inspect(id: string, signal: AbortSignal, recordCall?: RecordCall): Promise<InspectedContainer> {
    const call = this.#begin(`inspect ${id.slice(0, 4)}`, signal, recordCall)
    await this.gate
    const container = this.listed.get(id)
    if (container === undefined) throw call.fault(new ApiError('container-not-found', 'gone', { engineStatus: 404 }))
    return call.answer(inspected(container, this.inspections.get(id)))
  }

  async stats(id: string, signal: AbortSignal, recordCall?: RecordCall): Promise<Reading | null> {
    const call = this.#begin(`stats ${id.slice(0, 4)}`, signal, recordCall)
    this.polling += 1
    this.mostPolling = Math.max(this.mostPolling, this.polling)
    await this.gate
    this.polling -= 1
    return call.answer(this.readings(id))
  }

  async *logs(
    id: string,
    request: LogRequest,
    signal: AbortSignal,
    recordCall?: RecordCall,
  ): AsyncIterable<readonly LogLine[]> {
    const call = this.#begin(`logs ${id.slice(0, 4)}`, signal, recordCall)
    try {
      const log = this.logOf(id)
      yield* log === null ? this.log(request, signal) : log.read(request, signal)
    } finally {
      call.answer(undefined)
    }
  }

  async top(id: string, signal: AbortSignal, recordCall?: RecordCall): Promise<ProcessList> {
    const call = this.#begin(`top ${id.slice(0, 4)}`, signal, recordCall)
    await this.gate
    return call.answer(this.processes)
  }

  async changes(id: string, signal: AbortSignal, recordCall?: RecordCall): Promise<ChangeList> {
    const call = this.#begin(`changes ${id.slice(0, 4)}`, signal, recordCall)
    await this.gate
    return call.answer(this.fileChanges)
  }

  async images(signal: AbortSignal, recordCall?: RecordCall): Promise<readonly Image[]> {
    const call = this.#begin('images', signal, recordCall)
    await this.gate
    return call.answer(this.objects.images)
  }

  async networks(signal: AbortSignal, recordCall?: RecordCall): Promise<readonly Network[]> {
    const call = this.#begin('networks', signal, recordCall)
    await this.gate
    return call.answer(this.objects.networks)
  }

  async volumes(signal: AbortSignal, recordCall?: RecordCall): Promise<readonly Volume[]> {
    const call = this.#begin('volumes', signal, recordCall)
    await this.gate
    return call.answer(this.objects.volumes)
  }

  async diskUse(signal: AbortSignal, recordCall?: RecordCall): Promise<DiskUse> {
    const call = this.#begin('disk', signal, recordCall)
    await this.gate
    if (this.disk === null) throw call.fault(new ApiError('engine-endpoint-blocked', 'closed', { engineStatus: 403 }))
    return call.answer(this.disk)
  }

  async *events(
    since: EngineTime | null,
    signal: AbortSignal,
    onOpen: (engineNow: number | null) => void,
    recordCall?: RecordCall,
  ): AsyncIterable<EventStep> {
    const call = this.#begin('events', signal, recordCall)
    this.sinces.push(since)
    const queue: EventStep[] = [...this.past]
    let ended: Error | null | undefined
    let wake = () => {}
    const stream = {
      push: (step: EventStep) => {
        queue.push(step)
        wake()
      },
      end: (error: Error | null) => {
        ended = error
        wake()
      },
    }
    const abort = () => stream.end(null)
    signal.addEventListener('abort', abort)
    this.#streams.add(stream)
    try {
      onOpen(this.engineNow)
      for (;;) {
        const step = queue.shift()
        if (step !== undefined) yield step
        else if (ended === null) return
        else if (ended !== undefined) throw ended
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    } finally {
      this.#streams.delete(stream)
      signal.removeEventListener('abort', abort)
      call.answer(undefined)
    }
  }

  callTotals(): readonly CallTotal[] {
    return this.#totals.all()
  }

  close(): void {
    this.closed = true
  }

  #send(step: EventStep): void {
    for (const stream of this.#streams) stream.push(step)
  }

  /** One call, recorded like in the transport: when it ends, before its answer is returned. Throws a fault that is set. */
  #begin(call: string, signal: AbortSignal, recordCall?: RecordCall) {
    const read = call.split(' ')[0] ?? ''
    const record = (status: number | null, result: CallResult) => {
      const one = { read, status, milliseconds: 1, bytes: 2, result }
      this.#totals.add(one)
      recordCall?.(one)
    }
    const fault = (error: ApiError) => {
      record(error.engineStatus, error.code)
      return error
    }
    this.calls.push(call)
    signal.throwIfAborted()
    const set = this.down ?? this.faults.get(read)
    if (set != null) throw fault(set)
    return {
      answer: <T>(value: T): T => {
        record(200, 'ok')
        return value
      },
      fault,
    }
  }
}
