import { MAX_TEXT_LENGTH } from './chain.js'
import type { AuditEvent } from './event.js'
import { type AuditRecord, cutText } from './record.js'

/** Records kept in memory: hours of a quiet service, a minute of a busy one. The file has the rest. */
export const RECENT_LIMIT = 10_000

/** Bytes of lines kept in memory: what so many records of usual length take, whatever longer ones come. */
export const RECENT_BYTES = 8 * 1_048_576

/** Whose records a caller may read that sees some containers only: its own, held to the same containers. */
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
  /** A full id or its first digits. */
  readonly container?: string | undefined
  readonly requestId?: string | undefined
  readonly limit: number
  /** The `nextSeq` of the page before. */
  readonly beforeSeq?: number | undefined
}

export interface RecentRecord {
  readonly record: AuditRecord
  /** False where the record could not be written, and is here alone. */
  readonly isWritten: boolean
}

export interface RecentPage {
  readonly items: readonly RecentRecord[]
  /** Give it back as `beforeSeq` for what is older; null where nothing is. */
  readonly nextSeq: number | null
  /** That fit, on all pages. */
  readonly total: number
}

interface Kept extends RecentRecord {
  readonly at: number
  readonly bytes: number
}

/** The newest records, oldest first. */
export class RecentRecords {
  readonly #limit: number
  readonly #kept: Kept[] = []
  #bytes = 0

  constructor(limit = RECENT_LIMIT) {
    this.#limit = limit
  }

  add(record: AuditRecord, bytes: number, isWritten: boolean): void {
    this.#kept.push({ record, isWritten, bytes, at: Date.parse(record.time) })
    this.#bytes += bytes
    while (this.#kept.length > this.#limit || this.#bytes > RECENT_BYTES) this.#bytes -= this.#kept.shift()?.bytes ?? 0
  }

  page(query: RecentQuery, own: OwnRecords | null): RecentPage {
    const fits = fitting(query)
    const isTheirs = own === null ? () => true : ownedBy(own)
    const all = this.#kept.filter((kept) => isTheirs(kept.record) && fits(kept)).reverse()
    const { beforeSeq = Number.POSITIVE_INFINITY, limit } = query
    const rest = all.filter(({ record }) => record.seq < beforeSeq)
    const items = rest.slice(0, limit).map(({ record, isWritten }) => ({ record, isWritten }))
    return { items, nextSeq: rest.length > items.length ? (items.at(-1)?.record.seq ?? null) : null, total: all.length }
  }
}

/** Of what signed in or failed to, a filter says nothing, so such records are nobody's own. */
function ownedBy(own: OwnRecords): (record: AuditRecord) => boolean {
  const [subject, issuer, filter] = [own.subject, own.issuer, own.filter].map(asRecorded)
  return (record) =>
    record.kind === 'read' && record.subject === subject && record.issuer === issuer && record.filter === filter
}

function fitting(query: RecentQuery): (kept: Kept) => boolean {
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY, kind, container } = query
  const subject = asRecorded(query.subject)
  const requestId = asRecorded(query.requestId)
  return ({ record, at }) =>
    at >= since &&
    at < until &&
    (kind === undefined || record.kind === kind) &&
    (subject === undefined || memberOf(record, 'subject') === subject) &&
    (requestId === undefined || memberOf(record, 'requestId') === requestId) &&
    (query.action === undefined || memberOf(record, 'action') === query.action) &&
    (query.decision === undefined || memberOf(record, 'decision') === query.decision) &&
    (query.route === undefined || memberOf(record, 'route') === query.route) &&
    (container === undefined || isContainer(record, container))
}

/** Records of other kinds have no such member, and do not fit who asks for it. */
function memberOf(record: AuditRecord, name: string): unknown {
  return (record as unknown as Readonly<Record<string, unknown>>)[name]
}

/** What was read has its full id; what was refused has the digits that were asked with, which may be fewer. */
function isContainer(record: AuditRecord, digits: string): boolean {
  if (record.kind !== 'read' || record.container === null) return false
  return record.container.startsWith(digits) || digits.startsWith(record.container)
}

function asRecorded<T extends string | undefined>(text: T): T {
  return (text === undefined ? undefined : cutText(text, MAX_TEXT_LENGTH)) as T
}
