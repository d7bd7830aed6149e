import fc from 'fast-check'
import type { RawLogLine } from '../../api/engine/log-lines.js'
import { LogScrubber, plainLogLine } from '../../api/engine/log-scrubber.js'
import type { LogStream } from '../../api/model/log-line.js'
import { CHARACTERS_PER_TEXT } from '../../api/redaction/scrub-budget.js'
import { cpuTime } from '../support/cpu-time.js'

const MAX_KEY_LINES = 200

/** Milliseconds for one line of the largest size, on a busy machine. */
const MAX_SCRUB_MS = 750

const LINE_BYTES = 64 * 1024

const BEGIN = '-----BEGIN PRIVATE KEY-----'
const END = '-----END PRIVATE KEY-----'
const BODY = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj'
const REDACTED = '[redacted]'

function raw(message: string, changes: Partial<RawLogLine> = {}): RawLogLine {
  return { at: '1795488537.123456789', stream: 'stdout', message, isCut: false, parts: 1, ...changes }
}

/** The lines of one log, in their order. */
function scrub(messages: readonly string[], scrubber = new LogScrubber(), stream: LogStream = 'stdout'): string[] {
  return messages.map((message) => scrubber.scrub(raw(message, { stream })).message)
}

const scrubOne = (message: string) => new LogScrubber().scrub(raw(message))

describe('a line', () => {
  test('keeps all that is no secret, and its time is written in UTC', () => {
    const changes = { stream: 'stderr', isCut: true, parts: 3 } as const
    const expected = { ...changes, time: '2026-11-24T02:48:57.123456789Z', message: 'a', redactions: 0 }
    expect(new LogScrubber().scrub(raw('a', changes))).toEqual(expected)
    expect(plainLogLine(raw('a', changes))).toEqual(expected)
  })

  test('without a time has none', () => {
    expect(new LogScrubber().scrub(raw('a', { at: null })).time).toBeNull()
    expect(plainLogLine(raw('a', { at: null })).time).toBeNull()
  })

  test.each([
    ['', '', 0],
    ['GET / 200', 'GET / 200', 0],
    ['password=hunter2', `password=${REDACTED}`, 1],
    ['token=hunter2 cookie: hunter2', `token=${REDACTED} cookie: ${REDACTED}`, 2],
    ['postgres://u:hunter2@db/x', `postgres://${REDACTED}@db/x`, 1],
    ['{"password":"hunter2","a":1}', `{"password":${REDACTED},"a":1}`, 1],
  ])('%j is %j, with %i secrets taken out', (message, expected, redactions) => {
    expect(scrubOne(message)).toMatchObject({ message: expected, redactions })
  })

  test('shows everything where the owner has switched that off', () => {
    for (const message of ['password=hunter2', BEGIN, BODY]) {
      expect(plainLogLine(raw(message))).toMatchObject({ message, redactions: 0 })
    }
  })
})

