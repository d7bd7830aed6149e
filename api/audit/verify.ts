import { GENESIS, type Head, LINE_START, looksTorn, lostBefore, readLine, tornBytesOf } from './chain.js'
import type { AuditRecord } from './record.js'

/** Notes in one report. A log of many restarts could have any number of them. */
const MAX_NOTES = 100

/** One line, and where it was read. */
export interface Line {
  readonly file: string
  /** From 1. */
  readonly number: number
  /** Without its line break. A line longer than any record may be cut. */
  readonly text: string
  /** Whether it ended with a line break. */
  readonly isEnded: boolean
}

export interface VerifyOptions {
  /** Skips lines that are not records, and unwraps those of Docker's json-file log driver. */
  readonly isMixed: boolean
  /** The hash that the last record must have. */
  readonly head: string | null
  /** A hash that one of the records must have, such as that of a head noted earlier. */
  readonly contains: string | null
}

export interface Breach {
  readonly file: string
  readonly line: number
  readonly problem: string
}

export interface VerifyReport {
  readonly ok: boolean
  readonly records: number
  readonly firstSeq: number | null
  readonly lastSeq: number | null
  /** The hash of the last valid record. */
  readonly head: string | null
  readonly notes: readonly string[]
  /** The first line that does not fit the chain. */
  readonly broken: Breach | null
}

/** Checks a chain line by line, oldest first. Remembers one record at a time, so a log of any length can be checked. */
export class ChainVerifier {
  readonly #options: VerifyOptions
  #records = 0
  #firstSeq: number | null = null
  #last: AuditRecord | null = null
  #hasFound = false
  /** The first unfinished line that no record has accounted for yet. */
  #torn: Line | null = null
  #tornBytes = 0
  #lastLine: Line | null = null
  #broken: Breach | null = null
  readonly #notes: string[] = []
  #omittedNotes = 0

  constructor(options: VerifyOptions) {
    this.#options = options
  }

  /** Returns false once a line does not fit: the lines after it prove nothing. */
  check(line: Line): boolean {
    if (this.#broken !== null) return false
    const text = this.#options.isMixed ? unwrap(line.text) : line.text
    if (text === null) return true
    this.#lastLine = line
    const { record, fault } = readLine(text)
    if (record === null) this.#acceptFault(line, text, fault)
    else this.#acceptRecord(line, record)
    return this.#broken === null
  }

  finish(): VerifyReport {
    this.#checkEnd()
    const notes = this.#omittedNotes > 0 ? [...this.#notes, `and ${this.#omittedNotes} notes more`] : this.#notes
    return {
      ok: this.#broken === null,
      records: this.#records,
      firstSeq: this.#firstSeq,
      lastSeq: this.#last?.seq ?? null,
      head: this.#last?.hash ?? null,
      notes,
      broken: this.#broken,
    }
  }

  #acceptFault(line: Line, text: string, fault: string): void {
    if (looksTorn(text)) {
      this.#torn ??= line
      this.#tornBytes += text.length
    } else this.#breakAt(line, fault)
  }

