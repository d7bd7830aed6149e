import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ContainerEvent } from '../../../api/model/container-event.js'
import { dump, LineDecoder, SECRET } from '../../support/decoded.js'
import { fixture, HOST, WEB } from '../../support/recorded-answers.js'

const ID = 'a1'.repeat(32)
const EXEC = 'e5'.repeat(32)

/** Containers whose labels are remembered. */
const MAX_REMEMBERED = 1_024

function lineOf(
  Action: string,
  Attributes: Record<string, string> | null = {},
  ID_ = ID,
  changes: object = {},
): string {
  return JSON.stringify({ Type: 'container', Action, Actor: { ID: ID_, Attributes }, time: 7, timeNano: 8, ...changes })
}

function decode(Action: string, Attributes?: Record<string, string> | null): ContainerEvent | null {
  return new LineDecoder().decode(lineOf(Action, Attributes))
}

const idOf = (i: number) => String(i).padStart(64, '0')

describe('a line of the event stream', () => {
  const decodeEvent = (line: string) => new LineDecoder().decode(line)

  const lines = () => fixture('docker-20.10-events.ndjson').trim().split('\n')

  test('has the verbs of what docker 20.10 streamed', () => {
    expect(lines().map((line) => decodeEvent(line)?.action)).toEqual([
      'exec_create',
      'exec_start',
      'exec_die',
      'kill',
      'kill',
      'die',
      'stop',
      'start',
      'restart',
      'kill',
      'die',
      'destroy',
      'exec_create',
      'exec_start',
      'exec_die',
    ])
    expect(decodeEvent(lines()[3] ?? '')).toEqual({
      containerId: HOST,
      action: 'kill',
      timeNano: '1795488632104497696',
      name: 'shop-host',
      image: 'shop/web:1.0',
      labels: new Map(),
      exitCode: null,
      signal: 15,
      health: null,
      command: null,
      execId: null,
      oldName: null,
      redactions: 0,
    })
  })

  test('holds no secret of a command line', () => {
    expect(lines().join()).toMatch(/password=zzz/)
    expect(JSON.stringify(lines().map(decodeEvent))).not.toMatch(/zzz|s3cr3t/)
  })

  const event = (changes: Record<string, unknown>) =>
    JSON.stringify({ Type: 'container', Action: 'die', Actor: { ID: WEB }, time: 7, timeNano: 8, ...changes })

  test.each([
    ['health_status: healthy', 'health_status'],
    ['exec_create: /bin/sh -c echo a:b', 'exec_create'],
    ['exec_start:\nx', 'exec_start'],
    ['archive-path', 'archive-path'],
  ])('the action %j is %s', (Action, expected) => {
    expect(decodeEvent(event({ Action }))?.action).toBe(expected)
  })

  test('events of other things are left out', () => {
    for (const Type of ['network', 'image', 'secret', undefined, null]) expect(decodeEvent(event({ Type }))).toBeNull()
  })

  test('the nanoseconds keep all their digits', () => {
    expect(decodeEvent(event({}).replace('"timeNano":8', '"timeNano": 1795488632104497697'))?.timeNano).toBe(
      '1795488632104497697',
    )
  })

  test('a label cannot pass for the nanoseconds', () => {
    const hostile = { timeNano: '6', 'x"timeNano":5,"y': '"timeNano":4', z: '\\"timeNano":3' }
    const line = event({ Actor: { ID: WEB, Attributes: hostile } })
    expect(decodeEvent(line)?.timeNano).toBe('8')
  })

  test.each([
    event({ Action: 'prune', Actor: { ID: '', Attributes: { reclaimed: '0' } } }),
    event({ Action: 'rm -rf' }),
    event({ Action: '' }),
    event({ Action: null }),
    event({ Actor: { ID: 'web' } }),
    event({ Actor: null }),
  ])('%j names no container or no verb, and is passed over', (line) => {
    expect(decodeEvent(line)).toBeNull()
  })

  test('without nanoseconds the seconds stand', () => {
    expect(decodeEvent(event({ timeNano: undefined }))?.timeNano).toBe('7000000000')
    expect(decodeEvent(event({ timeNano: null, time: null }))?.timeNano).toBe('0')
  })

  test.each(['hunter2', '<html>', '[]', 'null', '7', '{'])('%j is a gap', (line) => {
    expect(new LineDecoder().step(line)).toEqual({ kind: 'gap', containerId: null })
  })

  test('that is cut off is a gap of its container', () => {
    const whole = event({})
    const { containerId } = decodeEvent(whole) ?? {}
    expect(new LineDecoder().step(whole.slice(0, -5))).toEqual({ kind: 'gap', containerId })
  })

  test('that is empty is nothing', () => {
    expect([new LineDecoder().step(''), new LineDecoder().step(' \r')]).toEqual([null, null])
  })
})

