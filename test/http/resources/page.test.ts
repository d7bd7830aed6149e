import fc from 'fast-check'
import {
  type Page,
  type PageRequest,
  paginate,
  readCursor,
  type SortValue,
  writeCursor,
} from '../../../api/http/resources/page.js'

interface Row {
  readonly value: SortValue
  readonly tie: string
}

const byValue = (row: Row) => row.value
const byTie = (row: Row) => row.tie

function walk(rows: readonly Row[], sort: string, limit: number): Row[] {
  const seen: Row[] = []
  let cursor: string | null = null
  do {
    const request: PageRequest = { sort, limit, cursor: cursor === null ? null : readCursor(cursor, sort) }
    const page: Page<Row> = paginate(rows, request, byValue, byTie)
    expect(page.items.length).toBeLessThanOrEqual(limit)
    expect(page.total).toBe(rows.length)
    seen.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null)
  return seen
}

describe('paginate', () => {
  test('returns every row once, in order, at any page size', () => {
    const rows = fc.uniqueArray(
      fc.record({ value: fc.oneof(fc.integer(), fc.constant(null)), tie: fc.string({ minLength: 1 }) }),
      { selector: (row) => row.tie, maxLength: 40 },
    )
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 9 }), fc.constantFrom('v', '-v'), (given, limit, sort) => {
        const walked = walk(given, sort, limit)
        expect(walked).toHaveLength(given.length)
        expect(new Set(walked.map(byTie)).size).toBe(given.length)
        const values = walked.map(byValue).filter((value) => value !== null) as number[]
        const sorted = [...values].sort((a, b) => (sort === 'v' ? a - b : b - a))
        expect(values).toEqual(sorted)
        expect(walked.slice(values.length).every((row) => row.value === null)).toBe(true)
      }),
    )
  })

  test('has no next page when the last one is exactly full', () => {
    const rows = ['a', 'b'].map((tie) => ({ value: tie, tie }))
    expect(paginate(rows, { sort: 'v', limit: 2, cursor: null }, byValue, byTie).nextCursor).toBeNull()
    expect(paginate(rows, { sort: 'v', limit: 1, cursor: null }, byValue, byTie).nextCursor).not.toBeNull()
  })

  test('continues after a row that was removed meanwhile', () => {
    const rows = ['a', 'b', 'c'].map((tie) => ({ value: tie, tie }))
    const first = paginate(rows, { sort: 'v', limit: 2, cursor: null }, byValue, byTie)
    const cursor = readCursor(first.nextCursor ?? '', 'v')
    const rest = paginate(
      rows.filter(({ tie }) => tie !== 'b'),
      { sort: 'v', limit: 2, cursor },
      byValue,
      byTie,
    )
    expect(rest.items.map(byTie)).toEqual(['c'])
  })
})

describe('readCursor', () => {
  test('reads what writeCursor wrote for the same order', () => {
    const cursor = { sort: '-name', value: 'x', tie: 'x\nlocal\nab' }
    expect(readCursor(writeCursor(cursor), '-name')).toEqual(cursor)
    expect(readCursor(writeCursor(cursor), 'name')).toBeNull()
  })

  test('refuses what it did not write', () => {
    const hostile = [
      '',
      'x',
      '!!',
      'null',
      '[]',
      '["name",1]',
      '["name",{},"t"]',
      '["name","v",1]',
      '["name",1e999,"t"]',
    ]
    for (const text of hostile) {
      expect(readCursor(text, 'name')).toBeNull()
      expect(readCursor(Buffer.from(text).toString('base64url'), 'name')).toBeNull()
    }
  })
})
