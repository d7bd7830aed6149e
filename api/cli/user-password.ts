import { hashPassword } from '../auth/sign-in/password.js'
import { PASSWORD_HELP, PASSWORD_OPTIONS, readNewPassword } from './password-prompt.js'
import { type Arguments, type Command, UsageError } from './usage.js'
import { demandUser, editUsersFile, FILE_HELP, FILE_OPTIONS, readUsersFile, usersFileOf } from './users-file-edit.js'

const HELP = `Usage: porthole user password --name NAME [--file FILE] [--password-stdin]

Gives somebody another password, and leaves the rest as it is. Whoever is signed in with the old one cannot refresh any more.

Options:
  --name NAME            whose, spelled as in the file
  ${FILE_HELP}
  ${PASSWORD_HELP}
  -h, --help             this text
`

export const userPassword: Command = {
  name: 'user password',
  purpose: "change somebody's password",
  help: HELP,
  options: { name: { type: 'string' }, ...FILE_OPTIONS, ...PASSWORD_OPTIONS },
  run: changePassword,
}

async function changePassword(given: Arguments): Promise<void> {
  const name = given.text('name') ?? ''
  if (name === '') throw new UsageError('user password: give --name')
  const path = usersFileOf('user password', given)
  demandUser(path, readUsersFile(path), name)
  const passwordHash = await hashPassword(await readNewPassword('user password', given, name))
  await editUsersFile(path, (entries) =>
    demandUser(path, entries, name).map((entry) => (entry.name === name ? { ...entry, passwordHash } : entry)),
  )
  process.stdout.write(`changed the password of ${name} in ${path}\n`)
}
