import type { UserEntry } from '../config/users-file.js'
import { type Arguments, type Command, CommandFailure, type Io } from './command.js'
import { EXIT_OK } from './exit-code.js'
import { FILE_HELP, FILE_OPTIONS, readUsersFile, usersFileOf } from './users-file-edit.js'

const HELP = `Usage: porthole user list [--file FILE] [--json]

Lists who may sign in and what they may read; never a hash.

Options:
  ${FILE_HELP}
  --json                 name, roles, scopes and containers of each, as JSON
  -h, --help             this text
`

export const userList: Command = {
  name: 'user list',
  help: HELP,
  options: { json: { type: 'boolean' }, ...FILE_OPTIONS },
  run: listUsers,
}

async function listUsers(given: Arguments, io: Io): Promise<number> {
  const path = usersFileOf('user list', given, io.env)
  const entries = readUsersFile(path)
  if (entries === null) throw new CommandFailure(`${path} does not exist; porthole user add makes it`)
  const shown = entries.map(({ name, roles, scopes, containers }) => ({ name, roles, scopes, containers }))
  io.stdout.write(given.flag('json') ? `${JSON.stringify(shown, null, 2)}\n` : table(entries))
  return EXIT_OK
}

function table(entries: readonly UserEntry[]): string {
  const rows = entries.map(({ name, roles, scopes, containers }) => [
    name,
    [...roles, ...scopes].join(' '),
    containers.length === 0 ? 'all' : containers.map(printable).join(' '),
  ])
  const all = [['NAME', 'MAY READ', 'CONTAINERS'], ...rows]
  const widths = [0, 1].map((column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const lines = all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

/** Escapes control characters: the value of a selector may hold some, and a terminal would act on them. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?')
}
