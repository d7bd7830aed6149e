import { closeSync, constants, fstatSync, fsync, fsyncSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { ApiError } from '../../model/error.js'
import { GENESIS, type Head } from '../chain.js'
import type { AuditRecord } from '../record.js'
import type { AuditSink } from './sink.js'
import { readTail, type Tail } from './tail.js'

/** Bytes read from the end of a file: some hundreds of records, and many times the longest line. */
export const TAIL_BYTES = 262_144

/** Milliseconds between two checks whether the file was moved away. A rotation is noticed within this time. */
export const CHECK_INTERVAL_MS = 1_000

/** For the owner alone: records show who reads what, and from where. */
const FILE_MODE = 0o600

/** The system calls that a test can make fail. */
export interface FileCalls {
  write(fd: number, bytes: Buffer, offset: number, length: number): number
  sync(fd: number, done: (error: Error | null) => void): void
  syncNow(fd: number): void
}

const KERNEL: FileCalls = { write: writeSync, sync: fsync, syncNow: fsyncSync }

/**
 * Appends lines to one file. The kernel has a line before `write` returns, so the line survives the end of this process, even
 * by SIGKILL. `write` does not wait for the disk, which would cost each answer milliseconds: after a power failure the last
 * seconds may be missing. While lines come in, a background fsync runs once a second.
 */
export class FileSink implements AuditSink {
  readonly head: Head
  readonly records: readonly AuditRecord[]
  readonly #path: string
  readonly #calls: FileCalls
  #file: OpenFile
  /** As far as this process knows. */
  #size: number
  #endsOpen: boolean
  #tornBytes: number
  #checkedAt: number
  /** Something failed, so the next check does not wait for its interval. */
  #isSuspect = false
  #isDirty = false
  #isSyncing = false
  #syncFault: Error | null = null

  /** Throws, with a remedy, if a chain cannot be continued in the file. */
  constructor(path: string, now: number, calls: FileCalls = KERNEL) {
    this.#path = path
    this.#calls = calls
    this.#checkedAt = now
    this.#file = openForAppending(path)
    try {
      const tail = tailOf(this.#file)
      // A file that was rotated while this service was down is empty; the chain ends in its predecessor.
      const before = tail.records.length === 0 ? predecessorOf(path) : null
      this.records = before?.records ?? tail.records
      this.head = this.records.at(-1) ?? GENESIS
      this.#tornBytes = tail.tornBytes + (before?.tornBytes ?? 0)
      this.#endsOpen = tail.endsOpen
      this.#size = this.#file.size
    } catch (error) {
      closeSync(this.#file.fd)
      throw error
    }
  }

  get tornBytes(): number {
    return this.#tornBytes
  }

  prepare(head: Head, now: number): void {
    if (!this.#isSuspect && Math.abs(now - this.#checkedAt) < CHECK_INTERVAL_MS) return
    this.#checkedAt = now
    this.#isSuspect = true
    this.#follow(head)
    this.#syncInBackground()
    this.#isSuspect = false
  }

  write(line: string): void {
    const lineBreak = this.#endsOpen ? '\n' : ''
    const bytes = Buffer.from(`${lineBreak}${line}\n`, 'latin1')
    const { written, error } = this.#writeAll(bytes)
    this.#size += written
    this.#isDirty ||= written > 0
    if (written > 0) this.#endsOpen = written > lineBreak.length && written < bytes.length
    const ofLine = Math.min(written - lineBreak.length, line.length)
    // A record that lacks only its line break counts as written. The next line brings the break.
    if (ofLine === line.length) this.#tornBytes = 0
    else {
      this.#tornBytes += Math.max(0, ofLine)
      this.#isSuspect = true
      throw error
    }
  }

  close(): void {
    try {
      this.#calls.syncNow(this.#file.fd)
    } finally {
      closeSync(this.#file.fd)
    }
  }

  /** The kernel may write a part of the bytes, then fail or write nothing more. */
  #writeAll(bytes: Buffer): { written: number; error: unknown } {
    let written = 0
    try {
      while (written < bytes.length) {
        const taken = this.#calls.write(this.#file.fd, bytes, written, bytes.length - written)
        if (taken <= 0) throw new Error('the file takes no more bytes')
        written += taken
      }
      return { written, error: null }
    } catch (error) {
      return { written, error }
    }
  }

  /** Notices what happened to the file: moved, deleted, truncated after a copy, or written to by another process. */
  #follow(head: Head): void {
    const there = statSync(this.#path, { bigint: true, throwIfNoEntry: false })
    if (there === undefined || there.ino !== this.#file.inode || there.dev !== this.#file.device) this.#reopen(head)
    else if (Number(there.size) < this.#size) this.#adopt({ ...this.#file, size: Number(there.size) }, head)
    else if (Number(there.size) > this.#size) throw refusal('is written to by another process', SEPARATE)
  }

  #reopen(head: Head): void {
    const file = openForAppending(this.#path)
    try {
      this.#adopt(file, head)
    } catch (error) {
      closeSync(file.fd)
      throw error
    }
    closeSync(this.#file.fd)
    this.#file = file
  }

  /** Accepts a file that is empty or holds the chain up to the head. */
  #adopt(file: OpenFile, head: Head): void {
    const tail = tailOf(file)
    const last = tail.records.at(-1)
    if (last !== undefined && last.hash !== head.hash) throw refusal('was replaced by a file of another chain', MOVE)
    if (last !== undefined) this.#tornBytes = tail.tornBytes
    this.#endsOpen = tail.endsOpen
    this.#size = file.size
  }

  #syncInBackground(): void {
    const fault = this.#syncFault
    this.#syncFault = null
    if (fault !== null) throw fault
    if (!this.#isDirty || this.#isSyncing) return
    this.#isDirty = false
    this.#isSyncing = true
    const file = this.#file
    this.#calls.sync(file.fd, (error) => {
      this.#isSyncing = false
      // The kernel reports lost bytes once only. A file that is closed by now is not ours to judge.
      if (file === this.#file) this.#syncFault = error
    })
  }
}

interface OpenFile {
  readonly fd: number
  readonly inode: bigint
  readonly device: bigint
  readonly size: number
}

const MOVE = 'move it away, and a new chain begins'
const SEPARATE = 'give each process a file of its own, and move this one away'

function refusal(what: string, remedy: string, cause?: unknown): ApiError {
  return new ApiError('audit-unavailable', `AUDIT_LOG ${what}: ${remedy}`, { cause })
}

/**
 * Opens a regular file only; a symbolic link to one is fine. A pipe without a reader would block the service, and a device
 * cannot be read back to continue the chain: /dev/null would be an audit trail that stores nothing.
 */
function openForAppending(path: string): OpenFile {
  // Checked before it is opened, because opening a pipe waits for its reader.
  const there = statOf(path)
  if (there?.isDirectory()) throw refusal('is a directory', 'name a file in it')
  if (there !== undefined && !there.isFile())
    throw refusal('is no regular file', 'name a file, or stdout for the standard output')
  const fd = openOrRefuse(path)
  const { ino, dev, size } = fstatSync(fd, { bigint: true })
  return { fd, inode: ino, device: dev, size: Number(size) }
}

function statOf(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw unopenable(error)
  }
}

function openOrRefuse(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, FILE_MODE)
  } catch (error) {
    throw unopenable(error)
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'create its directory',
  ENOTDIR: 'a part of its path is no directory',
  EACCES: 'let this user read and write it, and create files beside it',
  EPERM: 'let this user read and append to it',
  EROFS: 'its file system is mounted read-only',
}

function unopenable(error: unknown): ApiError {
  const { code = 'unknown' } = error as NodeJS.ErrnoException
  return refusal(`cannot be opened (${code})`, REMEDIES[code] ?? 'check the file and its directory', error)
}

function tailOf({ fd, size }: OpenFile): Tail {
  const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES))
  const begin = size - bytes.length
  let filled = 0
  while (filled < bytes.length) {
    const read = readSync(fd, bytes, filled, bytes.length - filled, begin + filled)
    if (read === 0) break
    filled += read
  }
  const tail = readTail(bytes.toString('latin1', 0, filled), begin > 0)
  if (tail === null) throw refusal('ends in what is no audit record', MOVE)
  return tail
}

/** The end of the file that logrotate moved away last; null if no rotated file can be continued from. */
function predecessorOf(path: string): Tail | null {
  const before = `${path}.1`
  try {
    if (!statSync(before).isFile()) return null
    const fd = openSync(before, constants.O_RDONLY)
    try {
      const tail = tailOf({ fd, inode: 0n, device: 0n, size: fstatSync(fd).size })
      return tail.records.length === 0 ? null : tail
    } finally {
      closeSync(fd)
    }
  } catch {
    return null
  }
}
