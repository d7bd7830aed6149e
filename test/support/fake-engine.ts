import type { Engine } from '../../api/engine/engine.js'
import type { InspectedContainer, ListedContainer } from '../../api/model/container.js'
import type { ContainerEvent } from '../../api/model/container-event.js'
import { ApiError } from '../../api/model/error.js'
import type { EngineInfo, EngineVersion } from '../../api/model/host.js'
import type { Reading } from '../../api/model/sample.js'

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
    ...changes,
  }
}

export function inspected(from: ListedContainer, changes: Partial<InspectedContainer> = {}): InspectedContainer {
  return {
    id: from.id,
    name: from.name,
    image: from.image,
    imageId: from.imageId,
    createdAt: from.createdAt,
    state: from.state,
    startedAt: '2026-11-24T00:00:01Z',
    finishedAt: null,
    exitCode: 0,
    oomKilled: false,
    error: null,
    health: 'none',
    healthFailingStreak: null,
    healthLog: [],
    restartCount: 0,
    restartPolicy: { name: 'no', maximumRetryCount: 0 },
    command: ['nginx'],
    entrypoint: [],
    workingDirectory: '/',
    user: '',
    tty: false,
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

/** An engine that the test holds in its hand. A set `down` or `fault` makes calls fail; events are pushed. */
export class FakeEngine implements Engine {
  readonly calls: string[] = []
  readonly world = new Map<string, ListedContainer>()
  readonly facts = new Map<string, Partial<InspectedContainer>>()
  /** What every call fails with. */
  down: ApiError | null = null
  /** What calls of one kind fail with. */
  readonly faults = new Map<string, ApiError>()
  readonly readings: (id: string) => Reading | null
  /** Stats calls under way, and the most there ever were. */
  polling = 0
  mostPolling = 0
  /** Holds stats and inspect calls back until the test lets them go. */
  gate: Promise<void> | null = null
  closed = false
  #streams = new Set<{ push: (event: ContainerEvent) => void; end: (error: Error | null) => void }>()
  #time = 0

  constructor(readings: (id: string) => Reading | null = () => null) {
    this.readings = readings
  }

  add(container: ListedContainer, facts: Partial<InspectedContainer> = {}): void {
    this.world.set(container.id, container)
    this.facts.set(container.id, facts)
  }

  emit(action: string, containerId: string): void {
    this.#time += 1
    for (const stream of this.#streams) stream.push({ containerId, action, timeNano: String(this.#time) })
  }

  /** Ends all event streams: cleanly, or with a fault. */
  cut(error: Error | null = null): void {
    for (const stream of this.#streams) stream.end(error)
  }

  get subscribers(): number {
    return this.#streams.size
  }

  async ping(signal: AbortSignal): Promise<void> {
    this.#enter('ping', signal)
  }

  async version(signal: AbortSignal): Promise<EngineVersion> {
    this.#enter('version', signal)
    return {
      version: '27.0',
      apiVersion: '1.46',
      minApiVersion: '1.24',
      os: 'linux',
      architecture: 'amd64',
      kernelVersion: '6.1',
    }
  }

  async info(signal: AbortSignal): Promise<EngineInfo> {
    this.#enter('info', signal)
    return {
      name: 'box',
      operatingSystem: 'Debian',
      cgroupVersion: '2',
      cgroupDriver: 'systemd',
      storageDriver: 'overlay2',
      loggingDriver: 'json-file',
      rootless: false,
      cpus: 4,
      memoryBytes: 8_000,
    }
  }

  async containers(ids: readonly string[] | null, signal: AbortSignal): Promise<readonly ListedContainer[]> {
    this.#enter(ids === null ? 'list' : `list ${ids.length}`, signal)
    return [...this.world.values()].filter(({ id }) => ids === null || ids.includes(id))
  }

  async inspect(id: string, signal: AbortSignal): Promise<InspectedContainer> {
    this.#enter(`inspect ${id.slice(0, 4)}`, signal)
    await this.gate
    const container = this.world.get(id)
    if (container === undefined) throw new ApiError('container-not-found', 'gone')
    return inspected(container, this.facts.get(id))
  }

  async stats(id: string, signal: AbortSignal): Promise<Reading | null> {
    this.#enter(`stats ${id.slice(0, 4)}`, signal)
    this.polling += 1
    this.mostPolling = Math.max(this.mostPolling, this.polling)
    await this.gate
    this.polling -= 1
    return this.readings(id)
  }

  async *events(signal: AbortSignal, onOpen: () => void): AsyncIterable<ContainerEvent> {
    this.#enter('events', signal)
    const queue: ContainerEvent[] = []
    let ended: Error | null | undefined
    let wake = () => {}
    const stream = {
      push: (event: ContainerEvent) => {
        queue.push(event)
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
      onOpen()
      for (;;) {
        const event = queue.shift()
        if (event !== undefined) yield event
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
    }
  }

  close(): void {
    this.closed = true
  }

  #enter(call: string, signal: AbortSignal): void {
    this.calls.push(call)
    signal.throwIfAborted()
    const fault = this.down ?? this.faults.get(call.split(' ')[0] ?? '')
    if (fault != null) throw fault
  }
}
