import { formatLogCursor, parseLogCursor } from '../../api/model/log-line.js'

describe('the cursor of a log', () => {
  test('is written and read back', () => {
    const cursor = { at: '1795663620.345108494', nth: 3 }
    expect(formatLogCursor(cursor)).toBe('1795663620.345108494-3')
    expect(parseLogCursor(formatLogCursor(cursor))).toEqual(cursor)
  })

  test.each([
    '',
    '1795663620.345108494',
    '1795663620.345108494-',
    '1795663620.345108494-0',
    '1795663620.345108494-01',
    '1795663620.345108494-1234567890',
    '1795663620-1',
    '1795663620.34-1',
    '-1.000000000-1',
    '1234567890123.000000000-1',
    '1795663620.345108494-1\n',
    '1795663620.345108494-1&follow=1',
  ])('%j is not a cursor', (text) => {
    expect(parseLogCursor(text)).toBeNull()
  })
})
