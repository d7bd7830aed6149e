import fc from 'fast-check'
import { driverPasswordsIn, userInfoIn } from '../../api/redaction/user-info.js'

/** What the code finds, as one expression that takes quadratic time. */
const USER_INFO = /:\/\/((?:[^\s/?#@:"'<>]{0,256}:[^\s"'<>]{0,512}|[^\s/?#@:"'<>]{1,512}))@/dg
const DRIVER_DSN = /[\w.-]{1,64}:([^\s@"'/]{1,256})@(?=(?:tcp|unix)\()/dg

const spansOf = (pattern: RegExp, text: string) =>
  [...text.matchAll(pattern)].map(({ indices }) => ({ at: indices?.[1]?.[0], end: indices?.[1]?.[1] }))

const PIECES = [
  ...[
    '://',
    '://',
    ':',
    '@',
    '@tcp(',
    '@unix(',
    '@tcp',
    'a',
    'b.c',
    '-',
    '/',
    '?',
    '#',
    ' ',
    '\u00a0',
    '"',
    "'",
    '<',
    '\n',
  ],
  ...['x'.repeat(63), 'y'.repeat(64), 'z'.repeat(255), 'z'.repeat(256), 'q'.repeat(511), 'q'.repeat(512)],
]
const texts = fc.array(fc.constantFrom(...PIECES), { maxLength: 24 }).map((pieces) => pieces.join(''))

test('finds the user info that its expression finds', () => {
  fc.assert(
    fc.property(texts, (text) => {
      expect([...userInfoIn(text)]).toEqual(spansOf(USER_INFO, text))
    }),
    { numRuns: 5_000 },
  )
})

test('finds the passwords of drivers that its expression finds', () => {
  fc.assert(
    fc.property(texts, (text) => {
      expect([...driverPasswordsIn(text)]).toEqual(spansOf(DRIVER_DSN, text))
    }),
    { numRuns: 5_000 },
  )
})

test.each([
  [256, 512, true],
  [257, 512, false],
  [256, 513, false],
  [0, 1, true],
])('a user of %i and a password of %i characters are found: %s', (user, password, isFound) => {
  const text = `x://${'u'.repeat(user)}:${'p'.repeat(password)}@h`
  expect([...userInfoIn(text)]).toHaveLength(isFound ? 1 : 0)
})

test.each([
  [1, 256, true],
  [1, 257, false],
  [0, 256, false],
  [1, 0, false],
])('a driver with a user of %i and a password of %i characters is found: %s', (user, password, isFound) => {
  const text = `${'u'.repeat(user)}:${'p'.repeat(password)}@tcp(h)`
  expect([...driverPasswordsIn(text)]).toHaveLength(isFound ? 1 : 0)
})
