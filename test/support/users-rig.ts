import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseUserEntries } from '../../api/config/users-file.js'
import { type CliOptions, runCli } from './cli.js'

export const PASSWORD = 'correct horse battery'

/** A folder for a file of users, and the commands on that file, run within this process. */
export function createUsersRig() {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-users-'))
  const file = join(folder, 'users.json')
  const porthole = (args: readonly string[], input = `${PASSWORD}\n`, options: CliOptions = {}) =>
    runCli(args, { env: { USERS_FILE: file }, input, ...options })
  const add = (name: string, ...more: string[]) =>
    porthole(['user', 'add', '--name', name, '--role', 'viewer', ...more])
  const read = () => readFileSync(file, 'utf8')
  const entries = () => parseUserEntries(read()).users ?? []
  return {
    folder,
    file,
    porthole,
    add,
    read,
    entries,
    names: () => entries().map(({ name }) => name),
    files: () => readdirSync(folder),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
