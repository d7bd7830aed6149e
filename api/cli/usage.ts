import { parseArgs } from 'node:util'

/** What was asked for cannot be asked for so; the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What was asked for rightly did not come about; the message says why, and what to do. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
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
  /** The words that are no options, where the command takes some. */
  readonly operands: readonly string[]
}

export interface Command {
  /** One or two words. */
  readonly name: string
  readonly purpose: string
  readonly help: string
  readonly options: Readonly<Record<string, Option>>
  /** Whether words that are no options are taken too, such as names of files. */
  readonly takesOperands?: true
  run(given: Arguments): Promise<void>
}

/** Strict: an unknown option, a missing value or a stray word is a usage error. */
export function readArguments(command: Command, args: readonly string[]): Arguments {
  const { values, positionals } = parse(command, args)
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
    operands: positionals,
  }
}

function parse(command: Command, args: readonly string[]): { values: Values; positionals: readonly string[] } {
  try {
    const allowPositionals = command.takesOperands === true
    return parseArgs({ args: [...args], options: { ...command.options }, strict: true, allowPositionals })
  } catch (error) {
    // Node's own message would repeat the word, which may be a password that somebody took for an argument.
    if ((error as NodeJS.ErrnoException).code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL')
      throw new UsageError(`${command.name}: takes options alone; see porthole ${command.name} --help`)
    const [firstSentence] = error instanceof Error ? error.message.split('. ') : ['the arguments cannot be read']
    throw new UsageError(`${command.name}: ${firstSentence}; see porthole ${command.name} --help`)
  }
}
