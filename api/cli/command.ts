import { parseArgs } from 'node:util'
import type { Clock } from '../clock.js'

/** The command line is wrong. The message says how to write it. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command line is right but the work failed. The message says why, and what to do. Exit code 1. */
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
  /** The operands: words that are not options, for commands that take some. */
  readonly operands: readonly string[]
}

/** What a command may use of the process. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Input
  readonly stdout: Output
  readonly stderr: Output
  readonly clock: Clock
}

export interface Output {
  write(text: string): unknown
}

/** Standard input, and its keyboard if it is a terminal. */
export type Input = AsyncIterable<Buffer | string> & Keyboard

/** The keyboard of a terminal, as process.stdin has it. */
export interface Keyboard {
  readonly isTTY?: boolean
  setRawMode(isRaw: boolean): unknown
  setEncoding(encoding: 'utf8'): unknown
  on(event: 'data', listener: (keys: string) => void): unknown
  off(event: 'data', listener: (keys: string) => void): unknown
  resume(): unknown
  pause(): unknown
}

export interface Command {
  /** One or two words. */
  readonly name: string
  readonly help: string
  readonly options: Readonly<Record<string, Option>>
  /** Whether the command takes operands, such as names of files. */
  readonly takesOperands?: true
  /** Resolves with the exit code. Rejects with UsageError or CommandFailure. */
  run(given: Arguments, io: Io): Promise<number>
}

/** Parses strictly: an unknown option, a missing value or a stray word is a usage error. */
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
    // Node's own message would repeat the word, which may be a password typed as an argument.
    if ((error as NodeJS.ErrnoException).code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL')
      throw new UsageError(`${command.name}: takes options alone; see porthole ${command.name} --help`)
    const [firstSentence] = error instanceof Error ? error.message.split('. ') : ['the arguments cannot be read']
    throw new UsageError(`${command.name}: ${firstSentence}; see porthole ${command.name} --help`)
  }
}
