import { parseArgs } from 'node:util'

/** What was asked for cannot be asked for so; the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export interface Option {
  readonly type: 'string' | 'boolean'
  readonly multiple?: boolean
}

type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>

export interface Arguments {
  text(option: string): string | undefined
  texts(option: string): readonly string[]
  flag(option: string): boolean
}

export interface Command {
  /** One or two words. */
  readonly name: string
  readonly purpose: string
  readonly help: string
  readonly options: Readonly<Record<string, Option>>
  run(given: Arguments): Promise<void>
}

/** Strict: an unknown option, a missing value or a stray word is a usage error. */
export function readArguments(command: Command, args: readonly string[]): Arguments {
  const values = parse(command, args)
  return {
    text: (option) => {
      const value = values[option]
      return typeof value === 'string' ? value : undefined
    },
    texts: (option) => {
      const value = values[option]
      return Array.isArray(value) ? value.map(String) : []
    },
    flag: (option) => values[option] === true,
  }
}

function parse(command: Command, args: readonly string[]): Values {
  try {
    return parseArgs({ args: [...args], options: { ...command.options }, strict: true, allowPositionals: false }).values
  } catch (error) {
    const [firstSentence] = error instanceof Error ? error.message.split('. ') : ['the arguments cannot be read']
    throw new UsageError(`${command.name}: ${firstSentence}; see porthole ${command.name} --help`)
  }
}
