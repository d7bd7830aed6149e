import { hash } from 'node:crypto'
import type { AuditEvent } from './event.js'
import { type AuditRecord, isRecord, membersOf } from './record.js'

/** The end of a chain: the record that was written last. */
export interface Head {
  readonly seq: number
  readonly hash: string
}

/** Before the first record. */
export const GENESIS: Head = { seq: 0, hash: '0'.repeat(64) }

/** Bytes of a line with its line break: Docker's log drivers cut a longer line of standard output in two. */
export const MAX_LINE_BYTES = 16_384

/** Characters of one text in a record: longer than any honest name, id or selector. */
export const MAX_TEXT_LENGTH = 512

/** Characters of one text in a record that would not fit a line otherwise: each may take six bytes. */
const SHORT_TEXT_LENGTH = 96

/** How each line begins. It distinguishes a record from a line of the log. */
export const LINE_START = '{"v":1,"seq":'

/** How each line ends. No text in a record can hold this: quotes within a text are escaped. */
const HASH_MEMBER = /,"hash":"([0-9a-f]{64})"\}$/

/** Characters of HASH_MEMBER. */
const HASH_MEMBER_LENGTH = 75

/** Characters that JSON leaves alone, but that a terminal, a pager or a line splitter may act on: DEL, C1, U+2028 and beyond. */
const BEYOND_PRINTABLE_ASCII = /[\x7f-\uffff]/
const EACH_BEYOND_PRINTABLE_ASCII = /[\x7f-\uffff]/g

export interface WrittenLine {
  /** The end of the chain after this line. */
  readonly head: Head
  /** Printable ASCII, without its line break. */
  readonly line: string
}

/** Writes the line after the head. Its seq is the next one, unless records in between could not be written. */
export function writeLine(head: Head, event: AuditEvent, now: number, seq = head.seq + 1): WrittenLine {
  const written = writeCut(head, event, now, seq, MAX_TEXT_LENGTH)
  return written.line.length < MAX_LINE_BYTES ? written : writeCut(head, event, now, seq, SHORT_TEXT_LENGTH)
}

function writeCut(head: Head, event: AuditEvent, now: number, seq: number, limit: number): WrittenLine {
  const members = JSON.stringify(membersOf(event, limit)).slice(1, -1)
  const text = `${LINE_START}${seq},"time":"${new Date(now).toISOString()}",${asAscii(members)},"prev":"${head.hash}"`
  const digest = hash('sha256', `${text}}`)
  return { head: { seq, hash: digest }, line: `${text},"hash":"${digest}"}` }
}

/** Escapes JSON to printable ASCII, as lines hold it. */
export function asAscii(text: string): string {
  if (!BEYOND_PRINTABLE_ASCII.test(text)) return text
  return text.replace(
    EACH_BEYOND_PRINTABLE_ASCII,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** What is wrong with a line by itself, in words for people. */
type LineFault = 'is not an audit record' | 'was altered: its text does not fit its hash'

export type ReadLine =
  | { readonly record: AuditRecord; readonly fault: null }
  | { readonly record: null; readonly fault: LineFault }

const NO_RECORD: ReadLine = { record: null, fault: 'is not an audit record' }
const ALTERED: ReadLine = { record: null, fault: 'was altered: its text does not fit its hash' }

/** Parses a line (without its line break) and checks it against its own hash. */
export function readLine(line: string): ReadLine {
  if (line.length >= MAX_LINE_BYTES || !line.startsWith(LINE_START)) return NO_RECORD
  const digest = HASH_MEMBER.exec(line.slice(-HASH_MEMBER_LENGTH))?.[1]
  if (digest === undefined) return NO_RECORD
  if (hash('sha256', `${line.slice(0, -HASH_MEMBER_LENGTH)}}`) !== digest) return ALTERED
  const value = parse(line)
  return isRecord(value) ? { record: value, fault: null } : NO_RECORD
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

/** A complete hash with something after it. A record whose writing was cut short cannot look like this. */
const BEYOND_HASH = /,"hash":"[0-9a-f]{64}"./s

/** Printable ASCII, then the zeros that a file system leaves when the power fails before the data is on disk. */
const TORN_TEXT = /^[\x20-\x7e]*\0*$/

/** Whether a line may be the beginning of a record whose writing was cut short. */
export function looksTorn(line: string): boolean {
  if (line === '' || line.length >= MAX_LINE_BYTES || !TORN_TEXT.test(line)) return false
  const text = line.replace(/\0+$/, '')
  return (text.startsWith(LINE_START) || LINE_START.startsWith(text)) && !BEYOND_HASH.test(text)
}

/** How many torn bytes a record accounts for. */
export function tornBytesOf(record: AuditRecord): number {
  return record.kind === 'service' && 'tornBytes' in record ? record.tornBytes : 0
}

/** How many records a record declares lost before it. */
export function lostBefore(record: AuditRecord): number {
  return record.kind === 'service' && 'lost' in record ? record.lost : 0
}
