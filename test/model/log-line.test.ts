import { readLogPosition, writeLogPosition } from '../../api/model/log-line.js'

describe('where a reader of a log stands', () => {
  test('is written and read back', () => {
    const position = { at: '1795663620.345108494', ordinal: 3 }
    expect(writeLogPosition(position)).toBe('1795663620.345108494-3')
    expect(readLogPosition(writeLogPosition(position))).toEqual(position)
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
  ])('%j is no position', (text) => {
    expect(readLogPosition(text)).toBeNull()
  })
})
