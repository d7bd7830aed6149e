import fc from 'fast-check'
import { parseStrictJson } from '../../api/model/strict-json.js'

describe('parseStrictJson', () => {
  test('reads what JSON.parse reads, if no member is named twice', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value)
        expect(parseStrictJson(text)).toEqual({ value: JSON.parse(text) })
      }),
    )
  })

  test.each([
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"a":{"b":1,"b":1}}',
    '[{"x":0},{"y":1,"z":2,"y":3}]',
    '{"a" : 1, "b": ["a"], "a"\n: 2}',
    '{"":1,"":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"a\\"":1,"a\\"":2}',
  ])('refuses a member that is named twice: %s', (text) => {
    expect(() => JSON.parse(text)).not.toThrow()
    expect(parseStrictJson(text)).toBeNull()
  })

  test.each([
    '{"a":"b","b":"a"}',
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":1}]',
    '{"a":"\\"a\\":1","b":":"}',
    '{"a":"{\\"a\\":1}"}',
    '["a:","a:"]',
    '{"a":["b","c"],"b":1}',
    '"a"',
    'null',
  ])('accepts what only looks like a duplicate: %s', (text) => {
    expect(parseStrictJson(text)).toEqual({ value: JSON.parse(text) })
  })

  test('accepts 16 levels and refuses 17', () => {
    expect(parseStrictJson(`${'['.repeat(16)}${']'.repeat(16)}`)).not.toBeNull()
    expect(parseStrictJson(`${'['.repeat(17)}${']'.repeat(17)}`)).toBeNull()
  })

  test.each(['', '{', 'hello', '{"a":1}x', "{'a':1}", '{"a":01}', `${'['.repeat(100_000)}`])(
    'refuses text that is not JSON',
    (text) => {
      expect(parseStrictJson(text)).toBeNull()
    },
  )
})
