import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { TimeSlice } from '../../api/concurrency/event-loop-yield.js'
import { MAX_LINE_BYTES, type RawLogLine, readLogLines } from '../../api/engine/log-lines.js'

const HEADER_BYTES = 8
const PART_BYTES = 16 * 1024
const MAX_FRAME_BYTES = MAX_LINE_BYTES + 64

const TIME = '2026-11-24T02:48:57.123456789Z'
const AT = '1795488537.123456789'
const LATER = '2026-11-24T02:48:58.000000001Z'
const LATER_AT = '1795488538.000000001'

type Stream = 'stdout' | 'stderr'

async function* from(chunks: Iterable<Uint8Array>, fault?: Error): AsyncGenerator<Uint8Array> {
  yield* chunks
  if (fault !== undefined) throw fault
}

async function linesOf(chunks: Iterable<Uint8Array>, isTty = false): Promise<RawLogLine[]> {
  const lines: RawLogLine[] = []
  for await (const some of readLogLines(from(chunks), isTty)) {
    expect(some.length).toBeGreaterThan(0)
    lines.push(...some)
  }
  return lines
}

/** What was given before the fault, and the fault. */
async function faultOf(chunks: Iterable<Uint8Array>, isTty = false): Promise<{ lines: string[]; fault: Error }> {
  const lines: string[] = []
  try {
    for await (const some of readLogLines(from(chunks), isTty)) lines.push(...some.map(({ message }) => message))
  } catch (fault) {
    if (fault instanceof Error) return { lines, fault }
  }
  throw new Error('read')
}

function header(kind: number, length: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES)
  bytes.writeUInt8(kind, 0)
  bytes.writeUInt32BE(length, 4)
  return bytes
}

function frame(payload: string | Buffer, stream: Stream = 'stdout'): Buffer {
  const bytes = Buffer.from(payload)
  return Buffer.concat([header(stream === 'stdout' ? 1 : 2, bytes.length), bytes])
}

const timed = (payload: string | Buffer, time = TIME) => Buffer.concat([Buffer.from(`${time} `), Buffer.from(payload)])

function line(message: string, changes: Partial<RawLogLine> = {}): RawLogLine {
  return { at: AT, stream: 'stdout', message, isCut: false, parts: 1, ...changes }
}

/** Cuts bytes at the given offsets, which may repeat and be out of range. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = places.map((place) => Math.min(place, bytes.length)).sort((a, b) => a - b)
  return [...sorted, bytes.length].map((end, i) => bytes.subarray(sorted[i - 1] ?? 0, end))
}

const bytewise = (bytes: Buffer) => [...bytes].map((byte) => Uint8Array.of(byte))

/** As moby's copier cuts a line: parts of just 16 KiB, then the rest with the line's end. */
function partsOf(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = []
  let rest = bytes
  for (; rest.length >= PART_BYTES; rest = rest.subarray(PART_BYTES)) parts.push(rest.subarray(0, PART_BYTES))
  return [...parts, Buffer.concat([rest, Buffer.from('\n')])]
}

/** As moby's ffjson writes what is no UTF-8: a replacement for each byte. */
function asJsonFileKeeps(part: Buffer): Buffer {
  const kept: string[] = []
  for (let i = 0; i < part.length; ) {
    const first = part[i] ?? 0
    const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1
    const text = part.toString('utf8', i, i + length)
    const isWhole = i + length <= part.length && !text.includes('\ufffd')
    kept.push(isWhole ? text : '\ufffd')
    i += isWhole ? length : 1
  }
  return Buffer.from(kept.join(''))
}

/** Text of whole characters with just so many bytes. */
function textOfBytes(length: number): string {
  const text = '\u00fc\u20ac\u{1f433}'.repeat(Math.floor(length / 9))
  return text + 'x'.repeat(length - Buffer.byteLength(text))
}