describe('an event', () => {
  test('that has a verb alone has nothing else', () => {
    for (const attributes of [{}, null]) {
      expect(decode('start', attributes)).toEqual({
        containerId: ID,
        action: 'start',
        timeNano: '8',
        name: null,
        image: null,
        labels: new Map(),
        exitCode: null,
        signal: null,
        health: null,
        command: null,
        execId: null,
        oldName: null,
        redactions: 0,
      })
    }
  })

  test('says how a container ended', () => {
    const attributes = { exitCode: '137', execDuration: '42', image: 'shop/web:1.0', name: 'shop-web' }
    expect(decode('die', attributes)).toMatchObject({ exitCode: 137, image: 'shop/web:1.0', name: 'shop-web' })
  })

  test.each([
    ['0', 0],
    ['-1', -1],
    ['255', 255],
    ['3221225786', null],
    ['', null],
    ['1.5', null],
    ['0x1', null],
    [' 1', null],
    ['hunter2', null],
  ])('whose exit code and signal are %j tells %s', (text, expected) => {
    expect(decode('die', { exitCode: text })).toMatchObject({ exitCode: expected, signal: null })
    expect(decode('kill', { signal: text })).toMatchObject({ exitCode: null, signal: expected })
  })

  test.each([
    ['health_status: healthy', 'healthy'],
    ['health_status:unhealthy', 'unhealthy'],
    ['health_status: starting', null],
    ['health_status: hunter2', null],
    ['health_status', null],
  ])('%j tells the health %s, and no command', (action, health) => {
    expect(decode(action)).toMatchObject({ action: 'health_status', health, command: null })
  })

  test.each([
    ['exec_create: sh -c a:b: c', 'exec_create', 'sh -c a:b: c'],
    ['exec_start: mysql -phunter2 shop', 'exec_start', 'mysql -p[redacted] shop'],
    ['exec_create:\nx', 'exec_create', 'x'],
    ['exec_create: a\nb', 'exec_create', 'a\nb'],
    ['exec_create: ', 'exec_create', null],
    ['exec_die', 'exec_die', null],
    ['exec_detach', 'exec_detach', null],
  ])('%j is %s, with the command %j', (line, action, command) => {
    expect(decode(line)).toMatchObject({ action, command, health: null })
  })

  test('of an exec names it, and how it ended', () => {
    expect(decode('exec_die', { execID: EXEC, exitCode: '3' })).toMatchObject({ execId: EXEC, exitCode: 3 })
    for (const execID of ['', 'hunter2', EXEC.toUpperCase(), `${EXEC}0`, `${EXEC}\n`]) {
      expect(decode('exec_die', { execID })?.execId).toBeNull()
    }
  })

  test('of a rename has both names', () => {
    const attributes = { name: 'new', oldName: '/old' }
    expect(decode('rename', attributes)).toMatchObject({ name: 'new', oldName: 'old' })
    expect(decode('rename', { name: 'new', oldName: 'old' })?.oldName).toBe('old')
    expect(decode('rename', { name: 'new' })?.oldName).toBeNull()
    expect(decode('start', attributes)?.oldName).toBeNull()
  })

  test('shows no secret of its names, its image, its labels and its command', () => {
    const attributes = {
      name: 'token=hunter2',
      oldName: '/token=hunter2',
      image: 'https://u:hunter2@registry/x',
      'app.password': 'hunter2',
      note: 'postgres://u:hunter2@db/x',
    }
    for (const [action, redactions] of [
      ['rename', 3],
      ['exec_create: app --password hunter2', 3],
      ['hunter: hunter2', 2],
    ] as const) {
      const event = decode(action, attributes)
      expect([action, event?.redactions]).toEqual([action, redactions])
      expect(event?.labels).toEqual(
        new Map([
          ['app.password', '[redacted]'],
          ['note', 'postgres://[redacted]@db/x'],
        ]),
      )
      expect(dump(event)).not.toMatch(SECRET)
    }
  })

  test.each([511, 512, 513, 100_000])('of a name of %i characters keeps the first 512', (length) => {
    const long = 'x'.repeat(length)
    const kept = 'x'.repeat(Math.min(length, 512))
    expect(decode('rename', { name: long, image: long, oldName: long })).toMatchObject({
      name: kept,
      image: kept,
      oldName: kept,
    })
  })

  test.each([4_095, 4_096, 4_097, 100_000])('of a command of %i characters keeps the first 4096', (length) => {
    expect(decode(`exec_create: ${'x'.repeat(length)}`)?.command).toHaveLength(Math.min(length, 4_096))
  })

  test.each([64, 65])('whose verb has %i letters is one up to 64', (length) => {
    expect(decode('x'.repeat(length))?.action).toBe(length <= 64 ? 'x'.repeat(length) : undefined)
  })

  test.each([
    [0, '0'],
    [-1, '0'],
    [7.9, '7000000000'],
    [253_402_300_799, '253402300799000000000'],
    [253_402_300_800, '0'],
    [1e21, '0'],
  ])('that has no nanoseconds and the second %d was at %s', (time, timeNano) => {
    const event = new LineDecoder().decode(lineOf('die', {}, ID, { time, timeNano: undefined }))
    expect(event?.timeNano).toBe(timeNano)
  })
})

