import type { Input, Sources } from '../../endpoints/input.js'
import { listContent } from '../list.js'
import { recordContent } from './answer.js'
import type { AuditQuery } from './query.js'

export function listRecords({ view, records }: Sources, { query, ownRecords }: Input<AuditQuery>) {
  const { cursor, ...filter } = query
  const { items, nextSeq, total } = records.recent({ ...filter, beforeSeq: cursor }, ownRecords)
  const nextCursor = nextSeq === null ? null : String(nextSeq)
  // An id that was requested without an answer may be that of a container that is hidden from this caller.
  const shown = items.map((item) => recordContent(item, ownRecords === null))
  return { content: listContent({ items: shown, nextCursor, total }, view.hosts()), redactions: 0 }
}