describe('frames', () => {
  test('give a line each, with its time and its stream', async () => {
    const bytes = Buffer.concat([frame(timed('a\n')), frame(timed('b\n', LATER), 'stderr'), frame(timed('\n'))])
    expect(await linesOf([bytes])).toEqual([line('a'), line('b', { at: LATER_AT, stream: 'stderr' }), line('')])
  })

  test('of the kind 0 are standard output too', async () => {
    expect(await linesOf([header(0, 33), timed('a\n')])).toEqual([line('a')])
  })

  test.each([[[]], [[Buffer.alloc(0)]]])('that are none give no line', async (chunks) => {
    expect(await linesOf(chunks)).toEqual([])
  })

  test('may be cut anywhere within a header, a time and a character', async () => {
    const bytes = Buffer.concat([frame(timed('\u00fc\u20ac\u{1f433}\n')), frame(timed('b\n', LATER), 'stderr')])
    const expected = [line('\u00fc\u20ac\u{1f433}'), line('b', { at: LATER_AT, stream: 'stderr' })]
    expect(await linesOf(bytewise(bytes))).toEqual(expected)
    for (let place = 0; place <= bytes.length; place += 1) {
      expect(await linesOf(cut(bytes, [place]))).toEqual(expected)
    }
  })

  test('any chunking gives the same lines', async () => {
    const piece = fc.record({
      stream: fc.constantFrom<Stream>('stdout', 'stderr'),
      time: fc.constantFrom(`${TIME} `, `${LATER} `, ''),
      text: fc.string({ unit: 'grapheme', maxLength: 20 }),
      end: fc.constantFrom('\n', '\r\n', ''),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), fc.array(fc.nat(600)), async (pieces, places) => {
        const bytes = Buffer.concat(pieces.map(({ stream, time, text, end }) => frame(time + text + end, stream)))
        expect(await linesOf(cut(bytes, places))).toEqual(await linesOf([bytes]))
      }),
    )
  })

  test('whatever bytes come, the outcome is the same for any chunking', async () => {
    const outcome = async (chunks: Uint8Array[]) => {
      const lines: RawLogLine[] = []
      try {
        for await (const some of readLogLines(from(chunks), false)) lines.push(...some)
      } catch (fault) {
        return [lines, String(fault)]
      }
      return [lines, null]
    }
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.tuple(fc.nat(4), fc.nat(40)).map(([kind, length]) => header(kind, length)),
      fc.string().map((text) => frame(timed(`${text}\n`))),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(hostile), fc.array(fc.nat(400)), async (pieces, places) => {
        const bytes = Buffer.concat(pieces)
        expect(await outcome(cut(bytes, places))).toEqual(await outcome([bytes]))
      }),
    )
  })

  test('of two streams may come one in the midst of the other, and no line takes of the other', async () => {
    const bytes = [
      frame(timed('out-')),
      frame(timed('err-', LATER), 'stderr'),
      frame(timed('put\n', LATER)),
      frame(timed('or\n', LATER), 'stderr'),
    ]
    expect(await linesOf(bytes)).toEqual([
      line('out-put', { parts: 2 }),
      line('err-or', { at: LATER_AT, stream: 'stderr', parts: 2 }),
    ])
  })

  test('without bytes are passed over: the line after them has its time and is one message', async () => {
    const empty = [header(1, 0), header(2, 0)]
    expect(await linesOf([...empty, frame(timed('a\n')), ...empty])).toEqual([line('a')])
    expect(await linesOf([frame(timed('a')), ...empty, frame(timed('b\n'))])).toEqual([line('ab', { parts: 2 })])
    expect(await linesOf(empty)).toEqual([])
  })

  test('of one message with many lines give each its own time, or the first one', async () => {
    const payload = Buffer.concat([timed('a\n'), Buffer.from('b\n'), timed('c\n', LATER), Buffer.from('d')])
    expect(await linesOf([frame(payload)])).toEqual([line('a'), line('b'), line('c', { at: LATER_AT }), line('d')])
  })

  test('give what stands behind the last line end as a line, of both streams', async () => {
    expect(await linesOf([frame(timed('b'), 'stderr'), frame(timed('a'))])).toEqual([
      line('a'),
      line('b', { stream: 'stderr' }),
    ])
  })

  test.each([
    ['a\r\n', 'a'],
    ['\r\n', ''],
    ['a\rb\r\r\n', 'a\rb\r'],
    ['a\r', 'a'],
  ])('%j is the line %j', async (payload, message) => {
    expect(await linesOf([frame(timed(payload))])).toEqual([line(message)])
  })

  test.each([
    ['2026-11-24T02:48:57Z', '1795488537.000000000'],
    ['2026-11-24T02:48:57.5Z', '1795488537.500000000'],
    ['2026-11-24T02:48:57.123456789Z', '1795488537.123456789'],
    ['2026-11-24T04:18:57.123456789+01:30', '1795488537.123456789'],
    ['2026-11-23T20:48:57.000000001-06:00', '1795488537.000000001'],
    ['1970-01-01T00:00:00Z', '0.000000000'],
  ])('the time %s is %s', async (time, at) => {
    expect(await linesOf([frame(timed('a\n', time))])).toEqual([line('a', { at })])
    expect(await linesOf([timed('a\n', time)], true)).toEqual([line('a', { at })])
  })

  test.each([
    'a',
    '2026-11-24 02:48:57Z a',
    '2026-11-24T02:48:57Z',
    '2026-13-24T02:48:57Z a',
    '2026-11-24T02:48:57.1234567890Z a',
    '0001-01-01T00:00:00Z a',
    ' 2026-11-24T02:48:57Z a',
  ])('%j has no time, and is kept whole', async (message) => {
    expect(await linesOf([frame(`${message}\n`)])).toEqual([line(message, { at: null })])
    expect(await linesOf([Buffer.from(`${message}\n`)], true)).toEqual([line(message, { at: null })])
  })

  test('a time that the container wrote itself stays', async () => {
    expect(await linesOf([frame(timed(`${LATER} a\n`))])).toEqual([line(`${LATER} a`)])
    expect(await linesOf([timed(`${LATER} a\n`)], true)).toEqual([line(`${LATER} a`)])
  })

  test('bytes that are no text do no harm', async () => {
    const payload = Buffer.concat([timed(Buffer.of(0xff, 0xc3, 0x00)), Buffer.from('\n')])
    expect(await linesOf([frame(payload)])).toEqual([line('\ufffd\ufffd\u0000')])
  })
})

