import fc from 'fast-check'
import { GENESIS, type Head, MAX_LINE_BYTES, writeLine } from '../../api/audit/chain.js'
import type { AuditEvent } from '../../api/audit/event.js'
import { LineSplitter, MAX_INPUT_LINE_BYTES } from '../../api/audit/line-splitter.js'
import { ChainVerifier, type Line, type VerifyOptions, type VerifyReport } from '../../api/audit/verify.js'
import { authEvent, readEvent } from '../support/audit-events.js'

const NOW = Date.UTC(2026, 10, 24)
const PLAIN: VerifyOptions = { isMixed: false, head: null, contains: null }
const START = { kind: 'service', action: 'start' } as const
const STOP = { kind: 'service', action: 'stop' } as const

function chain(events: readonly AuditEvent[], from: Head = GENESIS): { lines: string[]; heads: Head[] } {
  const heads: Head[] = []
  const lines = events.map((event, index) => {
    const { head, line } = writeLine(heads.at(-1) ?? from, event, NOW + index)
    heads.push(head)
    return line
  })
  return { lines, heads }
}

const TEN = chain([START, ...Array.from({ length: 8 }, (_, index) => readEvent({ subject: `s${index}` })), STOP])

/** Verifies files given as their whole texts, in pieces of a few bytes. */
function verify(files: Record<string, string>, options: Partial<VerifyOptions> = {}, piece = 1_000): VerifyReport {
  const verifier = new ChainVerifier({ ...PLAIN, ...options })
  for (const [name, text] of Object.entries(files)) {
    const splitter = new LineSplitter(name, (line) => verifier.check(line))
    const bytes = Buffer.from(text, 'latin1')
    for (let at = 0; at < bytes.length; at += piece) splitter.push(bytes.subarray(at, at + piece))
    splitter.end()
  }
  return verifier.finish()
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

function brokenLine(lines: readonly string[]): number | null {
  return verify({ log: text(lines) }).broken?.line ?? null
}

describe('a whole chain', () => {
  test('is whole, with its span and its head, for any split of its bytes', () => {
    for (const piece of [1, 7, 64, 100_000])
      expect(verify({ log: text(TEN.lines) }, {}, piece)).toEqual({
        ok: true,
        records: 10,
        firstSeq: 1,
        lastSeq: 10,
        head: TEN.heads[9]?.hash,
        notes: [],
        broken: null,
      })
  })

  test('may span several files, some of them empty, and is broken in any other order', () => {
    const files = {
      'log.2': text(TEN.lines.slice(0, 4)),
      'log.1': text(TEN.lines.slice(4, 9)),
      log: '',
      last: text(TEN.lines.slice(9)),
    }
    expect(verify(files)).toMatchObject({ ok: true, records: 10, notes: [] })
    expect(verify({ 'log.1': files['log.1'], 'log.2': files['log.2'] }).broken).toMatchObject({
      file: 'log.2',
      line: 1,
    })
    expect(verify({ 'log.2': files['log.2'], last: files['last'] }).broken).toEqual({
      file: 'last',
      line: 1,
      problem: 'has seq 10 after 4: seq 5 to 9 are missing before it',
    })
  })

  test('may begin later than the chain did, which is noted', () => {
    const report = verify({ log: text(TEN.lines.slice(6)) })
    expect(report).toMatchObject({ ok: true, firstSeq: 7, lastSeq: 10 })
    expect(report.notes).toEqual(['log:1: begins at seq 7: what came before is not in these files'])
  })

  test('holds records: a file without any proves nothing', () => {
    expect(verify({ log: '' }).broken?.problem).toBe('there is no audit record')
    expect(verify({}).ok).toBe(false)
    expect(verify({ log: '{"level":"info"}\n' }, { isMixed: true }).ok).toBe(false)
  })
})

describe('the first line that does not fit is named', () => {
  const whole = text(TEN.lines)

  test('when any one byte is altered, line breaks included', () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }), (at, code) => {
        const byte = String.fromCharCode(code)
        fc.pre(whole[at] !== byte)
        const report = verify({ log: whole.slice(0, at) + byte + whole.slice(at + 1) })
        expect(report.broken?.line).toBe(whole.slice(0, at).split('\n').length)
      }),
      { numRuns: 2_000 },
    )
  })

  test('when any line but the first and the last is deleted', () => {
    for (let at = 1; at < 9; at += 1) {
      const { broken } = verify({ log: text(TEN.lines.toSpliced(at, 1)) })
      expect(broken).toEqual({
        file: 'log',
        line: at + 1,
        problem: `has seq ${at + 2} after ${at}: seq ${at + 1} is missing before it`,
      })
    }
  })

  test('when any two lines are swapped', () => {
    for (let a = 0; a < 10; a += 1)
      for (let b = a + 1; b < 10; b += 1) {
        const lines = TEN.lines.with(a, TEN.lines[b] ?? '').with(b, TEN.lines[a] ?? '')
        // A first line may have any seq, so there it is the second that does not fit.
        expect([a, b, brokenLine(lines)]).toEqual([a, b, a === 0 ? 2 : a + 1])
      }
  })

  test('when any line is repeated, there or later', () => {
    for (let a = 0; a < 10; a += 1)
      for (let b = a + 1; b <= 10; b += 1)
        expect([a, b, brokenLine(TEN.lines.toSpliced(b, 0, TEN.lines[a] ?? ''))]).toEqual([a, b, b + 1])
  })

  test('when a line is inserted that is not a record, or that belongs to another chain', () => {
    const foreign = [
      '',
      'x',
      '{}',
      '{"level":"info"}',
      ...chain([START]).lines,
      writeLine({ seq: 3, hash: 'ab'.repeat(32) }, authEvent(), NOW).line,
      `{"v":1,"seq":4,${'x'.repeat(MAX_LINE_BYTES)}`,
      'x'.repeat(MAX_INPUT_LINE_BYTES * 3),
    ]
    for (const line of foreign)
      expect([line.slice(0, 30), brokenLine(TEN.lines.toSpliced(3, 0, line))]).toEqual([line.slice(0, 30), 4])
  })

  test('when a record is replaced and its own hash recomputed', () => {
    const forged = writeLine(TEN.heads[3] ?? GENESIS, readEvent({ subject: 'somebody else' }), NOW).line
    const { broken } = verify({ log: text(TEN.lines.with(4, forged)) })
    expect(broken?.line).toBe(6)
    expect(broken?.problem).toMatch(/one of the two was replaced/)
  })

  test('when a first record names one before it', () => {
    const { line } = writeLine({ seq: 0, hash: 'ab'.repeat(32) }, START, NOW)
    expect(verify({ log: `${line}\n` }).broken?.line).toBe(1)
  })

  test('when a new chain begins in the same file', () => {
    expect(verify({ log: text([...TEN.lines, ...TEN.lines]) }).broken).toMatchObject({
      line: 11,
      problem: expect.stringMatching(/anew/),
    })
  })

  test('and no line after it is examined', () => {
    const seen: Line[] = []
    const verifier = new ChainVerifier(PLAIN)
    const splitter = new LineSplitter('log', (line) => {
      seen.push(line)
      return verifier.check(line)
    })
    expect(splitter.push(Buffer.from(text(['x', ...TEN.lines])))).toBe(false)
    expect(seen).toHaveLength(1)
  })
})

