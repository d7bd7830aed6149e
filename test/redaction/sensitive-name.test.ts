import fc from 'fast-check'
import { isSensitiveName } from '../../api/redaction/sensitive-name.js'
import { SENSITIVE_NAME } from '../../api/redaction/tables.js'

/** Without looking for a stem first. */
function isSensitive(name: string): boolean {
  const bare = name.replace(/^-+/, '')
  return SENSITIVE_NAME.test(bare) || SENSITIVE_NAME.test(bare.replace(/([a-z0-9])([A-Z])/g, '$1-$2'))
}

test('each sensitive name contains one of the stems', () => {
  const piece = fc.constantFrom(
    ...['pass', 'word', 'w', 'pw', 'pwd', 'psk', 'secret', 'token', 'iz', 'credential', 'key', 'auth', 'orization'],
    ...['cookie', 'bearer', 'conn', 'ection', 'string', 'str', 'dsn', 'session', 'id', 'webhook', 'url', 'salt', 'sig'],
    ...[
      'nature',
      'api',
      'access',
      'private',
      'signing',
      'db',
      'user',
      'root',
      'mysql',
      'ht',
      'basic',
      'store',
      '1',
      'x',
    ],
  )
  const word = fc
    .tuple(piece, fc.boolean())
    .map(([text, isCapital]) => (isCapital ? text.replace(/^./, (c) => c.toUpperCase()) : text))
  const name = fc.array(fc.oneof(word, word, fc.constantFrom('-', '_', '.', '--')), { maxLength: 6 })
  fc.assert(
    fc.property(name, (pieces) => {
      expect(isSensitiveName(pieces.join(''))).toBe(isSensitive(pieces.join('')))
    }),
    { numRuns: 3_000 },
  )
})

test.each(['mailPass', 'MAIL_PASS', '--db-pass', 'userPw', 'DB_PW', 'apiKey', 'appSalt'])('%s is sensitive', (name) => {
  expect(isSensitiveName(name)).toBe(true)
})

test.each(['', '-', 'compass', 'mailpassx', 'apW', 'monkey', 'tokenizer', 'sigma'])('%s is not', (name) => {
  expect(isSensitiveName(name)).toBe(false)
})
