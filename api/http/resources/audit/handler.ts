import type { Input, Sources } from '../../endpoints/input.js'
import { presentList, presentRecord } from '../present.js'
import type { AuditQuery } from './query.js'

export function listRecords({ view, records }: Sources, { query, ownRecords }: Input<AuditQuery>) {
  const { cursor, ...filter } = query
  const { items, nextSeq, total } = records.recent({ ...filter, beforeSeq: cursor }, ownRecords)
  const nextCursor = nextSeq === null ? null : String(nextSeq)
  // What was asked for in vain may be the id of a container that is hidden from this caller.
  const shown = items.map((item) => presentRecord(item, ownRecords === null))
  return presentList({ items: shown, nextCursor, total }, view.hosts())
}