describe('what is no log', () => {
  test.each([
    ['text', Buffer.from('hunter2 and more\n')],
    ['a terminal without frames', timed('hunter2\n')],
    ['a kind that is none', header(4, 1)],
    ['the highest kind', header(255, 1)],
    ['a second byte', Buffer.of(1, 1, 0, 0, 0, 0, 0, 1)],
    ['a third byte', Buffer.of(1, 0, 1, 0, 0, 0, 0, 1)],
    ['a fourth byte', Buffer.of(1, 0, 0, 1, 0, 0, 0, 1)],
  ])('%s is a bad answer, which quotes nothing', async (_name, bytes) => {
    for (const chunks of [[bytes], bytewise(bytes)]) {
      const { lines, fault } = await faultOf([frame(timed('before\n')), ...chunks])
      expect(lines).toEqual(['before'])
      expect(fault).toMatchObject({ code: 'engine-bad-answer' })
      expect(fault.message).not.toContain('hunter2')
    }
  })

  test('ends within a header or a frame, after the lines before it', async () => {
    const bytes = frame(timed('b\n'))
    for (let length = 1; length < bytes.length; length += 1) {
      const { lines, fault } = await faultOf([frame(timed('a\n')), bytes.subarray(0, length)])
      expect(lines).toEqual(['a'])
      expect(fault).toMatchObject({ code: 'engine-bad-answer', message: expect.stringContaining('within a frame') })
    }
  })

  test('a word of the engine ends it: short, scrubbed and on one line, after the lines before it', async () => {
    const words = `error from daemon: password=hunter2 \r\n\u001b[31m ${'x'.repeat(1_000)}`
    const bytes = Buffer.concat([frame(timed('a\n')), header(3, Buffer.byteLength(words)), Buffer.from(words)])
    for (const chunks of [[bytes], cut(bytes, [3, 50, 80]), bytewise(bytes)]) {
      const { lines, fault } = await faultOf(chunks)
      expect(lines).toEqual(['a'])
      expect(fault).toMatchObject({ code: 'engine-bad-answer' })
      expect(fault.message).toContain('error from daemon: password=[redacted]')
      expect(fault.message).not.toMatch(/hunter2|\p{Cc}/u)
      expect(fault.message.length).toBeLessThan(400)
    }
  })

  test('an empty word of the engine ends it too', async () => {
    expect((await faultOf([header(3, 0)])).fault).toMatchObject({ code: 'engine-bad-answer' })
  })

  test('the fault of the source is passed on, after the lines before it', async () => {
    for (const isTty of [false, true]) {
      const fault = new Error('cut')
      const messages: string[] = []
      const source = from([isTty ? timed('a\nb') : Buffer.concat([frame(timed('a\n')), frame(timed('b'))])], fault)
      const read = async () => {
        for await (const some of readLogLines(source, isTty)) messages.push(...some.map(({ message }) => message))
      }
      await expect(read()).rejects.toBe(fault)
      expect(messages).toEqual(['a'])
    }
  })

  test('who stops reading closes the source', async () => {
    for (const isTty of [false, true]) {
      let isClosed = false
      async function* source() {
        try {
          for (;;) yield isTty ? timed('a\n') : frame(timed('a\n'))
        } finally {
          isClosed = true
        }
      }
      for await (const lines of readLogLines(source(), isTty)) {
        expect(lines).toEqual([line('a')])
        break
      }
      expect(isClosed).toBe(true)
    }
  })
})

