import fc from 'fast-check'
import { decodeTop, faultOf, SECRET } from '../../support/decoded.js'

const NOTHING = {
  pid: null,
  parentPid: null,
  user: null,
  command: null,
  started: null,
  cpuSeconds: null,
  cpuPercent: null,
  memoryPercent: null,
  residentBytes: null,
  virtualBytes: null,
  state: null,
  terminal: null,
  other: {},
}

const EF = ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD']

/** One process, of which the given cells are known. */
function only(titles: readonly string[], cells: readonly string[]) {
  const [process, ...rest] = decodeTop({ Titles: titles, Processes: [cells] }).processes
  expect(rest).toEqual([])
  return process
}

const timeOf = (cell: string) => only(['TIME', 'CMD'], [cell, 'x'])?.cpuSeconds

describe('the processes of', () => {
  test('procps with -ef, as engines run it', () => {
    const Processes = [
      ['root', '4011', '3990', '0', '02:48', '?', '00:00:01', 'nginx: master process nginx -g daemon off;'],
      ['101', '4052', '4011', '12', 'Nov23', 'pts/0', '1-02:03:04', 'nginx: worker process'],
    ]
    expect(decodeTop({ Titles: EF, Processes }).processes).toEqual([
      {
        ...NOTHING,
        user: 'root',
        pid: 4011,
        parentPid: 3990,
        cpuPercent: 0,
        started: '02:48',
        cpuSeconds: 1,
        command: 'nginx: master process nginx -g daemon off;',
      },
      {
        ...NOTHING,
        user: '101',
        pid: 4052,
        parentPid: 4011,
        cpuPercent: 12,
        started: 'Nov23',
        terminal: 'pts/0',
        cpuSeconds: 93_784,
        command: 'nginx: worker process',
      },
    ])
  })

  test('procps with aux', () => {
    const titles = ['USER', 'PID', '%CPU', '%MEM', 'VSZ', 'RSS', 'TTY', 'STAT', 'START', 'TIME', 'COMMAND']
    expect(only(titles, ['root', '1', '0.5', '12.3', '4364', '720', '?', 'Ss+', '02:48', '0:07', 'sleep 60'])).toEqual({
      ...NOTHING,
      user: 'root',
      pid: 1,
      cpuPercent: 0.5,
      memoryPercent: 12.3,
      virtualBytes: 4364 * 1_024,
      residentBytes: 720 * 1_024,
      state: 'Ss+',
      started: '02:48',
      cpuSeconds: 7,
      command: 'sleep 60',
    })
  })

  test('busybox', () => {
    expect(only(['PID', 'USER', 'TIME', 'COMMAND'], ['1', 'root', '123:45', '{init} /bin/sh'])).toEqual({
      ...NOTHING,
      pid: 1,
      user: 'root',
      cpuSeconds: 7_425,
      command: '{init} /bin/sh',
    })
  })

  test('busybox, whose sizes may be rounded ones that are no count', () => {
    const titles = ['PID', 'USER', 'VSZ', 'RSS', 'STAT', 'COMMAND']
    expect(only(titles, ['1', 'root', '1.5m', '12g', 'S', 'sh'])).toEqual({
      ...NOTHING,
      pid: 1,
      user: 'root',
      state: 'S',
      command: 'sh',
    })
  })

  test('podman', () => {
    const titles = ['USER', 'PID', 'PPID', '%CPU', 'ELAPSED', 'TTY', 'TIME', 'COMMAND']
    expect(only(titles, ['root', '1', '0', '0.042', '1h2m3.5s', '?', '1m2.5s', 'top -b'])).toEqual({
      ...NOTHING,
      user: 'root',
      pid: 1,
      parentPid: 0,
      cpuPercent: 0.042,
      cpuSeconds: 62.5,
      command: 'top -b',
      other: { ELAPSED: '1h2m3.5s' },
    })
  })

  test('Windows, whose titles have no name here', () => {
    const titles = ['Name', 'PID', 'CPU', 'Private Working Set']
    expect(only(titles, ['smss.exe', '1164', '00:00:00.171', '245.8kB'])).toEqual({
      ...NOTHING,
      pid: 1164,
      other: { Name: 'smss.exe', CPU: '00:00:00.171', 'Private Working Set': '245.8kB' },
    })
  })
})

