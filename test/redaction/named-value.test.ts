import fc from 'fast-check'
import { flagValuesIn, namedValuesIn, sensitiveNamesIn, xmlValuesIn } from '../../api/redaction/named-value.js'
import { isSensitiveName } from '../../api/redaction/sensitive-name.js'

/** What the code finds, as expressions that take quadratic time or more. */
const SEPARATOR = /\\{0,4}["']?\s{0,32}(?::=|=>|=|:(?!\/\/))\s{0,32}/g
const NAME = /(?<![A-Za-z0-9_.-])[\d.-]*([A-Za-z_][A-Za-z0-9_.-]*)$/
const FLAG = /(?<=^|[\s"'])(--?[A-Za-z][A-Za-z0-9_.-]{0,63})\s+/g
const FLAG_VALUE = /"(?:[^"\\]|\\(?:[\s\S]|$))*(?:"|$)|'[^']*(?:'|$)|[^\s"'|;&]+/y
const NAMED_VALUE =
  /\[redacted\]|\$\{[^\s{}]{1,256}\}|\[[^\]\n]{0,8192}(?:\]|$)|\{[^}\n]{0,8192}(?:\}|$)|(?:[A-Za-z_]\w{0,15}\(\s{0,3}|[A-Za-z@]{1,2}(?=["']))?\\{0,4}(?:"(?:[^"\\]|\\(?:[\s\S]|$))*(?:"|$)|'[^']*(?:'|$))|[^\s,;&|"')}\]]+/y
const XML_ELEMENT = /<([A-Za-z_][\w.:-]{0,63})>([^<]{1,4096})/g
const NO_SECRET = /^(?:\[redacted\]|["']?\$(?:\{[A-Za-z_]\w*\}|[A-Z_][A-Z0-9_]*|\()["']?)$/

const PIECES = [
  ...[
    'pw',
    'token',
    'API_KEY',
    'mailPass',
    'a',
    'Z9',
    '_',
    '.',
    '-',
    ' --',
    ' -',
    '=',
    ':',
    ':=',
    '=>',
    '://',
    ' ',
    '\t',
    '\n',
  ],
  ...[
    '"',
    "'",
    '\\',
    '\\"',
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    ',',
    ';',
    '&',
    '|',
    '<',
    '>',
    '<pw>',
    '<a>',
    '$',
    '${',
    'A}',
    '$AB',
    '$(',
  ],
  ...[
    '[redacted]',
    'Some(',
    "b'",
    '@"',
    ' '.repeat(31),
    ' '.repeat(33),
    'x'.repeat(64),
    'v'.repeat(4_096),
    'w'.repeat(8_191),
  ],
]
const texts = fc.array(fc.constantFrom(...PIECES), { maxLength: 20 }).map((pieces) => pieces.join(''))
const RUNS = { numRuns: 5_000 }

interface Named {
  readonly name: string
  readonly nameAt: number
  readonly valueAt: number
}

function namesBySeparator(text: string): readonly Named[] {
  return [...text.matchAll(SEPARATOR)].flatMap(({ 0: match, index }) => {
    const before = text.slice(Math.max(0, index - 64), index)
    const name = NAME.exec(before)?.[1]
    return name === undefined ? [] : [{ name, nameAt: index - name.length, valueAt: index + match.length }]
  })
}

function valuesBy(pattern: RegExp, names: readonly Named[], text: string) {
  const spans: { at: number; end: number }[] = []
  for (const { name, nameAt, valueAt: at } of names) {
    if (nameAt < (spans.at(-1)?.end ?? 0) || !isSensitiveName(name)) continue
    pattern.lastIndex = at
    const value = pattern.exec(text)?.[0]
    if (value !== undefined && !NO_SECRET.test(value)) spans.push({ at, end: at + value.length })
  }
  return spans
}

test('finds the names before separators, and their values, that its expressions find', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const names = namesBySeparator(text)
      expect([...sensitiveNamesIn(text)]).toEqual(names.filter(({ name }) => isSensitiveName(name)))
      expect([...namedValuesIn(text)]).toEqual(valuesBy(NAMED_VALUE, names, text))
    }),
    RUNS,
  )
})

test('finds the values of flags that its expressions find', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const flags = [...text.matchAll(FLAG)].map(({ 0: match, 1: name = '', index }) => ({
        name,
        nameAt: index,
        valueAt: index + match.length,
      }))
      expect([...flagValuesIn(text)]).toEqual(valuesBy(FLAG_VALUE, flags, text))
    }),
    RUNS,
  )
})

test('finds the elements that its expression finds', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const expected = [...text.matchAll(XML_ELEMENT)].flatMap(({ 0: match, 1: name = '', 2: inner = '', index }) => {
        const end = index + match.length
        return isSensitiveName(name) && !NO_SECRET.test(inner) ? [{ at: end - inner.length, end }] : []
      })
      expect([...xmlValuesIn(text)]).toEqual(expected)
    }),
    RUNS,
  )
})

test.each([
  ['a list', '[', ']', 8_192],
  ['an object', '{', '}', 8_192],
])('%s is a value of its own up to %4$i characters', (_what, open, close, length) => {
  for (const [inside, isWhole] of [
    [length - 1, true],
    [length, true],
    [length + 1, false],
  ] as const) {
    const text = `pw=${open}${', '.repeat(length).slice(0, inside)}${close}`
    expect([...namedValuesIn(text)]).toEqual([{ at: 3, end: isWhole ? text.length : 4 }])
  }
})
