import { mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LineSplitter } from '../../api/audit/line-splitter.js'
import { RecentRecords } from '../../api/audit/recent.js'
import { FileSink } from '../../api/audit/sinks/file-sink.js'
import { AuditTrail, type AuditTrailOptions } from '../../api/audit/trail.js'
import { ChainVerifier, type VerifyReport } from '../../api/audit/verify.js'
import { createLog } from '../../api/log.js'

/** A folder of its own, and its removal. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'porthole-audit-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export function verifyFiles(...paths: readonly string[]): VerifyReport {
  const verifier = new ChainVerifier({ isMixed: false, head: null, contains: null })
  for (const path of paths) {
    const splitter = new LineSplitter(path, (line) => verifier.check(line))
    splitter.push(readFileSync(path))
    splitter.end()
  }
  return verifier.finish()
}

/** The members named of each record in a file; torn lines are passed over. */
export function membersIn(path: string, ...names: readonly string[]): unknown[][] {
  return readFileSync(path, 'latin1')
    .split('\n')
    .flatMap((line) => {
      try {
        const record = JSON.parse(line)
        return [names.map((name) => record[name])]
      } catch {
        return []
      }
    })
}

/** A disk whose room the test sets, in bytes; null is room for all. It fills up as a disk does: in the middle of a line. */
export class FakeDisk {
  room: number | null = null
  /** Bytes that one call takes at most. */
  atOnce = Number.POSITIVE_INFINITY
  syncs = 0
  syncError: Error | null = null

  write = (fd: number, bytes: Buffer, offset: number, length: number): number => {
    if (this.room === 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    const taken = writeSync(fd, bytes, offset, Math.min(length, this.room ?? length, this.atOnce))
    if (this.room !== null) this.room -= taken
    return taken
  }

  sync = (_fd: number, done: (error: Error | null) => void): void => {
    this.syncs += 1
    done(this.syncError)
  }

  syncNow = (_fd: number): void => {
    this.syncs += 1
  }
}

/** A trail over a file, with a clock and a log that the test sees. */
export function openTrail(path: string, options: Partial<AuditTrailOptions> = {}, disk = new FakeDisk()) {
  const clock = {
    time: Date.UTC(2026, 10, 24),
    now() {
      return this.time
    },
  }
  const logged: Record<string, unknown>[] = []
  const log = createLog('info', { write: (line) => logged.push(JSON.parse(line)) })
  const sink = new FileSink(path, clock.now(), disk)
  // Of megabytes for each of a thousand trails, the garbage collector would be busier than the test.
  const recent = new RecentRecords(100, 65_536)
  const trail = new AuditTrail({ sink, clock, log, onFailure: 'refuse', recent, ...options })
  return { trail, sink, disk, clock, logged }
}