describe('what was printed as', () => {
  test.each([
    ['00:00:00', 0],
    ['0:00', 0],
    ['0:07', 7],
    ['59:59', 3_599],
    ['600:00', 36_000],
    ['01:02:03', 3_723],
    ['10-00:00:00', 864_000],
    ['0:00.25', 0],
    ['0s', 0],
    ['850ms', 0.85],
    ['3.5s', 3.5],
    ['2m0s', 120],
    ['1h2m3.5s', 3_723.5],
    ['100h0m0s', 360_000],
  ])('%s is so many seconds: %d', (cell, seconds) => {
    expect(timeOf(cell)).toBeCloseTo(seconds, 9)
  })

  test.each([
    '-',
    '?',
    'x',
    '1',
    ':',
    '1:',
    ':1',
    '-1:00',
    '1e3s',
    '1:2:3:4',
    '1h-1m',
    ' 1s',
    '9999999:00',
    's',
    'hms',
  ])('%j is no time', (cell) => {
    expect(timeOf(cell)).toBeNull()
  })

  test.each(['', '-', '-1', '1.5', '0x1', '1e3', ' 1', '1234567890123456', 'x', '1\n'])('%j is no id', (cell) => {
    expect(only(['PID', 'CMD'], [cell, 'x'])?.pid).toBeNull()
  })

  test.each(['', '-', '-1', '.5', '1.', '1,5', '1e3', '0.1234567', 'NaN', 'Infinity'])(
    '%j is no percentage',
    (cell) => {
      expect(only(['%CPU', 'CMD'], [cell, 'x'])?.cpuPercent).toBeNull()
    },
  )
})

describe('titles', () => {
  test.each([' pid ', 'Pid', 'PID'])('%j is known by its letters', (title) => {
    expect(only([title, 'CMD'], ['7', 'x'])?.pid).toBe(7)
  })

  test('that have no name here stay as they were printed', () => {
    expect(only(['PID', 'NI', 'x y', 'CMD'], ['1', '-5', 'z', 'sh'])?.other).toEqual({ NI: '-5', 'x y': 'z' })
  })

  test.each(['__proto__', 'constructor', 'toString'])('%s is a title like any other', (title) => {
    const other = only([title, 'CMD'], ['1', 'x'])?.other ?? {}
    expect(Object.entries(other)).toEqual([[title, '1']])
    expect(Object.getPrototypeOf(other)).toBe(Object.prototype)
  })
})

describe('a row', () => {
  test('of more cells than titles gives what is over to the last column', () => {
    expect(only(['PID', 'CMD'], ['1', 'sh', '-c', 'a  b', ''])).toMatchObject({ pid: 1, command: 'sh -c a  b ' })
  })

  test('of fewer cells, or empty ones, has null for the rest', () => {
    for (const cells of [[], ['', ''], ['', '', '', '', '', '', '', '']]) expect(only(EF, cells)).toEqual(NOTHING)
    expect(only(EF, ['root', '1'])).toEqual({ ...NOTHING, user: 'root', pid: 1 })
  })
})

test.each([
  {},
  { Titles: null, Processes: null },
  { Titles: EF, Processes: [] },
  { Titles: EF, Processes: null },
  { Processes: [] },
])('%j tells of no process', (value) => {
  expect(decodeTop(value).processes).toEqual([])
})

test('without titles nothing is known of a process', () => {
  expect(decodeTop({ Titles: null, Processes: [['hunter2']] }).processes).toEqual([NOTHING])
})

describe('secrets', () => {
  test.each([
    ['mysqld --password=hunter2 --port 1', 'mysqld --password=[redacted] --port 1'],
    ['mysql -uroot -phunter2', 'mysql -uroot -p[redacted]'],
    ['sh -c TOKEN=hunter2 exec x', 'sh -c TOKEN=[redacted] exec x'],
    ['app postgres://u:hunter2@db/x', 'app postgres://[redacted]@db/x'],
    ['curl -u me:hunter2 host', 'curl -u [redacted] host'],
  ])('in the arguments of %j are taken out', (command, expected) => {
    expect(only(EF, ['root', '1', '0', '0', '1', '?', '0:00', ...command.split(' ')])?.command).toBe(expected)
    expect(only(['CMD', 'PID'], [command, '1'])?.command).toBe(expected)
  })

  test('in any other column are taken out', () => {
    const titles = ['USER', 'STIME', 'TTY', 'STAT', 'ENVIRONMENT', 'CMD']
    const process = only(titles, Array<string>(titles.length).fill('password=hunter2'))
    expect(JSON.stringify(process)).not.toMatch(SECRET)
  })

  test('that are taken out are counted, and a cell that reads [redacted] is none', () => {
    const Processes = [['a password=hunter2 token=hunter2'], ['b [redacted] [redacted]'], ['c password=hunter2']]
    expect(decodeTop({ Titles: ['CMD'], Processes }).redactions).toBe(3)
  })
})

