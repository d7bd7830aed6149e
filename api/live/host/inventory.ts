import {
  type Container,
  composeOf,
  healthInStatus,
  type InspectedContainer,
  isRunning,
  type ListedContainer,
} from '../../model/container.js'
import type { CrashHistory } from './crash-tracker.js'

/** Fields of a summary that only an inspect has and that change from run to run. */
type InspectedFields = Pick<
  InspectedContainer,
  'state' | 'health' | 'startedAt' | 'finishedAt' | 'restartCount' | 'exitCode' | 'oomKilled'
>

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

const UNKNOWN: Omit<Parts, 'listed'> = {
  inspected: null,
  statics: { tty: null, healthCommand: null },
  crashes: { crashes: [], memoryKills: [] },
}

/**
 * The containers of one engine. Events only mark what to read again. The inventory holds what the engine answered last, so the
 * order in which events and answers arrive does not matter.
 */
export class Inventory {
  readonly #hostId: string
  readonly #entries = new Map<string, Entry>()
  #version = 0

  constructor(hostId: string) {
    this.#hostId = hostId
  }

  /** Grows with each visible change. */
  get version(): number {
    return this.#version
  }

  get(id: string): Container | undefined {
    return this.#entries.get(id)?.container
  }

  /** In no particular order. */
  *containers(): IterableIterator<Container> {
    for (const entry of this.#entries.values()) yield entry.container
  }

  /** Applies a list answer. Those of the `asked` ids (null: of all) that the answer lacks are removed. */
  applyList(asked: readonly string[] | null, answer: readonly ListedContainer[]): void {
    const present = new Set(answer.map(({ id }) => id))
    for (const id of asked ?? [...this.#entries.keys()]) if (!present.has(id)) this.remove(id)
    for (const listed of answer) this.#put({ ...(this.#entries.get(listed.id) ?? UNKNOWN), listed })
  }

  /** Applies an inspect answer. Returns whether it agrees with the list. */
  applyInspect(inspected: InspectedContainer): boolean {
    const entry = this.#entries.get(inspected.id)
    if (entry === undefined) return true
    const statics = { tty: inspected.tty, healthCommand: inspected.healthCheck?.command ?? null }
    this.#put({ ...entry, inspected: pickInspected(inspected), statics })
    return this.agrees(inspected.id)
  }

  /** Applies the crash history of a listed container. */
  applyCrashes(id: string, crashes: CrashHistory): void {
    const entry = this.#entries.get(id)
    if (entry !== undefined) this.#put({ ...entry, crashes })
  }

  /** Whether the last inspect of the container agrees with the list. */
  agrees(id: string): boolean {
    const entry = this.#entries.get(id)
    if (entry === undefined || entry.inspected === null) return false
    const { listed, inspected } = entry
    return listed.state === inspected.state && healthInStatus(listed.status) === inspected.health
  }

  remove(id: string): void {
    if (this.#entries.delete(id)) this.#version += 1
  }

  #put({ listed, inspected: latest, statics, crashes }: Parts): void {
    // Fields inspected in another state belong to another run: the finish time of a stopped container is wrong for a running one.
    const inspected = latest !== null && isSameRun(listed, latest) ? latest : null
    const parts = { listed, inspected, statics, crashes }
    const container = compose(this.#hostId, parts)
    const before = this.#entries.get(listed.id)?.container
    const isSame = before !== undefined && sameContainer(before, container)
    this.#entries.set(listed.id, { ...parts, container: isSame ? before : container })
    if (!isSame) this.#version += 1
  }
}

function isSameRun(a: Pick<Container, 'state'>, b: Pick<Container, 'state'>): boolean {
  return a.state === b.state || (isRunning(a) && isRunning(b))
}

function pickInspected(from: InspectedFields): InspectedFields {
  const { state, health, startedAt, finishedAt, restartCount, exitCode, oomKilled } = from
  return { state, health, startedAt, finishedAt, restartCount, exitCode, oomKilled }
}

function compose(hostId: string, { listed, inspected, statics, crashes }: Parts): Container {
  return {
    ...listed,
    hostId,
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

function sameContainer(a: Container, b: Container): boolean {
  return fingerprint(a) === fingerprint(b)
}

function fingerprint(container: Container): string {
  return JSON.stringify({ ...container, labels: [...container.labels] })
}
