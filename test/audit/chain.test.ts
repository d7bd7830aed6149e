import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { GENESIS, looksTorn, MAX_LINE_BYTES, MAX_TEXT_LENGTH, readLine, writeLine } from '../../api/audit/chain.js'
import type { AuditEvent } from '../../api/audit/event.js'
import { cutText } from '../../api/audit/record.js'
import { authEvent, readEvent } from '../support/audit-events.js'

const NOW = Date.UTC(2026, 10, 24, 12, 0, 0, 7)
const ACTOR_TEXTS = ['requestId', 'address', 'subject', 'issuer', 'tokenId', 'sessionId'] as const

/** Any UTF-16, halves of pairs included. */
const anyText = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
  .map((codes) => String.fromCharCode(...codes))

const anyEvent: fc.Arbitrary<AuditEvent> = fc.oneof(
  fc
    .record({ subject: fc.option(anyText), address: anyText, filter: anyText, route: anyText, bytes: fc.nat() })
    .map((changes) => readEvent(changes)),
  fc.record({ reason: fc.option(anyText), issuer: fc.option(anyText) }).map((changes) => authEvent(changes)),
  fc.constant({ kind: 'service', action: 'start' } as const),
  fc
    .record({ tornBytes: fc.nat() })
    .map(({ tornBytes }) => ({ kind: 'service', action: 'recovered', tornBytes }) as const),
  fc
    .record({ lost: fc.nat(), tornBytes: fc.nat(), answered: fc.boolean() })
    .map((changes) => ({ kind: 'service', action: 'gap', ...changes }) as const),
)

/** Ends a line, or a member, or the hash, for readers of one kind or another. */
const HOSTILE = [
  'a\nb',
  'a\r\nb',
  '\u2028\u2029\u0085',
  '\u001b[2K\u001b[1A',
  '\u007f\u009b31m',
  '\u0000',
  '"',
  '\\',
  '\\"',
  `","hash":"${'0'.repeat(64)}"}`,
  `","hash":"${'0'.repeat(64)}"}\n{"v":1,"seq":2`,
  '","kind":"service","action":"stop',
  '\ud800',
  '\udc00\ud800',
  '\u202egnp.exe',
  '__proto__',
  'x'.repeat(100_000),
  '\u00e9'.repeat(100_000),
  '\ud83d\ude00'.repeat(50_000),
]

describe('writeLine', () => {
  test('writes the members in a fixed order, with the hash of everything before it at the end', () => {
    const { line } = writeLine(GENESIS, { kind: 'service', action: 'start' }, NOW)
    const text = `{"v":1,"seq":1,"time":"2026-11-24T12:00:00.007Z","kind":"service","action":"start","prev":"${'0'.repeat(64)}"}`
    const digest = createHash('sha256').update(text).digest('hex')
    expect(line).toBe(`${text.slice(0, -1)},"hash":"${digest}"}`)
    expect(Object.keys(JSON.parse(writeLine(GENESIS, readEvent(), NOW).line))).toEqual([
      ...['v', 'seq', 'time', 'kind', 'decision', 'code', 'status', ...ACTOR_TEXTS, 'method', 'route', 'scope'],
      ...['filter', 'container', 'engine', 'bytes', 'redactions', 'prev', 'hash'],
    ])
    expect(Object.keys(JSON.parse(writeLine(GENESIS, authEvent(), NOW).line))).toEqual([
      ...['v', 'seq', 'time', 'kind', 'action', 'decision', ...ACTOR_TEXTS, 'reason', 'prev', 'hash'],
    ])
  })

  test('writes no member of an event that it does not know', () => {
    const event = { ...readEvent(), authorization: 'Bearer x', seq: 99, prev: 'y', hash: 'z' }
    expect(JSON.parse(writeLine(GENESIS, event, NOW).line)).toMatchObject({ seq: 1, prev: GENESIS.hash })
    expect(writeLine(GENESIS, event, NOW).line).not.toContain('Bearer')
  })

  test('names the record before it', () => {
    const first = writeLine(GENESIS, authEvent(), NOW)
    const second = writeLine(first.head, authEvent(), NOW)
    expect(JSON.parse(second.line)).toMatchObject({ seq: 2, prev: first.head.hash, hash: second.head.hash })
    const later = writeLine(first.head, authEvent(), NOW, 9)
    expect(JSON.parse(later.line)).toMatchObject({ seq: 9, prev: first.head.hash, hash: later.head.hash })
  })

  test('reads back any event unchanged', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const { line, head } = writeLine({ seq: 41, hash: 'ab'.repeat(32) }, event, NOW)
        const { record, fault } = readLine(line)
        expect(fault).toBeNull()
        expect(record).toMatchObject({ ...event, seq: 42, hash: head.hash, prev: 'ab'.repeat(32) })
      }),
      { numRuns: 500 },
    )
  })

  test.each(HOSTILE.map((text) => [JSON.stringify(text).slice(0, 60), text]))(
    'lets no text disturb or forge a line: %s',
    (_, text) => {
      const events: AuditEvent[] = [
        ...ACTOR_TEXTS.map((name) => readEvent({ [name]: text })),
        ...ACTOR_TEXTS.map((name) => authEvent({ [name]: text })),
        readEvent({ route: text, method: text, filter: text, container: text }),
        readEvent({ engine: Array(50).fill({ host: text, call: 'inspect', status: 200, milliseconds: 1 }) }),
        authEvent({ reason: text }),
      ]
      for (const event of events) {
        const { line } = writeLine(GENESIS, event, NOW)
        expect(line).toMatch(/^[\x20-\x7e]+$/)
        expect(line.length).toBeLessThan(MAX_LINE_BYTES)
        expect(line.match(/,"hash":"[0-9a-f]{64}"/g)).toHaveLength(1)
        expect(readLine(line).record).toEqual(JSON.parse(line))
        expect(JSON.parse(line)).toMatchObject({ seq: 1, kind: event.kind })
      }
    },
  )

  test('keeps a line below its bound even where every text is as long as it can be, and takes six bytes a character', () => {
    const dear = '\u00e9'.repeat(1_000)
    const all = Object.fromEntries(ACTOR_TEXTS.map((name) => [name, dear]))
    const engine = Array(500).fill({ host: dear, call: 'inspect', status: 599, milliseconds: 1e-7 })
    const event = readEvent({ ...all, method: dear, route: dear, filter: dear, container: dear, engine })
    const { line } = writeLine(GENESIS, event, NOW)
    expect(line.length).toBeLessThan(MAX_LINE_BYTES)
    expect(readLine(line).record).toEqual(JSON.parse(line))
  })
})