describe('bounds', () => {
  test.each([1_999, 2_000, 2_001])('of %i processes the first 2000 are shown', (count) => {
    const Processes = Array.from({ length: count }, (_, i) => [String(i)])
    const { processes, isTruncated } = decodeTop({ Titles: ['PID'], Processes })
    expect(isTruncated).toBe(count > 2_000)
    expect(processes).toHaveLength(Math.min(count, 2_000))
    expect(processes.at(-1)?.pid).toBe(processes.length - 1)
  })

  test.each([31, 32, 33])('of %i columns the first 32 are looked at', (count) => {
    const Titles = Array.from({ length: count }, (_, i) => `c${i}`)
    const [process] = decodeTop({ Titles, Processes: [Titles.map(() => 'x')] }).processes
    expect(Object.keys(process?.other ?? {})).toEqual(Titles.slice(0, 32))
  })

  test.each([4_095, 4_096, 4_097, 100_000])('of a command of %i characters the first 4096 are left', (length) => {
    expect(only(['CMD'], ['x'.repeat(length)])?.command).toHaveLength(Math.min(length, 4_096))
  })

  test.each([63, 64, 65, 100_000])('of a title of %i characters the first 64 are left', (length) => {
    const other = only(['x'.repeat(length), 'CMD'], ['1', 'x'])?.other ?? {}
    expect(Object.keys(other)).toEqual(['x'.repeat(Math.min(length, 64))])
  })

  test('so many long titles are looked at, and it is said that there are more', () => {
    const Processes = Array.from({ length: 500 }, (_, row) => [String(row), String(row).padEnd(8_192, 'x')])
    const { processes, isTruncated } = decodeTop({ Titles: ['PID', 'CMD'], Processes })
    expect([processes.length, isTruncated]).toEqual([48, true])
  })

  test('so many short titles are looked at, those that repeat one once', () => {
    const rows = (cellAt: (row: number) => string) =>
      Array.from({ length: 2_000 }, (_, row) => [cellAt(row), cellAt(row)])
    const shown = (cellAt: (row: number) => string) =>
      decodeTop({ Titles: ['A', 'B'], Processes: rows((row) => cellAt(row)) }).processes.length
    expect(shown(() => 'root')).toBe(2_000)
    expect(shown((row) => `a process of sixty characters at most and number ${row}`)).toBe(2_000)
    const many = Array.from({ length: 2_000 }, (_, row) => Array.from({ length: 32 }, (_, i) => `x${row},${i}`))
    const { processes, isTruncated } = decodeTop({ Titles: many[0], Processes: many })
    expect([processes.length < 100, isTruncated]).toEqual([true, true])
  })

  test('a command is cut after its secrets are gone, so that no half of one is left', () => {
    const command = `${'x '.repeat(2_040)} --header eyJhbGciOiJIUzI1NiJ9.${'a'.repeat(200)}.${'b'.repeat(200)}`
    expect(only(['CMD'], [command])?.command).not.toContain('eyJ')
  })
})

test('whatever an engine prints is shown, or null', () => {
  const cell = fc.oneof(fc.string(), fc.stringMatching(/^[0-9:.hms-]{0,12}$/))
  const titles = fc.array(fc.oneof(fc.constantFrom(...EF, '%CPU', 'RSS', 'VSZ'), fc.string()), { maxLength: 12 })
  fc.assert(
    fc.property(titles, fc.array(fc.array(cell, { maxLength: 14 })), (Titles, Processes) => {
      const { processes } = decodeTop({ Titles, Processes })
      expect(processes).toHaveLength(Processes.length)
      for (const { other, ...known } of processes) {
        for (const value of Object.values(known)) {
          if (typeof value === 'number') expect(value).toBeGreaterThanOrEqual(0)
          else expect(value === null || typeof value === 'string').toBe(true)
        }
        for (const value of Object.values(other)) expect(typeof value).toBe('string')
      }
    }),
  )
})

test.each([
  ['a list', []],
  ['null', null],
  ['a string', 'hunter2'],
  ['titles that are a string', { Titles: 'hunter2' }],
  ['titles that are numbers', { Titles: [7], Processes: [] }],
  ['a process that is a string', { Titles: ['PID'], Processes: ['hunter2'] }],
  ['a cell that is a number', { Titles: ['PID'], Processes: [['hunter2', 7]] }],
  ['a cell that is null', { Titles: ['PID'], Processes: [[null]] }],
])('%s is a bad answer, whose reason names paths and no value', (_name, value) => {
  const fault = faultOf(() => decodeTop(value))
  expect(fault).toMatchObject({ code: 'engine-bad-answer' })
  expect(fault.message).toMatch(/^the processes: /)
  expect(fault.message).not.toMatch(SECRET)
})
