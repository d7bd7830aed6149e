import { hashPassword } from '../auth/sign-in/password.js'
import { isUserName, MAX_SELECTORS, MAX_USERS, USER_NAME_RULE, type UserEntry } from '../config/users-file.js'
import { parseLabelSelector } from '../model/label-selector.js'
import { ROLES, SCOPES } from '../model/scope.js'
import { type Arguments, type Command, CommandFailure, type Io, UsageError } from './command.js'
import { EXIT_OK } from './exit-code.js'
import { PASSWORD_HELP, PASSWORD_OPTIONS, readNewPassword } from './password-prompt.js'
import { readRoles, readScopes } from './scope-options.js'
import { editUsersFile, FILE_HELP, FILE_OPTIONS, readUsersFile, usersFileOf } from './users-file-edit.js'

const HELP = `Usage: porthole user add --name NAME (--role ROLE | --scope "SCOPE ...") [options]

Adds a user who may sign in, and makes the file if it does not exist. A running service notices within a second. The password
is asked for twice at a terminal, and read from standard input otherwise; it is never an argument.

Options:
  --name NAME            the user; 1 to 64 letters, digits, dots, underscores, hyphens or @
  --role ROLE            a bundle of scopes: ${Object.keys(ROLES).join(' ')}; may be repeated
  --scope "SCOPE ..."    single scopes: ${SCOPES.join(' ')}
  --containers SELECTOR  only containers with this label, as team=web or team; repeat it and all must hold
  --replace              replace the user of this name, with password and all
  ${FILE_HELP}
  ${PASSWORD_HELP}
  -h, --help             this text

Example: porthole user add --name alice --role viewer --containers team=web --file users.json
`

export const userAdd: Command = {
  name: 'user add',
  help: HELP,
  options: {
    name: { type: 'string' },
    role: { type: 'string', multiple: true },
    scope: { type: 'string', multiple: true },
    containers: { type: 'string', multiple: true },
    replace: { type: 'boolean' },
    ...FILE_OPTIONS,
    ...PASSWORD_OPTIONS,
  },
  run: addUser,
}

async function addUser(given: Arguments, io: Io): Promise<number> {
  const name = given.text('name') ?? ''
  if (!isUserName(name)) throw new UsageError(`user add: --name ${USER_NAME_RULE}`)
  const roles = readRoles('user add', given)
  const scopes = readScopes('user add', given)
  if (roles.length + scopes.length === 0) throw new UsageError('user add: give --role or --scope')
  const containers = readSelectors(given)
  const path = usersFileOf('user add', given, io.env)
  const isReplacing = given.flag('replace')
  // Checked first, so that the password is not typed in vain. The check that counts is the one under the lock.
  admit(readUsersFile(path) ?? [], name, isReplacing)
  const passwordHash = await hashPassword(await readNewPassword('user add', given, io, name))
  let isNew = true
  await editUsersFile(
    path,
    (found) => {
      const entries = found ?? []
      const index = admit(entries, name, isReplacing)
      isNew = index === -1
      const entry: UserEntry = { name, passwordHash, roles, scopes, containers }
      return isNew ? [...entries, entry] : entries.map((old, at) => (at === index ? entry : old))
    },
    io,
  )
  io.stdout.write(`${isNew ? 'added' : 'replaced'} ${name} in ${path}\n`)
  return EXIT_OK
}

/** The index of the user in the file, -1 if not there yet. Throws if the user may not be added. */
function admit(entries: readonly UserEntry[], name: string, isReplacing: boolean): number {
  const index = entries.findIndex((entry) => entry.name.toLowerCase() === name.toLowerCase())
  const existing = entries[index]?.name
  if (existing !== undefined && !isReplacing)
    throw new CommandFailure(
      `there is a user ${existing} already; --replace replaces them, porthole user password changes the password alone`,
    )
  if (existing === undefined && entries.length >= MAX_USERS)
    throw new CommandFailure(`the file has ${MAX_USERS} users already, which is the most it takes`)
  return index
}

function readSelectors(given: Arguments): readonly string[] {
  const selectors = [...new Set(given.texts('containers'))]
  for (const selector of selectors)
    if (parseLabelSelector(selector) === null) throw new UsageError('user add: --containers takes key or key=value')
  if (selectors.length > MAX_SELECTORS)
    throw new UsageError(`user add: --containers is given ${MAX_SELECTORS} times at most`)
  return selectors
}