describe('labels', () => {
  test('are what the engine has not laid among them', () => {
    const own = {
      name: 'n',
      image: 'i',
      exitCode: '0',
      execDuration: '1',
      execID: EXEC,
      signal: '15',
      oldName: '/o',
      container: ID,
      comment: 'c',
      imageID: 'sha256:1',
      imageRef: 'r',
      height: '24',
      width: '80',
    }
    expect(decode('die', { ...own, 'com.docker.compose.project': 'shop', Name: 'x' })?.labels).toEqual(
      new Map([
        ['com.docker.compose.project', 'shop'],
        ['Name', 'x'],
      ]),
    )
  })

  test.each([255, 256, 257, 5_000])('of %i the first 256 are left', (count) => {
    const attributes = Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, 'x']))
    expect(decode('die', attributes)?.labels.size).toBe(Math.min(count, 256))
  })

  test('are read once for a container: they never change', () => {
    const decoder = new LineDecoder()
    const first = decoder.decode(lineOf('start', { a: '1' }))?.labels
    expect(decoder.decode(lineOf('die', { a: '2', exitCode: '1' }))?.labels).toBe(first)
    expect(decoder.decode(lineOf('start', { a: '3' }, 'b2'.repeat(32)))?.labels).toEqual(new Map([['a', '3']]))
  })

  test.each([
    [MAX_REMEMBERED - 1, '1'],
    [MAX_REMEMBERED, '2'],
    [MAX_REMEMBERED + 1, '2'],
  ])('after %i other containers are read to be %s: 1024 are remembered', (others, expected) => {
    const decoder = new LineDecoder()
    decoder.decode(lineOf('start', { a: '1' }))
    for (let i = 0; i < others; i += 1) decoder.decode(lineOf('start', { a: '1' }, idOf(i)))
    expect(decoder.decode(lineOf('die', { a: '2' }))?.labels.get('a')).toBe(expected)
    // The latest ones are there still.
    expect(decoder.decode(lineOf('die', { a: '2' }, idOf(others - 1)))?.labels.get('a')).toBe('1')
  })

  test('of what is no container, or has no verb, are not remembered', () => {
    const decoder = new LineDecoder()
    expect(decoder.decode(lineOf('connect', { a: '1' }, ID, { Type: 'network' }))).toBeNull()
    expect(decoder.decode(lineOf('rm -rf', { a: '1' }))).toBeNull()
    expect(decoder.decode(lineOf('die', { a: '2' }))?.labels.get('a')).toBe('2')
  })
})