describe('--head and --contains', () => {
  const whole = text(TEN.lines)
  const head = TEN.heads[9]?.hash ?? ''

  test('detect missing records at the end, which nothing else can', () => {
    expect(verify({ log: whole }, { head }).ok).toBe(true)
    for (let kept = 1; kept < 10; kept += 1) {
      const cut = text(TEN.lines.slice(0, kept))
      expect(verify({ log: cut }).ok).toBe(true)
      expect(verify({ log: cut }, { head }).broken).toMatchObject({
        line: kept,
        problem: expect.stringMatching(/missing/),
      })
    }
  })

  test('detect a chain that was rewritten from some record on', () => {
    const noted = TEN.heads[5]?.hash ?? ''
    expect(verify({ log: whole }, { contains: noted }).ok).toBe(true)
    const anew = chain([authEvent(), ...Array(6).fill(readEvent())], TEN.heads[2])
    const rewritten = text([...TEN.lines.slice(0, 3), ...anew.lines])
    expect(verify({ log: rewritten }).ok).toBe(true)
    expect(verify({ log: rewritten }, { contains: noted }).ok).toBe(false)
    expect(verify({ log: rewritten }, { contains: TEN.heads[2]?.hash ?? '' }).ok).toBe(true)
  })
})

describe('unfinished lines', () => {
  const [first, second] = TEN.lines as [string, string]

  test('are noted at the very end, at every length', () => {
    for (let length = 1; length < second.length; length += 1) {
      const report = verify({ log: `${first}\n${second.slice(0, length)}` })
      expect([length, report.ok, report.records, report.notes]).toEqual([
        ...[length, true, 1],
        ['log:2: is unfinished: its writing was cut short, or goes on'],
      ])
    }
  })

  test('break the chain at the very end where more than the last line is unfinished', () => {
    const torn = second.slice(0, 100)
    expect(verify({ log: `${first}\n${torn}\n${torn}` }).broken).toMatchObject({ line: 2 })
    expect(verify({ log: `${first}\n${torn}\n` }).broken).toMatchObject({ line: 2 })
  })

  test('that lack only their line break are records', () => {
    expect(verify({ log: `${first}\n${second}` })).toMatchObject({ ok: true, records: 2, notes: [] })
  })

  test('are noted where the next record accounts for them, in the same file or in the next', () => {
    const torn = second.slice(0, 100)
    for (const event of [
      { kind: 'service', action: 'recovered', tornBytes: 100 },
      { kind: 'service', action: 'gap', lost: 0, tornBytes: 100, answered: false },
    ] as const) {
      const after = chain([event, readEvent()], TEN.heads[0]).lines
      for (const files of [
        { log: `${first}\n${torn}\n${text(after)}` },
        { log: `${first}\n${torn}`, next: text(after) },
      ]) {
        const report = verify(files)
        expect(report).toMatchObject({ ok: true, records: 3 })
        expect(report.notes).toEqual(['log:2: is unfinished, and the next record accounts for it'])
      }
    }
  })

  test('break the chain where the next record does not account for them, and nothing comes of it where it says too much', () => {
    const torn = second.slice(0, 100)
    expect(brokenLine([first, torn])).toBe(2)
    expect(brokenLine([first, torn, second])).toBe(2)
    expect(brokenLine([first, torn, 'x'])).toBe(2)
    const recovered = chain([{ kind: 'service', action: 'recovered', tornBytes: 99 }], TEN.heads[0]).lines
    expect(brokenLine([first, torn, ...recovered])).toBe(2)
    expect(brokenLine([first, ...recovered])).toBe(2)
    expect(brokenLine(recovered)).toBeNull()
  })
})