  #acceptRecord(line: Line, record: AuditRecord): void {
    const isNewChain = this.#options.isMixed && this.#last !== null && isFirst(record)
    const problem = isNewChain ? null : this.#problemOf(record)
    if (problem !== null) {
      this.#breakAt(line, problem)
      return
    }
    if (isNewChain) this.#noteNewChain(line)
    this.#noteRecord(line, record)
    this.#records += 1
    this.#firstSeq ??= record.seq
    this.#last = record
    this.#hasFound ||= record.hash === this.#options.contains
    this.#torn = null
    this.#tornBytes = 0
  }

  #problemOf(record: AuditRecord): string | null {
    const last = this.#last
    if (last === null)
      return record.seq === 1 && record.prev !== GENESIS.hash
        ? 'is the first of a chain and yet names a record before it'
        : this.#tornProblem(record)
    return seqProblem(last, record) ?? prevProblem(last, record) ?? this.#tornProblem(record)
  }

  /** If the files begin with this record, the lines that it accounts for may be in an older file. */
  #tornProblem(record: AuditRecord): string | null {
    const declared = tornBytesOf(record)
    if (declared === this.#tornBytes || (this.#last === null && this.#tornBytes === 0)) return null
    return `accounts for ${declared} bytes of unfinished lines, and there are ${this.#tornBytes}`
  }

  #noteRecord(line: Line, record: AuditRecord): void {
    if (this.#last === null && record.seq > 1)
      this.#note(line, `begins at seq ${record.seq}: what came before is not in these files`)
    if (this.#torn !== null)
      this.#note(this.#torn, `is unfinished${tornBytesOf(record) > 0 ? ', and the next record accounts for it' : ''}`)
    const lost = lostBefore(record)
    if (lost > 0) this.#note(line, `says that ${lost} records before it could not be written`)
  }

  /** A service that writes to standard output begins a new chain at each start. */
  #noteNewChain(line: Line): void {
    const { seq } = this.#last ?? GENESIS
    const isStopped = this.#last?.kind === 'service' && this.#last.action === 'stop'
    this.#note(
      line,
      `begins a chain anew after seq ${seq}${isStopped ? '' : ', which is no stop record: the end before it may be missing'}`,
    )
  }

  #checkEnd(): void {
    const end = this.#lastLine ?? NOWHERE
    if (this.#broken !== null) return
    if (this.#torn !== null && (this.#torn !== end || end.isEnded)) this.#break(this.#torn, UNACCOUNTED)
    else {
      if (this.#torn !== null) this.#note(end, 'is unfinished: its writing was cut short, or goes on')
      const problem = this.#headProblem()
      if (problem !== null) this.#break(end, problem)
    }
  }

  #headProblem(): string | null {
    const { head, contains } = this.#options
    if (this.#last === null) return 'there is no audit record'
    if (head !== null && this.#last.hash !== head)
      return `the last record does not have the hash ${head}: records at the end are missing, or came since`
    if (contains !== null && !this.#hasFound)
      return `no record has the hash ${contains}: records up to it were replaced, or are not in these files`
    return null
  }

  /** After an unfinished line that no record accounts for, the unfinished line itself is the first that does not fit. */
  #breakAt(line: Line, problem: string): void {
    if (this.#torn === null) this.#break(line, problem)
    else this.#break(this.#torn, UNACCOUNTED)
  }

  #break({ file, number }: Line, problem: string): void {
    this.#broken = { file, line: number, problem }
  }

  #note({ file, number }: Line, text: string): void {
    if (this.#notes.length < MAX_NOTES) this.#notes.push(`${file}:${number}: ${text}`)
    else this.#omittedNotes += 1
  }
}

const UNACCOUNTED = 'is no whole record, and none after it accounts for that'

const NOWHERE: Line = { file: '-', number: 0, text: '', isEnded: true }

function seqProblem(last: Head, record: AuditRecord): string | null {
  const expected = last.seq + lostBefore(record) + 1
  if (record.seq === expected) return null
  if (record.seq <= last.seq)
    return `has seq ${record.seq} after ${last.seq}: it is out of place, or a chain began anew`
  const missing = record.seq - expected
  if (missing < 0) return `has seq ${record.seq}, which does not fit the ${lostBefore(record)} that it calls lost`
  const span = missing === 1 ? `seq ${last.seq + 1} is` : `seq ${last.seq + 1} to ${last.seq + missing} are`
  return `has seq ${record.seq} after ${last.seq}: ${span} missing before it`
}

function prevProblem(last: Head, record: AuditRecord): string | null {
  return record.prev === last.hash
    ? null
    : 'does not name the hash of the record before it: one of the two was replaced'
}

function isFirst(record: AuditRecord): boolean {
  return record.seq === 1 && record.prev === GENESIS.hash
}

/** The record in a line of captured standard output; null if it holds none. */
function unwrap(text: string): string | null {
  const inner = text.startsWith('{"log":"') ? dockerLog(text) : text
  return inner.startsWith(LINE_START) ? inner : null
}

/** Unwraps a line of Docker's json-file log driver: {"log":"...\n","stream":"stdout","time":"..."}. */
function dockerLog(text: string): string {
  try {
    const { log } = JSON.parse(text) as { log?: unknown }
    return typeof log === 'string' ? log.replace(/\n$/, '') : ''
  } catch {
    return ''
  }
}
