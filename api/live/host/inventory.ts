import {
  type Container,
  type ContainerState,
  composeOf,
  healthInStatus,
  type InspectedContainer,
  type ListedContainer,
} from '../../model/container.js'

/** What only an inspect tells and a summary shows. */
type Facts = Pick<
  InspectedContainer,
  'state' | 'health' | 'startedAt' | 'finishedAt' | 'restartCount' | 'exitCode' | 'oomKilled'
>

/** What only an inspect tells and no life of the container changes. */
type Nature = Pick<Container, 'tty' | 'healthCommand'>

/** What only events tell. */
export type Accidents = Pick<Container, 'crashes' | 'memoryKills'>

interface Entry {
  listed: ListedContainer
  facts: Facts | null
  nature: Nature
  accidents: Accidents
  container: Container
}

const UNKNOWN_NATURE: Nature = { tty: null, healthCommand: null }
const NO_ACCIDENTS: Accidents = { crashes: [], memoryKills: [] }

/**
 * The containers of one engine. Events only say where to look again; what is held is always what the engine answered last, so
 * the order in which events and answers arrive does not matter.
 */
export class Inventory {
  readonly #hostId: string
  readonly #entries = new Map<string, Entry>()
  #version = 0

  constructor(hostId: string) {
    this.#hostId = hostId
  }

  /** Grows with each change that somebody could see. */
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

  /** Takes a list answer in. Of the `asked` ids (null: of all) those that the answer lacks are gone. */
  takeList(asked: readonly string[] | null, answer: readonly ListedContainer[]): void {
    const present = new Set(answer.map(({ id }) => id))
    for (const id of asked ?? [...this.#entries.keys()]) if (!present.has(id)) this.remove(id)
    for (const listed of answer) {
      const entry = this.#entries.get(listed.id)
      this.#put({ ...(entry ?? NEW_ENTRY), listed })
    }
  }

  /** Takes an inspect answer in. Says whether the list tells the same of the container. */
  takeInspect(inspected: InspectedContainer): boolean {
    const entry = this.#entries.get(inspected.id)
    if (entry === undefined) return true
    const nature = { tty: inspected.tty, healthCommand: inspected.healthCheck?.command ?? null }
    this.#put({ ...entry, facts: pickFacts(inspected), nature })
    return this.agrees(inspected.id)
  }

  /** Takes in what events have told of a container that is listed. */
  takeAccidents(id: string, accidents: Accidents): void {
    const entry = this.#entries.get(id)
    if (entry !== undefined) this.#put({ ...entry, accidents })
  }

  /** Whether the last inspect told the same of the container as the list does. */
  agrees(id: string): boolean {
    const entry = this.#entries.get(id)
    if (entry?.facts == null) return false
    return entry.listed.state === entry.facts.state && healthInStatus(entry.listed.status) === entry.facts.health
  }

  remove(id: string): void {
    if (this.#entries.delete(id)) this.#version += 1
  }

  #put({ listed, facts: given, nature, accidents }: Omit<Entry, 'container'>): void {
    // Facts of another state are of another life: a stopped container's finish time does not hold for the running one.
    const facts = given !== null && isSameLife(listed.state, given.state) ? given : null
    const container = compose(this.#hostId, listed, facts, nature, accidents)
    const entry = this.#entries.get(listed.id)
    if (entry === undefined) this.#entries.set(listed.id, { listed, facts, nature, accidents, container })
    else {
      const changed = !sameContainer(entry.container, container)
      Object.assign(entry, { listed, facts, nature, accidents, ...(changed ? { container } : {}) })
      if (!changed) return
    }
    this.#version += 1
  }
}

const NEW_ENTRY = { facts: null, nature: UNKNOWN_NATURE, accidents: NO_ACCIDENTS }

function isSameLife(a: ContainerState, b: ContainerState): boolean {
  const alive = (state: ContainerState) => state === 'running' || state === 'paused'
  return a === b || (alive(a) && alive(b))
}

function pickFacts(from: Facts): Facts {
  const { state, health, startedAt, finishedAt, restartCount, exitCode, oomKilled } = from
  return { state, health, startedAt, finishedAt, restartCount, exitCode, oomKilled }
}

function compose(
  hostId: string,
  listed: ListedContainer,
  facts: Facts | null,
  nature: Nature,
  accidents: Accidents,
): Container {
  return {
    ...listed,
    hostId,
    health: facts?.health ?? healthInStatus(listed.status),
    startedAt: facts?.startedAt ?? null,
    finishedAt: facts?.finishedAt ?? null,
    restartCount: facts?.restartCount ?? null,
    exitCode: facts?.exitCode ?? null,
    oomKilled: facts?.oomKilled ?? false,
    ...composeOf(listed.labels),
    tty: nature.tty,
    healthCommand: nature.healthCommand,
    crashes: accidents.crashes,
    memoryKills: accidents.memoryKills,
  }
}

function sameContainer(a: Container, b: Container): boolean {
  return fingerprint(a) === fingerprint(b)
}

function fingerprint(container: Container): string {
  return JSON.stringify({ ...container, labels: [...container.labels] })
}
