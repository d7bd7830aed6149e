/** What a list is ordered by; null stands last in either direction. */
export type SortValue = string | number | null

export interface Page<T> {
  readonly items: readonly T[]
  /** Give it back as `cursor` for what follows; null on the last page. */
  readonly nextCursor: string | null
  /** Of all pages. */
  readonly total: number
}

export interface PageRequest {
  /** A sort key's name, descending with a leading `-`. */
  readonly sort: string
  readonly limit: number
  readonly cursor: Cursor | null
}

/** Where a page ended: by value rather than by position, so that containers may come and go between two pages. */
export interface Cursor {
  readonly sort: string
  readonly value: SortValue
  readonly tie: string
}

export function writeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify([cursor.sort, cursor.value, cursor.tie])).toString('base64url')
}

/** Null where the text was not written by writeCursor for the same sort. */
export function readCursor(text: string, sort: string): Cursor | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    if (!Array.isArray(parts) || parts.length !== 3) return null
    const [sortedBy, value, tie] = parts as unknown[]
    const isValue = value === null || typeof value === 'string' || Number.isFinite(value)
    return sortedBy === sort && isValue && typeof tie === 'string' ? { sort, value: value as SortValue, tie } : null
  } catch {
    return null
  }
}

/** Sorts by `sortValue`, then by `tieOf` (unique), and cuts one page out. */
export function paginate<T>(
  items: readonly T[],
  request: PageRequest,
  sortValue: (item: T) => SortValue,
  tieOf: (item: T) => string,
): Page<T> {
  const descending = request.sort.startsWith('-')
  const keyed = items.map((item) => ({ item, value: sortValue(item), tie: tieOf(item) }))
  const { cursor } = request
  const rest = cursor === null ? keyed : keyed.filter((key) => compare(key, cursor, descending) > 0)
  rest.sort((a, b) => compare(a, b, descending))
  const page = rest.slice(0, request.limit)
  const last = page.at(-1)
  const hasMore = last !== undefined && rest.length > page.length
  return {
    items: page.map(({ item }) => item),
    nextCursor: hasMore ? writeCursor({ sort: request.sort, value: last.value, tie: last.tie }) : null,
    total: items.length,
  }
}

type Key = Pick<Cursor, 'value' | 'tie'>

function compare(a: Key, b: Key, descending: boolean): number {
  if (a.value !== b.value) {
    if (a.value === null) return 1
    if (b.value === null) return -1
    const order = a.value < b.value ? -1 : 1
    return descending ? -order : order
  }
  return a.tie < b.tie ? -1 : a.tie > b.tie ? 1 : 0
}