test.each([
  ['a time in words', { time: 'hunter2' }],
  ['a verb that is a number', { Action: 7 }],
])('%s makes the event a gap of its container', (_name, changes) => {
  expect(new LineDecoder().step(lineOf('die', {}, ID, changes))).toEqual({ kind: 'gap', containerId: ID })
})

test('an attribute that is no text is left out', () => {
  const Attributes = { exitCode: 7, note: 'kept', list: ['hunter2'] }
  const event = new LineDecoder().decode(lineOf('die', {}, ID, { Actor: { ID, Attributes } }))
  expect(event).toMatchObject({ exitCode: null, labels: new Map([['note', 'kept']]) })
})

test('a label of megabytes hides neither the event nor what stands behind it', () => {
  const event = new LineDecoder().decode(lineOf('die', { note: 'x'.repeat(4_000_000), exitCode: '3' }))
  expect(event).toMatchObject({ containerId: ID, action: 'die', exitCode: 3, timeNano: '8' })
})

/** What is held, without what only waits to be collected. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc()')
  return process.memoryUsage().heapUsed
}

test('what is remembered of an event holds nothing of the rest of its line', () => {
  const decoder = new LineDecoder()
  const events = []
  const before = heapUsed()
  for (let row = 0; row < 200; row += 1) {
    const Attributes = { name: 'web', image: 'x:1', note: 'y'.repeat(500_000), exitCode: '1' }
    const actor = { ID: row.toString(16).padStart(64, '0'), Attributes }
    const line = JSON.stringify({ Type: 'container', Action: 'die', Actor: actor, time: 7, timeNano: 1e18 + row * 1e6 })
    events.push(decoder.decode(line))
  }
  // A hundred megabytes of lines went by.
  expect(heapUsed() - before).toBeLessThan(60 * 1024 * 1024)
  expect(events).toHaveLength(200)
})

test('all labels of one container together are looked at so far, and no further', () => {
  const labels = Object.fromEntries(Array.from({ length: 20 }, (_, row) => [`label-${row}`, 'z'.repeat(8_000)]))
  const event = new LineDecoder().decode(
    JSON.stringify({ Type: 'container', Action: 'die', Actor: { ID: 'a'.repeat(64), Attributes: labels }, time: 7 }),
  )
  const kept = [...(event?.labels.entries() ?? [])]
  expect(kept.length).toBeGreaterThan(2)
  expect(kept.reduce((sum, [key, value]) => sum + key.length + value.length, 0)).toBeLessThanOrEqual(16 * 1024)
})

test('labels that are called as attributes are do not pose as them', () => {
  const Attributes = { exitCode: '137', signal: '9', execID: 'a'.repeat(64) }
  const event = new LineDecoder().decode(
    JSON.stringify({ Type: 'container', Action: 'start', Actor: { ID: 'a'.repeat(64), Attributes }, time: 7 }),
  )
  expect(event).toMatchObject({ exitCode: null, signal: null, execId: null })
})
