import type { InspectedContainer } from '../../model/container.js'
import { evictOldest } from '../../model/evict-oldest.js'
import type { Scrubbed } from '../../redaction/scrub.js'
import { MAX_ITEMS } from '../json/answer-reader.js'

/** What a container runs, without its secrets. */
export type Command = Pick<InspectedContainer, 'entrypoint' | 'command' | 'healthCheck'>

type Labels = ReadonlyMap<string, string>

/** Characters of all commands that are remembered: those of some thousand usual containers, or of a hundred hostile ones. */
const MAX_COMMAND_CHARACTERS = 4 * 1024 * 1024

/** What an entry of short words takes beside them. */
const ENTRY_CHARACTERS = 256

/**
 * The texts of one engine's containers that never change, scrubbed once in a container's life: looking for secrets takes the most
 * time of all that is done with an answer. Lists and inspects share the labels in memory.
 */
export class StaticTexts {
  readonly #labels = new Map<string, Scrubbed<Labels>>()
  readonly #commands = new Map<string, { readonly command: Scrubbed<Command>; readonly characters: number }>()
  #characters = 0

  /** Undefined where they are not known yet. */
  knownLabels(id: string): Labels | undefined {
    return this.#labels.get(id)?.value
  }

  /** `scrub` runs where they are not known. */
  labels(id: string, scrub: () => Scrubbed<Labels>): Scrubbed<Labels> {
    const known = this.#labels.get(id)
    const labels = known ?? scrub()
    // Put last, so that the least used goes first.
    this.#labels.delete(id)
    this.#labels.set(id, labels)
    evictOldest(this.#labels, MAX_ITEMS)
    return labels
  }

  command(id: string, scrub: () => Scrubbed<Command>): Scrubbed<Command> {
    const known = this.#commands.get(id)
    const command = known?.command ?? scrub()
    const characters = known?.characters ?? sizeOf(command.value)
    this.#forget(id)
    this.#commands.set(id, { command, characters })
    this.#characters += characters
    for (const oldest of this.#commands.keys()) {
      if (this.#characters <= MAX_COMMAND_CHARACTERS || oldest === id) break
      this.#forget(oldest)
    }
    return command
  }

  #forget(id: string): void {
    this.#characters -= this.#commands.get(id)?.characters ?? 0
    this.#commands.delete(id)
  }
}

function sizeOf({ entrypoint, command, healthCheck }: Command): number {
  const words = [...entrypoint, ...command]
  return words.reduce((sum, word) => sum + word.length, ENTRY_CHARACTERS + (healthCheck?.command.length ?? 0))
}