describe('cutText', () => {
  test('leaves a text at the bound unchanged, and cuts a longer one to the bound', () => {
    for (const length of [0, MAX_TEXT_LENGTH - 1, MAX_TEXT_LENGTH])
      expect(cutText('x'.repeat(length), MAX_TEXT_LENGTH)).toHaveLength(length)
    expect(cutText('x'.repeat(MAX_TEXT_LENGTH + 1), MAX_TEXT_LENGTH)).toHaveLength(MAX_TEXT_LENGTH)
  })

  test('distinguishes long texts that begin alike', () => {
    const long = 'x'.repeat(10_000)
    expect(cutText(`${long}a`, MAX_TEXT_LENGTH)).not.toBe(cutText(`${long}b`, MAX_TEXT_LENGTH))
  })

  test('never cuts a character in half', () => {
    for (const before of ['', 'x'])
      expect(cutText(`${before}${'\ud83d\ude00'.repeat(999)}`, MAX_TEXT_LENGTH)).not.toMatch(
        /[\ud800-\udbff](?![\udc00-\udfff])/,
      )
  })
})

describe('readLine', () => {
  const { line } = writeLine(GENESIS, readEvent({ subject: 'b\u00fccher' }), NOW)

  test('detects any altered byte', () => {
    for (let at = 0; at < line.length; at += 1)
      for (const byte of ['x', '0', '"', '\n', '}', ' '])
        if (line[at] !== byte) expect(readLine(line.slice(0, at) + byte + line.slice(at + 1)).record).toBeNull()
  })

  test('distinguishes an altered record from what never was one', () => {
    expect(readLine(line.replace('"status":200', '"status":403')).fault).toMatch(/altered/)
    for (const text of ['', '{}', 'x', '{"v":1,"seq":1}', '{"v":2,"seq":1', ` ${line}`, `${line} `])
      expect(readLine(text).fault).toMatch(/no.*record/)
  })

  test('accepts no line without the members of a record, even with a valid hash', () => {
    const good = JSON.parse(line)
    for (const changes of [
      { seq: 0 },
      { seq: 1.5 },
      { seq: '1' },
      { seq: -1 },
      { time: 'today' },
      { time: '2026-11-24T12:00:00Z' },
      { time: '2026-99-24T12:00:00.000Z' },
      { prev: 'x' },
      { prev: null },
      { kind: 'other' },
      { kind: '__proto__' },
      { subject: 1 },
      { engine: null },
      { engine: [null] },
      { engine: [{}] },
      { container: {} },
      { bytes: -1 },
      { kind: 'service', action: null },
      { kind: 'service', action: 'gap', lost: -1, tornBytes: 0 },
      { kind: 'service', action: 'recovered', tornBytes: '5' },
    ]) {
      const { hash: _, ...members } = { ...good, ...changes }
      const text = JSON.stringify(members)
      const digest = createHash('sha256').update(text).digest('hex')
      expect([changes, readLine(`${text.slice(0, -1)},"hash":"${digest}"}`).record]).toEqual([changes, null])
    }
  })
})

describe('looksTorn', () => {
  const { line } = writeLine(GENESIS, readEvent({ subject: '","hash":"' }), NOW)

  test('is true for every beginning of a record, with or without the zeros that a power failure leaves', () => {
    for (let length = 1; length < line.length; length += 1) {
      expect([length, looksTorn(line.slice(0, length))]).toEqual([length, true])
      expect([length, looksTorn(`${line.slice(0, length)}\0\0\0`)]).toEqual([length, true])
    }
  })

  test('is false for text that unfinished writing cannot leave', () => {
    for (const text of [
      '',
      'x',
      '{"level":"info"',
      `${line} `,
      `${line}x`,
      `${line}{"v":1`,
      '{"v":1,"seq":1\u00e9',
      '{"v":1,"seq":1\t',
    ])
      expect([text, looksTorn(text)]).toEqual([text, false])
    expect(looksTorn(`{"v":1,"seq":${'1'.repeat(MAX_LINE_BYTES)}`)).toBe(false)
  })
})
