import { type Arguments, type Command, CommandFailure, type Io } from './command.js'
import { EXIT_OK } from './exit-code.js'
import { demandUser, editUsersFile, FILE_HELP, FILE_OPTIONS, namedUser } from './users-file-edit.js'

const HELP = `Usage: porthole user remove --name NAME [--file FILE]

Removes a user from the file. A running service notices within a second, and refuses every sign-in and refresh of theirs. An
access token that was signed before stays valid until it expires (ACCESS_TOKEN_TTL).

Options:
  --name NAME            the user, spelled as in the file
  ${FILE_HELP}
  -h, --help             this text
`

export const userRemove: Command = {
  name: 'user remove',
  help: HELP,
  options: { name: { type: 'string' }, ...FILE_OPTIONS },
  run: removeUser,
}

async function removeUser(given: Arguments, io: Io): Promise<number> {
  const { path, name } = namedUser('user remove', given, io.env)
  await editUsersFile(
    path,
    (entries) => {
      const rest = demandUser(path, entries, name).filter((entry) => entry.name !== name)
      if (rest.length === 0)
        throw new CommandFailure(
          `this is the last user, and a file of none is not valid; to end sign-in, unset USERS_FILE and delete ${path}`,
        )
      return rest
    },
    io,
  )
  io.stdout.write(`removed ${name} from ${path}\n`)
  return EXIT_OK
}
