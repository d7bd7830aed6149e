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

/** What a request sorts by, of one for each key; in which direction is for paginate. */
export function sortValueOf<SortKey extends string, T>(
  sortValues: Readonly<Record<SortKey, (item: T) => SortValue>>,
  { sort }: Pick<PageRequest, 'sort'>,
): (item: T) => SortValue {
  return sortValues[sort.replace(/^-/, '') as SortKey]
}

/**
 * Sorts by `sortValue`, then by `tieOf` (unique), and cuts one page out. Of thousands of items a page wants a hundred, so no more
 * than twice the page is ever sorted.
 */
export function paginate<T>(
  items: readonly T[],
  request: PageRequest,
  sortValue: (item: T) => SortValue,
  tieOf: (item: T) => string,
): Page<T> {
  const descending = request.sort.startsWith('-')
  const { cursor, limit } = request
  const precedes = (a: Key<T>, b: Key<T>) => compare(a, b, descending, tieOf)
  const start: Key<T> | null = cursor === null ? null : { ...cursor, item: null }
  let best: Key<T>[] = []
  let worst: Key<T> | null = null
  let rest = 0
  for (const item of items) {
    const key = { item, value: sortValue(item), tie: null }
    if (start !== null && precedes(key, start) <= 0) continue
    rest += 1
    if (worst !== null && precedes(key, worst) > 0) continue
    best.push(key)
    if (best.length < limit * 2) continue
    best = best.sort(precedes).slice(0, limit)
    worst = best.at(-1) ?? null
  }
  const page = best.sort(precedes).slice(0, limit)
  const last = page.at(-1)
  const hasMore = last !== undefined && rest > page.length
  return {
    items: page.map(({ item }) => item as T),
    nextCursor: hasMore ? writeCursor({ sort: request.sort, value: last.value, tie: tieOfKey(last, tieOf) }) : null,
    total: items.length,
  }
}

/** Of an item, or of a place between items; an item's tie is made when it is first asked for, which is seldom. */
interface Key<T> {
  readonly item: T | null
  readonly value: SortValue
  tie: string | null
}

function tieOfKey<T>(key: Key<T>, tieOf: (item: T) => string): string {
  key.tie ??= tieOf(key.item as T)
  return key.tie
}

function compare<T>(a: Key<T>, b: Key<T>, descending: boolean, tieOf: (item: T) => string): number {
  if (a.value !== b.value) {
    if (a.value === null) return 1
    if (b.value === null) return -1
    const order = a.value < b.value ? -1 : 1
    return descending ? -order : order
  }
  const [first, second] = [tieOfKey(a, tieOf), tieOfKey(b, tieOf)]
  return first < second ? -1 : first > second ? 1 : 0
}
