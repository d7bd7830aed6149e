import {
  type Container,
  type ContainerState,
  composeOf,
  healthInStatus,
  type InspectedContainer,
  isRunning,
  type ListedContainer,
} from '../../model/container.js'
import type { CrashHistory } from './crash-tracker.js'
import { type InspectedFields, pickInspected, sameInspected } from './inspected-fields.js'
import { sameItems, sameListed } from './same-listed.js'

/** Fields that only an inspect has and that never change. */
type StaticFields = Pick<Container, 'tty' | 'healthCommand'>

/** The sources of a container's fields. */
interface Parts {
  readonly listed: ListedContainer
  /** Null until the container is inspected in its present run. */
  readonly inspected: InspectedFields | null
  readonly statics: StaticFields
  readonly crashes: CrashHistory
}

interface Entry extends Parts {
  readonly container: Container
}

const NO_STATICS: StaticFields = { tty: null, healthCommand: null }
const NO_CRASHES: CrashHistory = { crashes: [], memoryKills: [] }

/**
 * The containers of one engine. Events only mark what to read again. The inventory holds what the engine answered last, so the
 * order in which events and answers arrive does not matter. Each step costs the same however many containers there are.
 */
export class Inventory {
  readonly #hostId: string
  readonly #entries = new Map<string, Entry>()
  #version = 0
  #partial = 0
  #snapshot: { readonly version: number; readonly containers: readonly Container[] } = { version: 0, containers: [] }

  constructor(hostId: string) {
    this.#hostId = hostId
  }

  /** Grows with each visible change. */
  get version(): number {
    return this.#version
  }

  /** How many containers are shown in part. */
  get partial(): number {
    return this.#partial
  }

  get size(): number {
    return this.#entries.size
  }

  get(id: string): Container | undefined {
    return this.#entries.get(id)?.container
  }

  /** In no particular order. The same array until something visible changes. */
  containers(): readonly Container[] {
    const version = this.#version
    if (this.#snapshot.version !== version)
      this.#snapshot = { version, containers: Array.from(this.#entries.values(), ({ container }) => container) }
    return this.#snapshot.containers
  }

  /** Goes on correctly while containers come and go. */
  ids(): IterableIterator<string> {
    return this.#entries.keys()
  }

  /** Applies one item of a list. */
  applyListed(listed: ListedContainer): Container {
    const entry = this.#entries.get(listed.id)
    if (entry !== undefined && sameListed(entry.listed, listed)) return entry.container
    const { inspected = null, statics = NO_STATICS, crashes = NO_CRASHES } = entry ?? {}
    return this.#put({ listed, inspected: ofRun(listed.state, inspected), statics, crashes }, entry)
  }

  /** Applies an inspect answer. Returns whether it agrees with the list. */
  applyInspect(inspected: InspectedContainer): boolean {
    const entry = this.#entries.get(inspected.id)
    if (entry === undefined) return true
    const fields = ofRun(entry.listed.state, pickInspected(inspected))
    const statics = { tty: inspected.tty, healthCommand: inspected.healthCheck?.command ?? null }
    const isSame = sameInspected(entry.inspected, fields) && sameStatics(entry.statics, statics)
    if (!isSame) this.#put({ ...entry, inspected: fields, statics }, entry)
    return this.agrees(inspected.id)
  }

  /** Applies the crash history of a listed container. */
  applyCrashes(id: string, crashes: CrashHistory): void {
    const entry = this.#entries.get(id)
    if (entry !== undefined && !sameCrashes(entry.crashes, crashes)) this.#put({ ...entry, crashes }, entry)
  }

  /** Whether the last inspect of the container agrees with the list, as far as the list says something. */
  agrees(id: string): boolean {
    const entry = this.#entries.get(id)
    if (entry === undefined || entry.inspected === null) return false
    const { listed, inspected } = entry
    const health = healthInStatus(listed.status)
    return isUnknownOr(listed.state, inspected.state) && isUnknownOr(health, inspected.health)
  }

  remove(id: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    this.#entries.delete(id)
    this.#partial -= Number(entry.listed.isPartial)
    this.#version += 1
  }

  #put({ listed, inspected, statics, crashes }: Parts, before: Entry | undefined): Container {
    const container = compose(this.#hostId, { listed, inspected, statics, crashes })
    this.#entries.set(listed.id, { listed, inspected, statics, crashes, container })
    this.#partial += Number(listed.isPartial) - Number(before?.listed.isPartial ?? false)
    this.#version += 1
    return container
  }
}

/**
 * Fields inspected in another state belong to another run: the finish time of a stopped container is wrong for a running one. A
 * list that does not say the state does not say that another run has begun.
 */
function ofRun(state: ContainerState | null, inspected: InspectedFields | null): InspectedFields | null {
  if (inspected === null) return null
  const isSameRun = isUnknownOr(state, inspected.state) || (isRunning({ state }) && isRunning(inspected))
  return isSameRun ? inspected : null
}

function isUnknownOr<T>(listed: T | null, inspected: T): boolean {
  return listed === null || listed === inspected
}

function sameStatics(a: StaticFields, b: StaticFields): boolean {
  return a.tty === b.tty && a.healthCommand === b.healthCommand
}

function sameCrashes(a: CrashHistory, b: CrashHistory): boolean {
  return a === b || (sameItems(a.crashes, b.crashes) && sameItems(a.memoryKills, b.memoryKills))
}

function compose(hostId: string, { listed, inspected, statics, crashes }: Parts): Container {
  return {
    ...listed,
    hostId,
    state: listed.state ?? inspected?.state ?? null,
    health: inspected?.health ?? healthInStatus(listed.status),
    startedAt: inspected?.startedAt ?? null,
    finishedAt: inspected?.finishedAt ?? null,
    restartCount: inspected?.restartCount ?? null,
    exitCode: inspected?.exitCode ?? null,
    oomKilled: inspected?.oomKilled ?? false,
    ...composeOf(listed.labels),
    tty: statics.tty,
    healthCommand: statics.healthCommand,
    crashes: crashes.crashes,
    memoryKills: crashes.memoryKills,
  }
}