describe('gaps', () => {
  const gap = { kind: 'service', action: 'gap', lost: 3, tornBytes: 0, answered: true } as const

  test('are noted if the seqs leave room for exactly that many', () => {
    const head = TEN.heads[9] ?? GENESIS
    const { head: after, line } = writeLine(head, gap, NOW, 14)
    const report = verify({ log: text([...TEN.lines, line, ...chain([STOP], after).lines]) })
    expect(report).toMatchObject({ ok: true, lastSeq: 15 })
    expect(report.notes).toEqual(['log:11: says that 3 records before it could not be written'])
    for (const seq of [11, 12, 13, 15, 16])
      expect([seq, brokenLine([...TEN.lines, writeLine(head, gap, NOW, seq).line])]).toEqual([seq, 11])
  })
})

describe('--mixed', () => {
  const mixed = TEN.lines.flatMap((line) => ['{"level":"info","msg":"request"}', line, 'plain \u00e9', ''])
  const wrapped = (line: string) => JSON.stringify({ log: `${line}\n`, stream: 'stdout', time: '2026-11-24T00:00:00Z' })

  test('skips what is not a record', () => {
    expect(verify({ log: text(mixed) }).broken).toMatchObject({ line: 1 })
    expect(verify({ log: text(mixed) }, { isMixed: true })).toMatchObject({ ok: true, records: 10, notes: [] })
  })

  test('unwraps what the json-file log driver puts around a line', () => {
    expect(verify({ log: text(mixed.map(wrapped)) }, { isMixed: true })).toMatchObject({ ok: true, records: 10 })
  })

  test('names the line of the file where a record was altered or removed', () => {
    for (const put of [(line: string) => line, wrapped]) {
      const altered = text(mixed.map((line) => put(line.replace('"s4"', '"s5"'))))
      expect(verify({ log: altered }, { isMixed: true }).broken).toMatchObject({
        line: 22,
        problem: expect.stringMatching(/altered/),
      })
      const removed = text(mixed.toSpliced(21, 1).map(put))
      expect(verify({ log: removed }, { isMixed: true }).broken).toMatchObject({ line: 25 })
    }
  })

  test('notes each start of a service, and whether the end before it is there', () => {
    const killed = TEN.lines.slice(0, 5)
    const report = verify({ log: text([...TEN.lines, ...killed, ...TEN.lines]) }, { isMixed: true })
    expect(report).toMatchObject({ ok: true, records: 25 })
    expect(report.notes).toEqual([
      'log:11: begins a chain anew after seq 10',
      'log:16: begins a chain anew after seq 5, which is no stop record: the end before it may be missing',
    ])
  })

  test('bounds what it notes', () => {
    const report = verify({ log: text(Array(300).fill(TEN.lines[0])) }, { isMixed: true })
    expect(report.notes).toHaveLength(101)
    expect(report.notes[100]).toBe('and 199 notes more')
  })
})

describe('LineSplitter', () => {
  test('holds no more of a line than its bound, and keeps counting lines', () => {
    const lines: Line[] = []
    const splitter = new LineSplitter('log', (line) => lines.push(line) > 0)
    for (let i = 0; i < 100; i += 1) splitter.push(Buffer.alloc(65_536, 'x'))
    splitter.push(Buffer.from('\nnext\nopen'))
    splitter.end()
    expect(lines.map(({ number, text: { length }, isEnded }) => [number, length, isEnded])).toEqual([
      [1, MAX_INPUT_LINE_BYTES, true],
      [2, 4, true],
      [3, 4, false],
    ])
  })
})
