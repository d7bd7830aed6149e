import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { CHECK_INTERVAL_MS, FileSink, TAIL_BYTES } from '../../../api/audit/sinks/file-sink.js'
import { ApiError } from '../../../api/model/error.js'
import { authEvent, readEvent } from '../../support/audit-events.js'
import { FakeDisk, membersIn, openTrail, temporaryFolder, verifyFiles } from '../../support/audit-files.js'

const NOW = Date.UTC(2026, 10, 24)
const START = { kind: 'service', action: 'start' } as const

let folder: ReturnType<typeof temporaryFolder>
let path: string
beforeEach(() => {
  folder = temporaryFolder()
  path = join(folder.path, 'audit.log')
})
afterEach(() => folder.remove())

/** Some records, and the text of the file that holds them. */
function write(count: number): string {
  const { trail } = openTrail(path)
  trail.record(START)
  for (let i = 1; i < count; i += 1) trail.record(readEvent({ subject: `s${i}` }))
  trail.close()
  return readFileSync(path, 'latin1')
}

/** A new file in its place: ext4 waits for the disk where one is cut to nothing and written again (auto_da_alloc). */
function replaceFile(text: string): void {
  rmSync(path)
  writeFileSync(path, text)
}

function refusal(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof ApiError && error.code === 'audit-unavailable') return error.message
    throw error
  }
  throw new Error('it was not refused')
}

function causeOf(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return (error as Error).cause
  }
  throw new Error('it did not fail')
}

