import { CommandFailure, type Io, readArguments, UsageError } from './command.js'
import { COMMANDS, findCommand, wordsOf } from './commands.js'
import { EXIT_FAILURE, EXIT_OK, EXIT_USAGE } from './exit-code.js'

const OVERVIEW = `porthole - an authenticated, read-only window onto Docker engines

Usage: porthole <command> [options]

Commands:
${COMMANDS.map(({ name, purpose }) => `  ${name.padEnd(14)}${purpose}`).join('\n')}

porthole <command> --help tells more. Exit codes: 0 done, 1 failed, 2 asked for wrongly.
`

/** Runs the command that the arguments name, and resolves with the exit code. Rejects only for a bug in the program. */
export async function runProgram(args: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(args, io)
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof CommandFailure)) throw error
    io.stderr.write(`porthole: ${error.message}\n`)
    return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE
  }
}

async function dispatch(args: readonly string[], io: Io): Promise<number> {
  const entry = findCommand(args)
  if (entry !== null) {
    const command = await entry.load()
    const rest = args.slice(wordsOf(entry.name))
    if (!isHelp(rest)) return command.run(readArguments(command, rest), io)
    io.stdout.write(command.help)
    return EXIT_OK
  }
  const [first] = args
  if (first !== undefined && first !== 'help' && !isHelp([first]))
    throw new UsageError(`there is no command ${JSON.stringify(args.join(' ').slice(0, 64))}; see porthole --help`)
  io.stdout.write(OVERVIEW)
  return first === undefined ? EXIT_USAGE : EXIT_OK
}

function isHelp(args: readonly string[]): boolean {
  return args.includes('--help') || args.includes('-h')
}
