import { appendFileSync } from 'node:fs'
import { hasControlCharacter } from '../model/control-character.js'
import { type Arguments, type Command, CommandFailure, type Io, UsageError } from './command.js'
import { EXIT_OK } from './exit-code.js'

/** Characters of a token id that a service accepts. */
const MAX_TOKEN_ID_LENGTH = 256

/** Characters of a comment: a ticket number and a sentence. */
const MAX_REASON_LENGTH = 200

/** For the owner alone: write access is the power to revoke any token. */
const FILE_MODE = 0o600

const HELP = `Usage: porthole token revoke --jti ID [--file FILE] [--reason TEXT]

Adds a token's id to the file that REVOKED_TOKENS_FILE names. A running service refuses the token within two seconds, and
goes on to after a restart.

Options:
  --jti ID       the token's id: jti in its claims, tokenId in the log, in the audit and in GET /api/auth/me
  --file FILE    the file (default: REVOKED_TOKENS_FILE); made if it does not exist
  --reason TEXT  a remark that is written beside it
  -h, --help     this text

Example: porthole token revoke --jti 3f0c1f0e-6a55-4d0e-9a39-0c6f7a3f9c11 --reason "laptop lost"
`

export const tokenRevoke: Command = {
  name: 'token revoke',
  help: HELP,
  options: { jti: { type: 'string' }, file: { type: 'string' }, reason: { type: 'string' } },
  run: revokeToken,
}

async function revokeToken(given: Arguments, io: Io): Promise<number> {
  const tokenId = given.text('jti')
  // A # after a blank would begin a comment and leave half an id.
  if (
    tokenId === undefined ||
    !/^[\x21-\x7e]+$/.test(tokenId) ||
    tokenId.startsWith('#') ||
    tokenId.length > MAX_TOKEN_ID_LENGTH
  )
    throw new UsageError('token revoke: --jti takes the id of one token, without blanks')
  const reason = given.text('reason') ?? ''
  // A line break would begin another id.
  if (hasControlCharacter(reason) || reason.length > MAX_REASON_LENGTH)
    throw new UsageError(`token revoke: --reason takes one line of at most ${MAX_REASON_LENGTH} characters`)
  const file = given.text('file') ?? io.env['REVOKED_TOKENS_FILE']
  if (file === undefined || file === '')
    throw new UsageError('token revoke: give --file, or set REVOKED_TOKENS_FILE as the service has it')
  const remark = `# ${new Date(io.clock.now()).toISOString()}${reason === '' ? '' : ` ${reason}`}`
  try {
    // The leading line break ends a line that a manual edit left without one.
    appendFileSync(file, `\n${tokenId} ${remark}\n`, { mode: FILE_MODE })
  } catch (error) {
    throw new CommandFailure(`${file} cannot be written (${(error as NodeJS.ErrnoException).code})`)
  }
  io.stdout.write(`${tokenId} is revoked for every service that reads ${file}\n`)
  return EXIT_OK
}
