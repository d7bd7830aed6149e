import { hashPassword as hash } from '../auth/sign-in/password.js'
import type { Arguments, Command, Io } from './command.js'
import { EXIT_OK } from './exit-code.js'
import { PASSWORD_HELP, PASSWORD_OPTIONS, readNewPassword } from './password-prompt.js'

const HELP = `Usage: porthole hash-password [--password-stdin]

Prints the Argon2id hash of a password, as USERS_FILE holds it in "passwordHash". The password is asked for twice at a terminal,
and read from standard input otherwise; it is never an argument.

Options:
  ${PASSWORD_HELP}
  -h, --help             this text
`

export const hashPassword: Command = {
  name: 'hash-password',
  help: HELP,
  options: PASSWORD_OPTIONS,
  run: printHash,
}

async function printHash(given: Arguments, io: Io): Promise<number> {
  io.stdout.write(`${await hash(await readNewPassword('hash-password', given, io))}\n`)
  return EXIT_OK
}
