/** A value to sort by. Null comes last in both directions. */
export type SortValue = string | number | null

export interface Page<T> {
  readonly items: readonly T[]
  /** Pass it as `cursor` to get the next page; null on the last page. */
  readonly nextCursor: string | null
  /** Items on all pages. */
  readonly total: number
}

export interface PageRequest {
  /** The name of a sort key; a leading `-` sorts descending. */
  readonly sort: string
  readonly limit: number
  readonly cursor: Cursor | null
}

/** Where a page ended, by value rather than by offset, so that containers may come and go between two pages. */
export interface Cursor {
  readonly sort: string
  readonly value: SortValue
  readonly tie: string
}

export function writeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify([cursor.sort, cursor.value, cursor.tie])).toString('base64url')
}

/** Null if writeCursor did not write the text for the same sort. */
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

/** Selects the sort value by its key. paginate applies the direction. */
export function sortValueOf<SortKey extends string, T>(
  sortValues: Readonly<Record<SortKey, (item: T) => SortValue>>,
  { sort }: Pick<PageRequest, 'sort'>,
): (item: T) => SortValue {
  return sortValues[sort.replace(/^-/, '') as SortKey]
}

/**
 * Sorts by `sortValue`, then by `tieOf` (unique), and returns one page. A page holds a hundred of thousands of items, so at most
 * twice the page is sorted at a time.
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

/** The sort position of an item or of a cursor. The tie of an item is computed on first use, which is rare. */
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
