import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { Clock } from '../clock.js'
import { describeFileFaults } from '../config/list-file.js'
import { parseUserEntries, type UserEntry, writeUsers } from '../config/users-file.js'
import { type Arguments, CommandFailure, type Io, type Output, UsageError } from './command.js'

/** How long to wait for another writer: each holds the lock for milliseconds, so beyond this it has died with it. */
const LOCK_WAIT_MS = 5_000
const LOCK_RETRY_MS = 20

/** For the owner alone: a reader of the hashes can guess at them without a limit. */
const NEW_FILE_MODE = 0o600

/** The rights that an existing file may have: a service under another account reads it by its group. */
const MAX_MODE = 0o640

/** Options that every command on the file takes. */
export const FILE_OPTIONS = { file: { type: 'string' } } as const
export const FILE_HELP = '--file FILE            the file of users (default: USERS_FILE)'

export function usersFileOf(command: string, given: Arguments, env: Io['env']): string {
  const path = given.text('file') ?? env['USERS_FILE'] ?? ''
  if (path === '') throw new UsageError(`${command}: give --file, or set USERS_FILE`)
  return path
}

/** Null where there is no file. */
export function readUsersFile(path: string): readonly UserEntry[] | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw new CommandFailure(`${path} cannot be read (${codeOf(error)})`)
  }
  const { users, faults } = parseUserEntries(text)
  if (users !== undefined) return users
  const lines = describeFileFaults(faults).map((line) => `  ${line}`)
  throw new CommandFailure(`${path} is not valid and stays as it is:\n${lines.join('\n')}`)
}

/** The file, and the user in it that --name names. Checked before anything else is asked; the edit checks again under the lock. */
export function namedUser(command: string, given: Arguments, env: Io['env']): { path: string; name: string } {
  const name = given.text('name') ?? ''
  if (name === '') throw new UsageError(`${command}: give --name`)
  const path = usersFileOf(command, given, env)
  demandUser(path, readUsersFile(path), name)
  return { path, name }
}

/** The entries, if the named user is among them. */
export function demandUser(path: string, entries: readonly UserEntry[] | null, name: string): readonly UserEntry[] {
  if (entries === null) throw new CommandFailure(`${path} does not exist; porthole user add makes it`)
  if (!entries.some((entry) => entry.name === name))
    throw new CommandFailure(`there is no such user in ${path}; porthole user list names those there are`)
  return entries
}

/**
 * Reads, changes and replaces the file in one step: the new file is created exclusively beside it, which is the lock, and a
 * rename replaces the old one. So a reader never sees half a file, concurrent edits are not lost, and a failure changes nothing.
 */
export async function editUsersFile(
  given: string,
  edit: (entries: readonly UserEntry[] | null) => readonly UserEntry[],
  { stderr, clock }: Pick<Io, 'stderr' | 'clock'>,
): Promise<void> {
  const path = resolve(given)
  const next = `${path}.new`
  const descriptor = await openExclusively(path, next, clock)
  try {
    try {
      const entries = edit(readUsersFile(path))
      takeOver(descriptor, path, stderr)
      writeFileSync(descriptor, writeUsers(entries))
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(next, path)
  } catch (error) {
    unlinkSync(next)
    throw error instanceof CommandFailure ? error : new CommandFailure(writeFailure(path, codeOf(error)))
  }
  syncFolder(path)
}

/** Resolves a symbolic link, so that the link stays a link and all writers lock the same file. */
function resolve(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

async function openExclusively(path: string, next: string, clock: Clock): Promise<number> {
  const giveUpAt = clock.now() + LOCK_WAIT_MS
  for (;;) {
    try {
      return openSync(next, 'wx', NEW_FILE_MODE)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw new CommandFailure(writeFailure(path, codeOf(error)))
    }
    if (clock.now() >= giveUpAt)
      throw new CommandFailure(
        `${path} is being changed by another porthole; if none runs, remove ${next} and try again`,
      )
    await new Promise<void>((resolve) => clock.after(LOCK_RETRY_MS, resolve))
  }
}

/** Gives the new file the owner and group of the old one, or the service could not read it any more. */
function takeOver(descriptor: number, path: string, stderr: Output): void {
  const old = statOf(path)
  if (old === null) return
  if (old.uid !== process.getuid?.() || old.gid !== process.getgid?.()) {
    try {
      fchownSync(descriptor, old.uid, old.gid)
    } catch {
      throw new CommandFailure(`${path} belongs to another user or group: run this as its owner, or as root`)
    }
  }
  const mode = old.mode & MAX_MODE
  fchmodSync(descriptor, mode)
  if (mode !== (old.mode & 0o777))
    stderr.write(`porthole: ${path} was open to others, and is now of mode ${mode.toString(8)}\n`)
}

function statOf(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null
}

/** A rename is durable only once its folder is synced. A file system that cannot do this loses at most the last change. */
function syncFolder(path: string): void {
  try {
    const folder = openSync(dirname(path), 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  } catch {}
}

function writeFailure(path: string, code: string): string {
  const why: Readonly<Record<string, string>> = {
    ENOENT: 'its folder does not exist',
    EACCES: 'its folder may not be written by this user',
    EPERM: 'its folder may not be written by this user',
    EROFS: 'it is on a read-only file system',
    ENOSPC: 'the disk is full',
    // A single file that docker mounts cannot be replaced, only overwritten, and that is not atomic.
    EBUSY: 'it is a mount of its own: mount its folder instead, or change it outside of the container',
  }
  return `${path} cannot be written: ${why[code] ?? code}; it is as it was`
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | null)?.code ?? 'unknown error'
}
