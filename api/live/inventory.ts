import {
  type Container,
  type ContainerState,
  healthInStatus,
  type InspectedContainer,
  type ListedContainer,
} from '../model/container.js'

/** What only an inspect tells and a summary shows. */
type Facts = Pick<
  InspectedContainer,
  'state' | 'health' | 'startedAt' | 'finishedAt' | 'restartCount' | 'exitCode' | 'oomKilled'
>

interface Entry {
  listed: ListedContainer
  facts: Facts | null
  container: Container
}

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
    for (const listed of answer) this.#put(listed, this.#entries.get(listed.id)?.facts ?? null)
  }

  /** Takes an inspect answer in. Says whether the list tells the same of the container. */
  takeInspect(inspected: InspectedContainer): boolean {
    const entry = this.#entries.get(inspected.id)
    if (entry === undefined) return true
    this.#put(entry.listed, inspected)
    return this.agrees(inspected.id)
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

  #put(listed: ListedContainer, inspected: Facts | null): void {
    // Facts of another state are of another life: a stopped container's finish time does not hold for the running one.
    const facts = inspected !== null && isSameLife(listed.state, inspected.state) ? pickFacts(inspected) : null
    const container = compose(this.#hostId, listed, facts)
    const entry = this.#entries.get(listed.id)
    if (entry === undefined) this.#entries.set(listed.id, { listed, facts, container })
    else {
      const changed = !sameContainer(entry.container, container)
      Object.assign(entry, { listed, facts, ...(changed ? { container } : {}) })
      if (!changed) return
    }
    this.#version += 1
  }
}

function isSameLife(a: ContainerState, b: ContainerState): boolean {
  const alive = (state: ContainerState) => state === 'running' || state === 'paused'
  return a === b || (alive(a) && alive(b))
}

function pickFacts(from: Facts): Facts {
  const { state, health, startedAt, finishedAt, restartCount, exitCode, oomKilled } = from
  return { state, health, startedAt, finishedAt, restartCount, exitCode, oomKilled }
}

function compose(hostId: string, listed: ListedContainer, facts: Facts | null): Container {
  return {
    ...listed,
    hostId,
    health: facts?.health ?? healthInStatus(listed.status),
    startedAt: facts?.startedAt ?? null,
    finishedAt: facts?.finishedAt ?? null,
    restartCount: facts?.restartCount ?? null,
    exitCode: facts?.exitCode ?? null,
    oomKilled: facts?.oomKilled ?? false,
    project: listed.labels.get('com.docker.compose.project') ?? null,
    service: listed.labels.get('com.docker.compose.service') ?? null,
  }
}

function sameContainer(a: Container, b: Container): boolean {
  return fingerprint(a) === fingerprint(b)
}

function fingerprint(container: Container): string {
  return JSON.stringify({ ...container, labels: [...container.labels] })
}