describe('a private key', () => {
  test.each(['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'OPENSSH PRIVATE KEY'])(
    'of the kind %s is hidden from its begin to its end',
    (kind) => {
      const lines = [
        'a',
        `-----BEGIN ${kind}-----`,
        'Proc-Type: 4,ENCRYPTED',
        '',
        BODY,
        'x9=',
        `-----END ${kind}-----`,
        'b',
      ]
      expect(scrub(lines)).toEqual(['a', ...Array(6).fill(REDACTED), 'b'])
    },
  )

  test('leaves what stands before and after it on its lines', () => {
    expect(scrub([`10:00 key: ${BEGIN} MII`, 'hunter2', `hunter2 ${END} and on`, 'b'])).toEqual([
      `10:00 key: ${REDACTED}`,
      REDACTED,
      `${REDACTED} and on`,
      'b',
    ])
  })

  test('is counted once for each line of it, with the secrets that stand after its end', () => {
    const scrubber = new LogScrubber()
    const counts = [BEGIN, 'x', `${END} token=hunter2 password=hunter2`, 'b']
    expect(counts.map((message) => scrubber.scrub(raw(message)).redactions)).toEqual([1, 1, 3, 0])
  })

  test.each([
    `${BEGIN}hunter2${END}`,
    `a ${BEGIN}hunter2${END} b`,
    `${BEGIN}\\nhunter2\\n${END}\\n`,
    `${BEGIN}hunter2${END} ${BEGIN}hunter2${END}`,
  ])('that begins and ends on one line, as in %j, hides nothing after it', (message) => {
    const lines = scrub([message, 'b'])
    expect(lines[0]).not.toContain('hunter2')
    expect(lines[1]).toBe('b')
  })

  test.each([
    [[`${BEGIN}hunter2${END} ${BEGIN}`, 'hunter2', END]],
    [[BEGIN, 'hunter2', `${END} ${BEGIN}`, 'hunter2', END]],
    [[BEGIN, `hunter2${END}${BEGIN}hunter2${END}${BEGIN}`, 'hunter2', END]],
  ])('hides another one that begins on its last line: %j', (lines) => {
    expect(scrub([...lines, 'b']).join('\n')).not.toContain('hunter2')
    expect(scrub([...lines, 'b']).at(-1)).toBe('b')
  })

  test('ends by the end of a private key, and by no other', () => {
    expect(scrub([BEGIN, '-----END CERTIFICATE-----', 'x', END, 'b'])).toEqual([...Array(4).fill(REDACTED), 'b'])
  })

  test.each([
    '-----BEGIN CERTIFICATE-----',
    '-----BEGIN PUBLIC KEY-----',
    '-----BEGIN PRIVATE KEY',
    'BEGIN PRIVATE KEY',
    END,
  ])('does not begin with %j', (line) => {
    expect(scrub([line, 'b'])).toEqual([line, 'b'])
  })

  test('that never ends stops hiding after 200 lines', () => {
    const lines = scrub([BEGIN, ...Array<string>(MAX_KEY_LINES + 1).fill('x')])
    expect(lines.slice(0, MAX_KEY_LINES + 1)).toEqual(Array(MAX_KEY_LINES + 1).fill(REDACTED))
    expect(lines.at(-1)).toBe('x')
  })

  test.each([MAX_KEY_LINES - 2, MAX_KEY_LINES - 1, MAX_KEY_LINES])('may have its end after %i lines', (count) => {
    const lines = scrub([BEGIN, ...Array<string>(count).fill('x'), END, 'password', 'b'])
    expect(lines.slice(0, count + 1)).toEqual(Array(count + 1).fill(REDACTED))
    expect(lines.at(-1)).toBe('b')
  })

  test('on one stream hides nothing of the other', () => {
    const scrubber = new LogScrubber()
    expect(scrub([BEGIN], scrubber, 'stderr')).toEqual([REDACTED])
    expect(scrub(['a', END], scrubber, 'stdout')).toEqual(['a', END])
    expect(scrub(['x'], scrubber, 'stderr')).toEqual([REDACTED])
    expect(scrub([BEGIN], scrubber, 'stdout')).toEqual([REDACTED])
    expect(scrub([END, 'b'], scrubber, 'stderr')).toEqual([REDACTED, 'b'])
    expect(scrub(['x', END, 'b'], scrubber, 'stdout')).toEqual([REDACTED, REDACTED, 'b'])
  })

  test('in one log hides nothing of another', () => {
    scrub([BEGIN])
    expect(scrub(['a'])).toEqual(['a'])
  })

  test('is found beneath colours', () => {
    const coloured = (text: string) => `\u001b[31m${text.replace('PRIVATE', '\u001b[1mPRIVATE\u001b[0m')}\u001b[0m`
    expect(scrub([coloured(BEGIN), coloured('x'), coloured(END), 'b'])).toEqual([REDACTED, REDACTED, REDACTED, 'b'])
  })
})

describe('the middle of a key, of which a tail shows no begin,', () => {
  test.each([
    ['of PEM', BODY],
    ['with what is no letter', `${BODY.slice(0, 62)}+/`],
    ['of OpenSSH', `b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW`],
    ['with a carriage return', `${BODY}\r`],
    ['that is indented', `    ${BODY}`],
    ['in colour', `\u001b[32m${BODY}\u001b[0m`],
  ])('is hidden: a line %s', (_name, line) => {
    expect(scrubOne(line)).toMatchObject({ message: REDACTED, redactions: 1 })
  })

  test.each([
    ['SHA-256', '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
    ['SHA-256 in capitals', '9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08'],
    ['SHA-256 in both', '9f86d081884c7d659a2feaa0c55ad015A3BF4F1B2B0B822CD15D6C15B0F00A08'],
    ['one letter', 'x'.repeat(64)],
    ['a rule', '-'.repeat(64)],
    ['63 characters', BODY.slice(1)],
    ['65 characters', `${BODY}x`],
    ['69 characters', `${BODY}abcde`],
    ['71 characters', `${BODY}abcdefg`],
    ['words', `${BODY.slice(0, 32)} ${BODY.slice(0, 31)}`],
  ])('is not seen in %s', (_name, line) => {
    expect(scrubOne(line)).toMatchObject({ message: line, redactions: 0 })
  })
})

describe('colours', () => {
  test.each([
    '\u001b[31mpassword\u001b[0m=hunter2',
    'password\u001b[2m=\u001b[0mhunter2',
    'password=\u001b[38;2;255;0;0mhunter2\u001b[0m',
    'pass\u001b[1mword: hunter2',
    'password=hun\u001b[1mter2',
    '\u001b[36mtoken\u001b[0m:\u001b[K hunter2',
    'password\u001b(B=\u001b[mhunter2',
    'https://u:\u001b[1mhunter2\u001b[0m@host/',
  ])('hide no secret: %j', (message) => {
    const { message: scrubbed, redactions } = scrubOne(message)
    expect(scrubbed).not.toMatch(/hunter2|ter2/)
    expect(scrubbed).not.toContain('\u001b')
    expect(redactions).toBe(1)
  })

  test.each([
    '\u001b[32mINFO\u001b[0m ready',
    '\u001b[',
    '\u001b',
    '\u001b]',
    '\u001b]0;a title\u0007text',
    '\u001b]8;;https://host/\u001b\\link\u001b]8;;\u001b\\',
    'a\u0007b',
  ])('are kept where nothing is hidden: %j', (message) => {
    expect(scrubOne(message)).toMatchObject({ message, redactions: 0 })
  })

  test.each([
    '\u001b]0;mysql -phunter2\u0007text',
    '\u001b]8;;https://u:hunter2@host/\u0007link\u001b]8;;\u0007',
    '\u001b]8;;https://u:hunter2@host/\u001b\\link\u001b]8;;\u001b\\',
    '\u001bPpassword=hunter2\u001b\\text',
    '\u001b]0;password=hunter2',
    '\u001b[password=hunter2',
  ])('a title or a link holds no secret: %j', (message) => {
    const { message: scrubbed, redactions } = scrubOne(message)
    expect(scrubbed).not.toContain('hunter2')
    expect(redactions).toBe(1)
  })

  test('a link between a name and its value does not keep the value', () => {
    const message = 'token: \u001b]8;;https://host/\u0007hunter2\u001b]8;;\u0007'
    expect(scrubOne(message)).toMatchObject({ message: `token: ${REDACTED}`, redactions: 1 })
  })
})

describe('a line that is longer than what is looked at of one', () => {
  const room = 600
  const looked = (message: string, scrubber = new LogScrubber(room + CHARACTERS_PER_TEXT)) =>
    scrubber.scrub(raw(message))
  const words = (length: number) => 'word '.repeat(Math.ceil(length / 5)).slice(0, length)

  test.each([room - 1, room])('is shown whole with %i characters', (length) => {
    expect(looked(words(length))).toMatchObject({ message: words(length), redactions: 0, isCut: false })
  })

  test('ends in [redacted], which counts, and says that it is cut', () => {
    const { message, redactions, isCut } = looked(words(room + 1))
    expect(message).toMatch(/^(?:word )+\[redacted\]$/)
    expect([redactions, isCut]).toEqual([1, true])
  })

  test('is looked at without colours first, and loses them where they do not fit', () => {
    const coloured = (length: number) => `\u001b[31m${words(length)}`
    expect(looked(coloured(200))).toMatchObject({ message: coloured(200), redactions: 0, isCut: false })
    expect(looked(coloured(400))).toMatchObject({ message: words(400), redactions: 0, isCut: false })
    expect(looked(coloured(room + 1))).toMatchObject({ redactions: 1, isCut: true })
  })

  test('counts for each line anew', () => {
    const scrubber = new LogScrubber(room + CHARACTERS_PER_TEXT)
    for (let i = 0; i < 3; i += 1) expect(looked(words(room), scrubber).isCut).toBe(false)
  })

  test('is cut behind the end of a key as well', () => {
    const scrubber = new LogScrubber(room + CHARACTERS_PER_TEXT)
    scrubber.scrub(raw(BEGIN))
    expect(looked(`${END}${words(room + 1)}`, scrubber)).toMatchObject({ redactions: 2, isCut: true })
  })

  test('is none that a log has: the longest line is looked at whole', () => {
    expect(scrubOne(words(LINE_BYTES))).toMatchObject({ message: words(LINE_BYTES), redactions: 0, isCut: false })
  })
})

describe('64 KiB of hostile text are read in no time:', () => {
  const fill = (unit: string) => unit.repeat(Math.ceil(LINE_BYTES / unit.length)).slice(0, LINE_BYTES)

  function expectQuick(message: string) {
    const scrubber = new LogScrubber()
    const startedAt = cpuTime()
    scrubber.scrub(raw(message))
    // A second time within a key, or after it.
    scrubber.scrub(raw(message))
    expect(cpuTime() - startedAt).toBeLessThan(2 * MAX_SCRUB_MS)
  }

  const UNITS = [
    ...['a', 'A', '0', '-', '.', '_', '=', ':', ' ', '\t', '"', "'", '\\', '$', '/', '://', '@', '\ufffd', '\u{1f433}'],
    ...['://a:', '://:', 'a:', 'a=', 'a:b@', 'token', 'token=', 'token:', 'token="', 'token=\\"', 'key: ', 'aBaB='],
    ...['--a ', '--token ', 'mysql -', 'curl ', 'Bearer ', 'cookie: "', 'identified by ', 'password  ', '${a', '$1$'],
    ...['eyJ', 'eyJ-', 'eyJaaaaa.', 'eyJaaaaa.aa', 'phr.', 'ghp_', 'sk-', '{SHA}', 'passpass', 'connection-'],
    ...['-----BEGIN ', '-----END', BEGIN, END, `${BEGIN}\n-----END`, `-----BEGIN ${'A '.repeat(20)}PRIVATE KEY`],
    ...[
      '\u001b',
      '\u001b[',
      '\u001b]',
      '\u001b[31m',
      '\u001bP',
      '\u001b[;',
      '\u001b]a',
      '\u001b(',
      '\u0007',
      '\u001b]\u0007',
    ],
  ]

  test.each(UNITS)('%j over and over', (unit) => {
    expectQuick(fill(unit))
  })

  test.each([
    ['begins without end, and an end', `${fill(BEGIN)}${END}`],
    ['an escape and parameters without end', `\u001b[${fill(';?')}`],
    ['an escape and what Node takes for a sequence', `\u001b${fill(';?')}`],
    ['an escape and signs', `\u001b${fill(';#')}`],
    ['a title without end', `\u001b]${fill(';a')}`],
    ['titles without end', fill('\u001b]0;a')],
  ])('%s', (_name, message) => {
    expectQuick(message)
  })

  test('any mixture of such pieces', () => {
    const unit = fc.array(fc.constantFrom(...UNITS, ';?', ';#', 'tcp(', '1'), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(unit, fc.constantFrom('', '\u001b', '\u001b[', 'token="', BEGIN), (pieces, start) => {
        expectQuick(start + fill(pieces.join('')))
      }),
      { numRuns: 60 },
    )
  })
})

test('whatever comes between, a key is hidden and the lines after it are shown', () => {
  const body = fc.array(
    fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('-----')),
    { maxLength: 20 },
  )
  fc.assert(
    fc.property(body, (lines) => {
      expect(scrub([BEGIN, ...lines, END, 'after'])).toEqual([...Array(lines.length + 2).fill(REDACTED), 'after'])
    }),
  )
})