describe('a file', () => {
  test('is made for its owner alone, and has each record when the call returns', () => {
    const { trail } = openTrail(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    for (let count = 1; count <= 3; count += 1) {
      trail.record(START)
      expect(verifyFiles(path)).toMatchObject({ ok: true, records: count })
    }
    trail.close()
  })

  test('is carried on by the next start, and its end is shown', () => {
    write(5)
    const { trail, sink } = openTrail(path)
    expect(sink.head.seq).toBe(5)
    expect(trail.recent({ limit: 10 }).items.map(({ record }) => record.seq)).toEqual([5, 4, 3, 2, 1])
    trail.record(START)
    expect(verifyFiles(path)).toMatchObject({ ok: true, records: 6, lastSeq: 6, notes: [] })
    trail.close()
  })

  test('writes a line in as many pieces as the kernel accepts', () => {
    const disk = new FakeDisk()
    disk.atOnce = 1
    const { trail } = openTrail(path, {}, disk)
    trail.record(readEvent())
    trail.record(readEvent())
    expect(verifyFiles(path)).toMatchObject({ ok: true, records: 2, notes: [] })
    trail.close()
  })

  test('fails rather than loops where the kernel accepts nothing', () => {
    const disk = new FakeDisk()
    disk.atOnce = 0
    const { trail } = openTrail(path, {}, disk)
    expect(causeOf(() => trail.record(START))).toEqual(new Error('the file takes no more bytes'))
    trail.close()
  })

  test('of any length is read at its end only', () => {
    const text = write(800)
    expect(text.length).toBeGreaterThan(TAIL_BYTES)
    const { sink, trail } = openTrail(path)
    expect(sink.head.seq).toBe(800)
    expect(sink.records.length).toBeGreaterThan(100)
    expect(sink.records.length).toBeLessThan(800)
    trail.close()
  })

  test('is shown as far as its records follow one another', () => {
    const lines = write(6).trimEnd().split('\n')
    writeFileSync(path, `${lines.with(2, lines[2]?.replace('"s2"', '"s9"') ?? '').join('\n')}\n`)
    const { sink, trail } = openTrail(path)
    expect(sink.records.map(({ seq }) => seq)).toEqual([4, 5, 6])
    trail.close()
  })

  test('is synced in the background, at most once a second and only after something was written, and before it is closed', () => {
    const { trail, disk, clock } = openTrail(path)
    const syncsAfter = (milliseconds: number) => {
      clock.time += milliseconds
      trail.record(START)
      return disk.syncs
    }
    expect([0, CHECK_INTERVAL_MS - 1, 1, CHECK_INTERVAL_MS - 1, 1].map(syncsAfter)).toEqual([0, 0, 1, 1, 2])
    trail.close()
    expect(disk.syncs).toBe(3)
  })

  test('is not synced while nothing can be written', () => {
    const { trail, disk, clock } = openTrail(path, { onFailure: 'serve' })
    disk.room = 0
    for (let i = 0; i < 5; i += 1) {
      trail.record(START)
      clock.time += CHECK_INTERVAL_MS
    }
    expect(disk.syncs).toBe(0)
    trail.close()
  })

  test('whose sync fails fails the next record, and no more than that', () => {
    const { trail, disk, clock } = openTrail(path)
    trail.record(START)
    disk.syncError = new Error('EIO')
    clock.time += CHECK_INTERVAL_MS
    trail.record(START)
    disk.syncError = null
    clock.time += CHECK_INTERVAL_MS
    expect(() => trail.record(START)).toThrow(ApiError)
    trail.record(START)
    expect(verifyFiles(path)).toMatchObject({ ok: true, lastSeq: 5 })
    trail.close()
  })
})

describe('what is refused', () => {
  const open = () => new FileSink(path, NOW).close()

  test('is a directory, a pipe and a device, with the remedy', () => {
    mkdirSync(path)
    expect(refusal(open)).toMatch(/is a directory: name a file in it/)
    rmSync(path, { recursive: true })
    execFileSync('mkfifo', [path])
    expect(refusal(open)).toMatch(/no regular file/)
    for (const device of ['/dev/null', '/dev/full'])
      expect(refusal(() => new FileSink(device, NOW))).toMatch(/no regular file: name a file, or stdout/)
  })

  test('is a path that leads nowhere', () => {
    expect(refusal(() => new FileSink(join(folder.path, 'no', 'audit.log'), NOW))).toMatch(
      /ENOENT.*create its directory/,
    )
    writeFileSync(path, '')
    expect(refusal(() => new FileSink(join(path, 'audit.log'), NOW))).toMatch(/ENOTDIR/)
  })

  test('is not a symbolic link to a file', () => {
    symlinkSync(join(folder.path, 'elsewhere'), path)
    const { trail } = openTrail(path)
    trail.record(START)
    trail.close()
    expect(verifyFiles(join(folder.path, 'elsewhere'))).toMatchObject({ ok: true, records: 1 })
  })

  test.each([
    ['a log', '{"level":"info"}\n'],
    ['a text without end', 'text'],
    ['an empty line', '\n'],
    ['a line longer than any tail', 'x'.repeat(TAIL_BYTES + 1)],
    ['zeros', '\0'.repeat(TAIL_BYTES + 1)],
  ])(
    'is a file that ends in what is no audit record: %s',
    (_, text) => {
      writeFileSync(path, text)
      expect(refusal(open)).toMatch(/^AUDIT_LOG ends in what is no audit record: move it away/)
      expect(readFileSync(path, 'latin1')).toBe(text)
    },
    20_000,
  )

  test('is a file whose last record was altered, or has something behind it', () => {
    const text = write(3)
    for (const altered of [
      text.replace('"s2"', '"s3"'),
      `${text}x\n`,
      `${text}\n`,
      `${text.trimEnd()} `,
      `${text.trimEnd()}x\n`,
    ]) {
      writeFileSync(path, altered)
      expect(refusal(open)).toMatch(/ends in what is no audit record/)
    }
    writeFileSync(path, text)
    open()
  })
})

describe('a line that was begun and not ended', () => {
  test('is ended and accounted for, wherever in the last record the crash came', () => {
    const text = write(3)
    const begin = text.trimEnd().lastIndexOf('\n') + 1
    for (let length = begin; length <= text.length; length += 1) {
      replaceFile(text.slice(0, length))
      const { trail } = openTrail(path)
      trail.record(readEvent())
      trail.close()
      const torn = length - begin
      const isWhole = torn >= text.length - 1 - begin
      expect([length, verifyFiles(path)]).toMatchObject([length, { ok: true, broken: null }])
      const expected = isWhole
        ? [
            [1, 'start', undefined],
            [2, undefined, undefined],
            [3, undefined, undefined],
            [4, undefined, undefined],
          ]
        : torn === 0
          ? [
              [1, 'start', undefined],
              [2, undefined, undefined],
              [3, undefined, undefined],
            ]
          : [
              [1, 'start', undefined],
              [2, undefined, undefined],
              [3, 'recovered', torn],
              [4, undefined, undefined],
            ]
      expect([length, membersIn(path, 'seq', 'action', 'tornBytes')]).toEqual([length, expected])
    }
  })

  test('is accounted for also where the crash came again while it was being ended', () => {
    const text = write(2)
    writeFileSync(path, `${text}{"v":1,"se`)
    const { trail } = openTrail(path)
    trail.record(START)
    trail.close()
    const recovered = readFileSync(path, 'latin1')
    for (let length = text.length; length <= recovered.length; length += 1) {
      replaceFile(recovered.slice(0, length))
      const again = openTrail(path)
      again.trail.record(START)
      again.trail.close()
      expect([length, verifyFiles(path)]).toMatchObject([length, { ok: true, broken: null }])
    }
  })

  test('is accounted for also where the file was rotated before the next start, with or without another', () => {
    const text = write(2)
    for (const next of ['', '{"v":1,"seq":3']) {
      writeFileSync(`${path}.1`, `${text}{"v":1,"se`)
      writeFileSync(path, next)
      const { trail } = openTrail(path)
      trail.record(START)
      trail.close()
      expect(membersIn(path, 'seq', 'tornBytes')).toEqual([
        [3, 10 + next.length],
        [4, undefined],
      ])
      expect(verifyFiles(`${path}.1`, path)).toMatchObject({ ok: true, records: 4 })
    }
  })

  test('is accounted for where it is the first of all, and where a power failure left zeros', () => {
    for (const torn of ['{', '{"v":1,"seq":1,"time":"2026', '{"v":1,"seq":1,"ti\0\0\0\0']) {
      writeFileSync(path, torn)
      const { trail } = openTrail(path)
      trail.record(START)
      trail.close()
      expect(verifyFiles(path)).toMatchObject({ ok: true, records: 2 })
      expect(membersIn(path, 'seq', 'tornBytes')).toEqual([
        [1, torn.length],
        [2, undefined],
      ])
    }
  })
})

describe('rotation', () => {
  const turns = [
    ['by renaming', () => renameSync(path, `${path}.1`)],
    [
      'by renaming and making a new file',
      () => {
        renameSync(path, `${path}.1`)
        closeSync(openSync(path, 'w'))
      },
    ],
    [
      'by copying and cutting to nothing',
      () => {
        copyFileSync(path, `${path}.1`)
        truncateSync(path)
      },
    ],
  ] as const

  test.each(turns)('%s loses no record, and the chain goes on', (_, rotate) => {
    const { trail, clock } = openTrail(path)
    for (let i = 0; i < 3; i += 1) trail.record(readEvent())
    rotate()
    clock.time += CHECK_INTERVAL_MS
    for (let i = 0; i < 3; i += 1) trail.record(readEvent())
    trail.close()
    expect(membersIn(path, 'seq').flat()).toEqual([4, 5, 6])
    expect(verifyFiles(`${path}.1`, path)).toMatchObject({ ok: true, records: 6, notes: [] })
  })

  test.each(turns)('%s is noticed within a second, and nothing is lost until then', (_, rotate) => {
    const { trail, clock } = openTrail(path)
    trail.record(START)
    rotate()
    for (const step of [0, CHECK_INTERVAL_MS - 1, 1, 0]) {
      clock.time += step
      trail.record(readEvent())
    }
    trail.close()
    expect(verifyFiles(`${path}.1`, path)).toMatchObject({ ok: true, records: 5, notes: [] })
  })

  test.each(turns)('%s between two writes continues the chain of the file before', (_, rotate) => {
    write(4)
    rotate()
    write(2)
    expect(membersIn(path, 'seq').flat()).toEqual([5, 6])
    expect(verifyFiles(`${path}.1`, path)).toMatchObject({ ok: true, records: 6, notes: [] })
  })

  test.each(turns)('%s behind an unfinished line still accounts for it', (_, rotate) => {
    const { trail, disk } = openTrail(path)
    trail.record(START)
    disk.room = 100
    expect(() => trail.record(readEvent())).toThrow(ApiError)
    disk.room = null
    rotate()
    trail.record(readEvent())
    trail.close()
    expect(membersIn(path, 'action', 'tornBytes')).toEqual([
      ['gap', 100],
      [undefined, undefined],
    ])
    expect(verifyFiles(`${path}.1`, path)).toMatchObject({ ok: true, records: 3 })
  })

  test('a file that is deleted is made again, and the gap shows', () => {
    const { trail, clock } = openTrail(path)
    trail.record(START)
    unlinkSync(path)
    clock.time += CHECK_INTERVAL_MS
    trail.record(readEvent())
    trail.close()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(verifyFiles(path)).toMatchObject({ ok: true, notes: [expect.stringMatching(/begins at seq 2/)] })
  })

  test('a directory that is gone fails each record, until it is back', () => {
    const below = join(folder.path, 'below')
    mkdirSync(below)
    const { trail, clock } = openTrail(join(below, 'audit.log'))
    trail.record(START)
    renameSync(below, `${below}.gone`)
    clock.time += CHECK_INTERVAL_MS
    for (let i = 0; i < 3; i += 1) expect(() => trail.record(readEvent())).toThrow(ApiError)
    renameSync(`${below}.gone`, below)
    trail.record(readEvent())
    trail.close()
    expect(verifyFiles(join(below, 'audit.log'))).toMatchObject({ ok: true, lastSeq: 6 })
  })

  test('a foreign file in its place is not written to, and a fresh one is', () => {
    for (const foreign of ['{"level":"info"}\n', write(3)]) {
      rmSync(path, { force: true })
      const { trail, clock } = openTrail(path)
      trail.record(START)
      unlinkSync(path)
      writeFileSync(path, foreign)
      clock.time += CHECK_INTERVAL_MS
      expect(() => trail.record(readEvent())).toThrow(ApiError)
      expect(readFileSync(path, 'latin1')).toBe(foreign)
      unlinkSync(path)
      trail.record(readEvent())
      expect(membersIn(path, 'seq', 'lost')).toEqual([
        [3, 1],
        [4, undefined],
      ])
      trail.close()
    }
  })

  test('another process that writes to the file is noticed and named', () => {
    const { trail, clock, logged } = openTrail(path)
    trail.record(START)
    appendFileSync(path, 'x')
    clock.time += CHECK_INTERVAL_MS
    expect(() => trail.record(readEvent())).toThrow(ApiError)
    expect(logged[0]).toMatchObject({
      err: { message: expect.stringMatching(/another process: give each process a file of its own/) },
    })
    renameSync(path, `${path}.1`)
    trail.record(readEvent())
    trail.close()
  })
})

describe('a full disk', () => {
  test('at every byte of a record leaves a chain that is whole, once there is room again', () => {
    const length = 1 + (write(2).split('\n')[1]?.length ?? 0)
    for (let room = 0; room <= length; room += 1) {
      rmSync(path)
      const { trail, disk } = openTrail(path)
      trail.record(START)
      disk.room = room
      // The record is whole without its line break.
      const isWhole = room >= length - 1
      if (isWhole) trail.record(readEvent({ subject: 's1' }))
      else expect(() => trail.record(readEvent({ subject: 's1' }))).toThrow(ApiError)
      disk.room = null
      trail.record(readEvent())
      trail.close()
      expect([room, verifyFiles(path)]).toMatchObject([room, { ok: true, records: 3, lastSeq: isWhole ? 3 : 4 }])
      if (!isWhole)
        expect([room, ...(membersIn(path, 'action', 'lost', 'tornBytes')[1] ?? [])]).toEqual([room, 'gap', 1, room])
    }
  })

  test('that is full again while the gap is recorded leaves a whole chain', () => {
    for (let room = 0; room < 900; room += 7) {
      rmSync(path, { force: true })
      const { trail, disk } = openTrail(path, { onFailure: 'serve' })
      trail.record(START)
      for (const bytes of [50, room, 0, 1, room, 2, 0]) {
        disk.room = bytes
        trail.record(readEvent())
      }
      disk.room = null
      trail.record(readEvent())
      trail.close()
      expect([room, verifyFiles(path)]).toMatchObject([room, { ok: true, broken: null }])
      const { lost, written, head } = trail
      expect([room, lost + written]).toEqual([room, head.seq])
    }
  })

  test('fails with what the kernel says of one', () => {
    if (!existsSync('/dev/full')) return
    const full = openSync('/dev/full', 'w')
    const disk = new FakeDisk()
    disk.write = (_, bytes, offset, length) => writeSync(full, bytes, offset, length)
    const { trail } = openTrail(path, {}, disk)
    expect(causeOf(() => trail.record(START))).toMatchObject({ code: 'ENOSPC' })
    trail.close()
    closeSync(full)
  })

  const isRoot = process.getuid?.() === 0
  const onTmpfs = isRoot && process.platform === 'linux' ? test : test.skip
  onTmpfs('of 16 KiB, really mounted (needs root), is filled, emptied and written again', () => {
    const mount = join(folder.path, 'small')
    mkdirSync(mount)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', mount], { stdio: 'ignore' })
    } catch {
      console.warn('passed over: this root may not mount')
      return
    }
    try {
      const log = join(mount, 'audit.log')
      const ballast = join(mount, 'ballast')
      writeFileSync(ballast, 'x'.repeat(8_192))
      const { trail } = openTrail(log, { onFailure: 'serve' })
      while (!trail.isFailing) trail.record(authEvent())
      for (let i = 0; i < 5; i += 1) trail.record(authEvent())
      expect(trail.isFailing).toBe(true)
      unlinkSync(ballast)
      trail.record(authEvent())
      expect(trail.isFailing).toBe(false)
      trail.close()
      expect(verifyFiles(log)).toMatchObject({ ok: true, lastSeq: trail.written + trail.lost })
      expect(trail.lost).toBe(6)
    } finally {
      execFileSync('umount', [mount])
    }
  })
})
