#!/usr/bin/env node
import { auditVerify } from './audit-verify.js'
import { EXIT_FAILURE, EXIT_USAGE } from './exit-code.js'
import { hashPassword } from './hash-password.js'
import { serve } from './serve.js'
import { tokenCreate } from './token-create.js'
import { tokenRevoke } from './token-revoke.js'
import { type Command, CommandFailure, readArguments, UsageError } from './usage.js'
import { userAdd } from './user-add.js'
import { userList } from './user-list.js'
import { userPassword } from './user-password.js'
import { userRemove } from './user-remove.js'

const COMMANDS: readonly Command[] = [
  serve,
  tokenCreate,
  tokenRevoke,
  userAdd,
  userPassword,
  userRemove,
  userList,
  hashPassword,
  auditVerify,
]

const OVERVIEW = `porthole - an authenticated, read-only window onto Docker engines

Usage: porthole <command> [options]

Commands:
${COMMANDS.map(({ name, purpose }) => `  ${name.padEnd(14)}${purpose}`).join('\n')}

porthole <command> --help tells more. Exit codes: 0 done, 1 failed, 2 asked for wrongly.
`

async function main(args: readonly string[]): Promise<void> {
  const command = COMMANDS.find(({ name }) => name === args.slice(0, name.split(' ').length).join(' '))
  if (command !== undefined) {
    const rest = args.slice(command.name.split(' ').length)
    if (rest.includes('--help') || rest.includes('-h')) process.stdout.write(command.help)
    else await command.run(readArguments(command, rest))
  } else if (args.length === 0 || args[0] === '--help' || args[0] === '-h' || args[0] === 'help') {
    process.stdout.write(OVERVIEW)
    if (args.length === 0) process.exitCode = EXIT_USAGE
  } else throw new UsageError(`there is no command ${JSON.stringify(args.join(' ').slice(0, 64))}; see porthole --help`)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof CommandFailure)) throw error
  process.stderr.write(`porthole: ${error.message}\n`)
  process.exitCode = error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE
}