/** One long line as moby sends it, out of any driver that keeps its bytes as they are. */
function asMobySends(message: Buffer, isTty: boolean): Buffer {
  const parts = partsOf(message).map((part, i) => timed(part, i === 0 ? TIME : LATER))
  return Buffer.concat(isTty ? parts : parts.map((part) => frame(part)))
}

describe.each([
  ['frames', false],
  ['a terminal', true],
])('a line that the engine keeps in parts, out of %s,', (_name, isTty) => {
  test.each([
    [PART_BYTES - 1, 1],
    [PART_BYTES, 2],
    [PART_BYTES + 1, 2],
    [2 * PART_BYTES - 1, 2],
    [2 * PART_BYTES, 3],
    [3 * PART_BYTES + 7, 4],
    [MAX_LINE_BYTES - 1, 4],
    [MAX_LINE_BYTES, 5],
  ])('is whole with %i bytes, in %i parts and with the first time', async (length, parts) => {
    const message = textOfBytes(length)
    const bytes = asMobySends(Buffer.from(message), isTty)
    const more = isTty ? timed('next\n') : frame(timed('next\n'))
    const expected = [line(message, { parts }), line('next')]
    expect(await linesOf([bytes, more], isTty)).toEqual(expected)
    const places = [5, PART_BYTES, PART_BYTES + 35, PART_BYTES + 41, 2 * PART_BYTES + 70]
    expect(await linesOf([...cut(bytes, places), more], isTty)).toEqual(expected)
  })

  test.each([
    [MAX_LINE_BYTES + 1, 5],
    [MAX_LINE_BYTES + PART_BYTES, 6],
    [10 * PART_BYTES - 1, 10],
    [10 * PART_BYTES, 11],
    [10 * PART_BYTES + 1, 11],
  ])('is cut with %i bytes, and all of its %i parts are counted', async (length, parts) => {
    const bytes = asMobySends(Buffer.alloc(length, 'x'), isTty)
    const more = isTty ? timed('next\n') : frame(timed('next\n'))
    for (const chunks of [[bytes], cut(bytes, [PART_BYTES, MAX_LINE_BYTES, MAX_LINE_BYTES + 200])]) {
      expect(await linesOf([...chunks, more], isTty)).toEqual([
        line('x'.repeat(MAX_LINE_BYTES), { isCut: true, parts }),
        line('next'),
      ])
    }
  })

  test('is cut before a character that would not be whole', async () => {
    for (const before of [1, 2, 3]) {
      const message = 'x'.repeat(MAX_LINE_BYTES - before)
      const bytes = asMobySends(Buffer.from(`${message}\u{1f433}`), isTty)
      expect(await linesOf([bytes], isTty)).toEqual([line(message, { isCut: true, parts: 5 })])
    }
  })

  test('keeps its carriage return where it was cut, and loses it where it was not', async () => {
    const text = 'x'.repeat(PART_BYTES + 9)
    expect(await linesOf([asMobySends(Buffer.from(`${text}\r`), isTty)], isTty)).toEqual([line(text, { parts: 2 })])
    const long = `${'x'.repeat(MAX_LINE_BYTES - 1)}\r`
    expect(await linesOf([asMobySends(Buffer.from(`${long}more`), isTty)], isTty)).toEqual([
      line(long, { isCut: true, parts: 5 }),
    ])
  })

  test('may lack its end', async () => {
    const message = textOfBytes(PART_BYTES + 9)
    const [first = Buffer.alloc(0), last = Buffer.alloc(0)] = partsOf(Buffer.from(message))
    const open = [timed(first), timed(last.subarray(0, -1), LATER)]
    expect(await linesOf(isTty ? open : open.map((part) => frame(part)), isTty)).toEqual([line(message, { parts: 2 })])
  })

  test('that json-file cut within a character has no time in its midst', async () => {
    for (const before of [1, 2, 3]) {
      const message = Buffer.from(`${'x'.repeat(PART_BYTES - before)}\u{1f433}${'y'.repeat(PART_BYTES)}`)
      const parts = partsOf(message).map((part, i) => timed(asJsonFileKeeps(part), i === 0 ? TIME : LATER))
      const bytes = Buffer.concat(isTty ? parts : parts.map((part) => frame(part)))
      expect(await linesOf([bytes], isTty)).toEqual([
        line(`${'x'.repeat(PART_BYTES - before)}${'\ufffd'.repeat(4)}${'y'.repeat(PART_BYTES)}`, { parts: 3 }),
      ])
    }
  })
})

