import { scrubText } from '../../api/redaction/scrub.js'

/** Milliseconds for 64 KiB: linear time takes tens of them, quadratic time minutes. */
const MAX_MS = 1_500

/** Beginnings of what the tables look for, so that a text of them keeps every expression trying. */
const HOSTILE = [
  ...['a:', 'a=', '--a ', 'eyJ-', '://a:', '--password ', 'password=', '-----BEGIN PRIVATE KEY-----', 'a.b-c_', '$2y$'],
  ...['"', "'", '\\"', ' : ', '=[', '={', 'name="', '<a>', 'a:b@', '-p ', 'Cookie:="'],
]

describe('scrubText', () => {
  test.each(HOSTILE)('takes linear time on a text of %j', (piece) => {
    const text = piece.repeat(Math.ceil(65_536 / piece.length))
    const startedAt = performance.now()
    scrubText(text)
    expect(performance.now() - startedAt).toBeLessThan(MAX_MS)
  })
})
