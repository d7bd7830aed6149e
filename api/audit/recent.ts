import { asAscii, MAX_TEXT_LENGTH } from './chain.js'
import type { AuditEvent } from './event.js'
import { type AuditRecord, cutText } from './record.js'

/** Records held in memory: hours of a quiet service, a minute of a busy one. The file has the rest. */
export const RECENT_LIMIT = 10_000

/** Bytes of lines held in memory: RECENT_LIMIT records of the usual length. Longer records mean fewer of them. */
export const RECENT_BYTES = 8 * 1_048_576

/** The records that a restricted caller may read: its own, made under the same restriction. */
export interface OwnRecords {
  readonly subject: string
  readonly issuer: string
  readonly filter: string
}

export interface RecentQuery {
  /** Milliseconds since 1970, inclusive. */
  readonly since?: number | undefined
  /** Milliseconds since 1970, exclusive. */
  readonly until?: number | undefined
  readonly subject?: string | undefined
  readonly kind?: AuditEvent['kind'] | undefined
  readonly action?: string | undefined
  readonly decision?: 'allow' | 'deny' | undefined
  readonly route?: string | undefined
  /** A full id, or its first digits. */
  readonly container?: string | undefined
  readonly requestId?: string | undefined
  readonly limit: number
  /** The `nextSeq` of the page before. */
  readonly beforeSeq?: number | undefined
}

export interface RecentRecord {
  readonly record: AuditRecord
  /** False if the record could not be written to the sink and exists only here. */
  readonly isWritten: boolean
}

export interface RecentPage {
  readonly items: readonly RecentRecord[]
  /** Pass it as `beforeSeq` to get older records; null if there are none. */
  readonly nextSeq: number | null
  /** Records that match, on all pages. */
  readonly total: number
}

interface Line {
  readonly seq: number
  /** Milliseconds since 1970. */
  readonly at: number
  /** The line as it is written, without its line break. */
  readonly line: string
}

/** Where a line is in the ring buffer. */
interface RingEntry {
  readonly seq: number
  readonly at: number
  readonly isWritten: boolean
  readonly start: number
  readonly end: number
}

/**
 * The newest records, held as the bytes of their lines. As ten thousand objects they would cost the garbage collector more
 * than the requests that they record.
 */
export class RecentRecords {
  readonly #limit: number
  readonly #bytes: Buffer
  /** Indexed by order of arrival, modulo the limit. */
  readonly #entries: RingEntry[] = []
  #first = 0
  #next = 0
  #end = 0

  constructor(limit = RECENT_LIMIT, bytes = RECENT_BYTES) {
    this.#limit = limit
    this.#bytes = Buffer.allocUnsafe(bytes)
  }

  add({ seq, at, line }: Line, isWritten: boolean): void {
    // A line is stored in one piece. If it does not fit before the end of the ring, the lines there are dropped.
    const wraps = this.#end + line.length > this.#bytes.length
    if (wraps) this.#dropWithin(this.#end, this.#bytes.length)
    const start = wraps ? 0 : this.#end
    const end = start + line.length
    this.#dropWithin(start, end)
    if (this.#next - this.#first >= this.#limit) this.#first += 1
    this.#bytes.write(line, start, 'latin1')
    this.#entries[this.#next % this.#limit] = { seq, at, isWritten, start, end }
    this.#next += 1
    this.#end = end
  }

  page(query: RecentQuery, own: OwnRecords | null): RecentPage {
    const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY, container, limit } = query
    const { beforeSeq = Number.POSITIVE_INFINITY } = query
    const members = [...membersAsked(query), ...(own === null ? [] : membersOwned(own))]
    const items: RecentRecord[] = []
    let total = 0
    let hasMore = false
    for (let index = this.#next - 1; index >= this.#first; index -= 1) {
      const entry = this.#entries[index % this.#limit]
      if (entry === undefined || entry.at < since || entry.at >= until) continue
      const line = this.#bytes.toString('latin1', entry.start, entry.end)
      if (!members.every((member) => line.includes(member)) || !isOf(line, container)) continue
      total += 1
      if (entry.seq >= beforeSeq) continue
      if (items.length < limit) items.push({ record: JSON.parse(line) as AuditRecord, isWritten: entry.isWritten })
      else hasMore = true
    }
    return { items, nextSeq: hasMore ? (items.at(-1)?.record.seq ?? null) : null, total }
  }

  /** Drops the oldest lines for as long as they lie in this range. */
  #dropWithin(start: number, end: number): void {
    while (this.#first < this.#next) {
      const oldest = this.#entries[this.#first % this.#limit]
      if (oldest === undefined || oldest.start >= end || oldest.end <= start) return
      this.#first += 1
    }
  }
}

/**
 * The members to search for, as they are written in a line. Quotes inside a text are escaped, so no text that a caller sends
 * can look like a member.
 */
function membersAsked({ kind, subject, action, decision, route, requestId }: RecentQuery): string[] {
  return Object.entries({ kind, action, decision, subject, route, requestId }).flatMap(([name, value]) =>
    value === undefined ? [] : [member(name, value)],
  )
}

/** Only reads carry a filter, so records of sign-ins never count as a restricted caller's own. */
function membersOwned({ subject, issuer, filter }: OwnRecords): string[] {
  return [member('kind', 'read'), member('subject', subject), member('issuer', issuer), member('filter', filter)]
}

function member(name: string, value: string): string {
  return `"${name}":${asAscii(JSON.stringify(cutText(value, MAX_TEXT_LENGTH)))}`
}

/** A record of an answered read has the full id; a refused one has the digits that the caller typed, possibly fewer. */
function isOf(line: string, digits: string | undefined): boolean {
  if (digits === undefined) return true
  const container = /"container":"([0-9a-f]+)"/.exec(line)?.[1]
  return container !== undefined && (container.startsWith(digits) || digits.startsWith(container))
}