describe('a frame', () => {
  test.each([
    [MAX_LINE_BYTES - 1, false],
    [MAX_LINE_BYTES, false],
    [MAX_LINE_BYTES + 1, true],
    [MAX_FRAME_BYTES - 32, true],
    [MAX_FRAME_BYTES - 31, true],
    [MAX_FRAME_BYTES, true],
    [10 * MAX_FRAME_BYTES, true],
  ])('that holds a line of %i bytes is cut: %s', async (length, isCut) => {
    const bytes = frame(timed(Buffer.concat([Buffer.alloc(length, 'x'), Buffer.from('\n')])))
    for (const chunks of [[bytes], cut(bytes, [4, 20, MAX_LINE_BYTES, bytes.length - 1])]) {
      expect(await linesOf([...chunks, frame(timed('next\n'))])).toEqual([
        line('x'.repeat(Math.min(length, MAX_LINE_BYTES)), { isCut }),
        line('next'),
      ])
    }
  })

  test('that is too large for one and has no line end goes on with the next one', async () => {
    const large = frame(timed(Buffer.alloc(2 * MAX_FRAME_BYTES, 'x')))
    expect(await linesOf([large, frame(timed('end\n')), frame(timed('next\n'))])).toEqual([
      line('x'.repeat(MAX_LINE_BYTES), { isCut: true, parts: 2 }),
      line('next'),
    ])
  })

  test('that is too large shows that its end is missing, though what is left ends a line', async () => {
    const kept = timed(Buffer.alloc(MAX_FRAME_BYTES - TIME.length - 2, 'x'))
    const large = frame(Buffer.concat([kept, Buffer.from('\nlost and gone\n')]))
    const lines = await linesOf([large, frame(timed('next\n'))])
    expect(lines.map(({ message, isCut }) => [message.length, isCut])).toEqual([
      [MAX_LINE_BYTES, true],
      [0, true],
      [4, false],
    ])
  })
})

