import { hashPassword } from '../auth/sign-in/password.js'
import type { Arguments, Command, Io } from './command.js'
import { EXIT_OK } from './exit-code.js'
import { PASSWORD_HELP, PASSWORD_OPTIONS, readNewPassword } from './password-prompt.js'
import { demandUser, editUsersFile, FILE_HELP, FILE_OPTIONS, namedUser } from './users-file-edit.js'

const HELP = `Usage: porthole user password --name NAME [--file FILE] [--password-stdin]

Changes the password of a user and nothing else. A session that began with the old password cannot be refreshed any more.

Options:
  --name NAME            the user, spelled as in the file
  ${FILE_HELP}
  ${PASSWORD_HELP}
  -h, --help             this text
`

export const userPassword: Command = {
  name: 'user password',
  help: HELP,
  options: { name: { type: 'string' }, ...FILE_OPTIONS, ...PASSWORD_OPTIONS },
  run: changePassword,
}

async function changePassword(given: Arguments, io: Io): Promise<number> {
  const { path, name } = namedUser('user password', given, io.env)
  const passwordHash = await hashPassword(await readNewPassword('user password', given, io, name))
  await editUsersFile(
    path,
    (entries) =>
      demandUser(path, entries, name).map((entry) => (entry.name === name ? { ...entry, passwordHash } : entry)),
    io,
  )
  io.stdout.write(`changed the password of ${name} in ${path}\n`)
  return EXIT_OK
}
