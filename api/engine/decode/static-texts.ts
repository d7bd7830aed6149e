import type { InspectedContainer } from '../../model/container.js'
import type { Scrubbed } from '../../redaction/scrub.js'
import { MAX_ITEMS } from '../json/answer-reader.js'

/** What a container runs, without its secrets. */
export type Command = Pick<InspectedContainer, 'entrypoint' | 'command' | 'healthCheck'>

type Labels = ReadonlyMap<string, string>

/** Characters of all commands that are remembered: those of some thousand usual containers, or of a hundred hostile ones. */
const MAX_COMMAND_CHARACTERS = 4 * 1024 * 1024

/**
 * Characters of all labels that are remembered: those of ten thousand usual containers. Those of more are held only as long as a list
 * or an inspect that has them, so an engine whose containers change from list to list fills no memory.
 */
const MAX_LABEL_CHARACTERS = 32 * 1024 * 1024

/** What an entry of short words takes beside them. */
const ENTRY_CHARACTERS = 256

/** What a label takes in memory beside its characters, which are few in most. */
const LABEL_CHARACTERS = 48

/**
 * The texts of one engine's containers that never change, scrubbed once in a container's life: looking for secrets takes the most
 * time of all that is done with an answer. Lists and inspects share the labels in memory.
 */
export class StaticTexts {
  readonly #labels = new SizedMap<Scrubbed<Labels>>(MAX_LABEL_CHARACTERS, ({ value }) => sizeOfLabels(value))
  readonly #commands = new SizedMap<Scrubbed<Command>>(MAX_COMMAND_CHARACTERS, ({ value }) => sizeOf(value))

  /** Undefined where they are not known yet. */
  knownLabels(id: string): Labels | undefined {
    return this.#labels.get(id)?.value
  }

  /** `scrub` runs where they are not known. */
  labels(id: string, scrub: () => Scrubbed<Labels>): Scrubbed<Labels> {
    return this.#labels.use(id, scrub)
  }

  command(id: string, scrub: () => Scrubbed<Command>): Scrubbed<Command> {
    return this.#commands.use(id, scrub)
  }
}

interface Sized<T> {
  readonly value: T
  readonly characters: number
}

/** Values by id, up to a number of characters of all. The least used goes first. */
class SizedMap<T> {
  readonly #maxCharacters: number
  readonly #sizeOf: (value: T) => number
  readonly #entries = new Map<string, Sized<T>>()
  #characters = 0

  constructor(maxCharacters: number, sizeOf: (value: T) => number) {
    this.#maxCharacters = maxCharacters
    this.#sizeOf = sizeOf
  }

  get(id: string): T | undefined {
    return this.#entries.get(id)?.value
  }

  /** `make` runs where the id has no value. */
  use(id: string, make: () => T): T {
    const known = this.#entries.get(id)
    const value = known?.value ?? make()
    const characters = known?.characters ?? this.#sizeOf(value)
    this.#forget(id)
    this.#entries.set(id, { value, characters })
    this.#characters += characters
    for (const oldest of this.#entries.keys()) {
      if ((this.#characters <= this.#maxCharacters && this.#entries.size <= MAX_ITEMS) || oldest === id) break
      this.#forget(oldest)
    }
    return value
  }

  #forget(id: string): void {
    this.#characters -= this.#entries.get(id)?.characters ?? 0
    this.#entries.delete(id)
  }
}

function sizeOfLabels(labels: Labels): number {
  let size = ENTRY_CHARACTERS
  for (const [key, value] of labels) size += key.length + value.length + LABEL_CHARACTERS
  return size
}

function sizeOf({ entrypoint, command, healthCheck }: Command): number {
  const words = [...entrypoint, ...command]
  return words.reduce((sum, word) => sum + word.length, ENTRY_CHARACTERS + (healthCheck?.command.length ?? 0))
}