describe('a terminal', () => {
  test.each([
    ['', []],
    ['\n', ['']],
    ['\r\n\n', ['', '']],
    ['a\r\nb', ['a', 'b']],
    ['a\rb\n', ['a\rb']],
    ['\u00fc\u{1f433}\n', ['\u00fc\u{1f433}']],
  ])('that wrote %j has the lines %j', async (text, messages) => {
    const bytes = Buffer.from(text)
    for (const chunks of [[bytes], bytewise(bytes)]) {
      expect(await linesOf(chunks, true)).toEqual(messages.map((message) => line(message, { at: null })))
    }
  })

  test('any chunking gives the same lines', async () => {
    const piece = fc.oneof(
      fc.constantFrom('\n', '\r\n', `${TIME} `, `\n${LATER} `),
      fc.string({ unit: 'grapheme' }),
      fc.nat(3).map((more) => textOfBytes(PART_BYTES + more)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(50_000)), async (pieces, places) => {
        const bytes = Buffer.from(pieces.join(''))
        expect(await linesOf(cut(bytes, places), true)).toEqual(await linesOf([bytes], true))
      }),
      { numRuns: 50 },
    )
  })

  test('without times counts parts by their size alone', async () => {
    const text = 'x'.repeat(PART_BYTES)
    expect(await linesOf([Buffer.from(`${text}\n`)], true)).toEqual([line(text, { at: null })])
    expect(await linesOf([Buffer.from(`${text}y\n`)], true)).toEqual([line(`${text}y`, { at: null, parts: 2 })])
  })
})

describe('of a line without end', () => {
  const MEBIBYTE = 1024 * 1024
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void

  test.each([
    ['frames', false, () => frame(timed(Buffer.alloc(PART_BYTES, 'x')))],
    ['one frame', false, (i: number) => (i === 0 ? header(1, 0xffff_ffff) : Buffer.alloc(PART_BYTES, 'x'))],
    [
      'one word of the engine',
      false,
      (i: number) => (i === 0 ? header(3, 0xffff_ffff) : Buffer.alloc(PART_BYTES, 'x')),
    ],
    ['a terminal', true, () => Buffer.alloc(PART_BYTES, 'x')],
  ])('no more than is kept is held, out of %s', async (_name, isTty, chunkOf) => {
    let held = 0
    async function* source() {
      collectGarbage()
      const before = process.memoryUsage().arrayBuffers
      for (let i = 0; i < (32 * MEBIBYTE) / PART_BYTES; i += 1) yield chunkOf(i)
      // The first collection may be under way, and sweeps behind our back.
      for (let i = 0; i < 5; i += 1) {
        await nextTurn()
        collectGarbage()
      }
      held = process.memoryUsage().arrayBuffers - before
      yield isTty ? Buffer.from('\n') : Buffer.alloc(0)
    }
    const lines: RawLogLine[] = []
    const read = async () => {
      for await (const some of readLogLines(source(), isTty)) lines.push(...some)
    }
    await read().catch((fault: unknown) => expect(fault).toMatchObject({ code: 'engine-bad-answer' }))
    for (const { message, isCut } of lines) expect([message.length, isCut]).toEqual([MAX_LINE_BYTES, true])
    expect(held).toBeLessThan(MEBIBYTE)
  })
})

describe('a chunk', () => {
  test.each([
    ['of frames that end no line', Buffer.concat(Array(7_000).fill(frame('x'))), false, 1],
    ['of empty lines', Buffer.alloc(64 * 1024, '\n'), true, 64 * 1024],
  ])('%s is read in slices', async (_, chunk, isTty, count) => {
    let now = 0
    let yields = 0
    // Each look at the clock is a slice later.
    const stopwatch = () => {
      now += 2
      return now
    }
    const yieldTurn = async () => {
      yields += 1
    }
    let lines = 0
    for await (const some of readLogLines(from([chunk]), isTty, () => new TimeSlice(stopwatch, yieldTurn)))
      lines += some.length
    expect(lines).toBe(count)
    expect(yields).toBe(Math.ceil(chunk.length / 1024))
  })
})
