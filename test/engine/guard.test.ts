import fc from 'fast-check'
import { guardRead, ReadOnlyRefusal } from '../../api/engine/guard.js'
import { MAX_FILTER_IDS } from '../../api/engine/read-parameters.js'
import { ApiError } from '../../api/model/error.js'

const ID = 'a1'.repeat(32)
const OTHER = '0f'.repeat(32)

/** What may leave, written down a second time. */
const ALLOWED = new RegExp(
  [
    '^(?:GET|HEAD) /_ping$',
    '^GET /(?:version|info)$',
    '^GET /containers/json(?:\\?(?:all=true)?&?(?:filters=%7B%22id%22%3A%5B[0-9a-fC%2]+%5D%7D)?)?$',
    '^GET /containers/[0-9a-f]{64}/json$',
    '^GET /containers/[0-9a-f]{64}/stats\\?stream=false(?:&one-shot=true)?$',
    '^GET /events\\?filters=%7B%22type%22%3A%5B%22container%22%5D%7D(?:&since=[0-9.]+)?$',
    '^GET /containers/[0-9a-f]{64}/(?:top|changes)$',
    '^GET /containers/[0-9a-f]{64}/logs\\?(?:(?:(?:follow|stdout|stderr)=(?:true|false)|timestamps=true|tail=(?:all|[0-9]+)|(?:since|until)=[0-9.]+)(?:&|$))+$',
    '^GET /(?:images/json|networks|volumes|system/df)$',
  ].join('|'),
)

function sent(dial: unknown): string {
  const { method, target } = guardRead(dial)
  return `${method} ${target}`
}

describe('guardRead', () => {
  const passing: [dial: Record<string, unknown>, sent: string][] = [
    [{ method: 'GET', path: '/_ping' }, 'GET /_ping'],
    [{ method: 'HEAD', path: '/_ping' }, 'HEAD /_ping'],
    [{ method: 'GET', path: '/version' }, 'GET /version'],
    [{ method: 'GET', path: '/info', statusCodes: { 200: true }, isStream: false }, 'GET /info'],
    [{ method: 'GET', path: '/containers/json?', options: {} }, 'GET /containers/json'],
    [{ method: 'GET', path: '/containers/json?', options: { all: true } }, 'GET /containers/json?all=true'],
    [{ method: 'GET', path: '/containers/json?', options: { all: 1 } }, 'GET /containers/json?all=true'],
    [
      { method: 'GET', path: '/containers/json?', options: { all: true, filters: { id: [ID, OTHER] } } },
      `GET /containers/json?all=true&filters=%7B%22id%22%3A%5B%22${ID}%22%2C%22${OTHER}%22%5D%7D`,
    ],
    [{ method: 'GET', path: `/containers/${ID}/json?`, options: {} }, `GET /containers/${ID}/json`],
    [
      {
        method: 'GET',
        path: `/containers/${ID}/stats?`,
        options: { stream: false, 'one-shot': true },
        isStream: false,
      },
      `GET /containers/${ID}/stats?stream=false&one-shot=true`,
    ],
    [
      { method: 'GET', path: `/containers/${ID}/stats?`, options: { stream: 0 } },
      `GET /containers/${ID}/stats?stream=false`,
    ],
    [
      { method: 'GET', path: '/events?', options: { filters: { type: ['container'] } }, isStream: true },
      'GET /events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D',
    ],
    [
      { method: 'GET', path: '/events?', options: { filters: { type: ['container'] }, since: '17.5' }, isStream: true },
      'GET /events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D&since=17.5',
    ],
    [{ method: 'GET', path: `/containers/${ID}/top?`, options: {} }, `GET /containers/${ID}/top`],
    [{ method: 'GET', path: `/containers/${ID}/changes` }, `GET /containers/${ID}/changes`],
    [
      {
        method: 'GET',
        path: `/containers/${ID}/logs?`,
        options: {
          follow: false,
          stdout: true,
          stderr: false,
          timestamps: true,
          tail: 101,
          since: '17.5',
        },
        isStream: false,
      },
      `GET /containers/${ID}/logs?follow=false&stdout=true&stderr=false&timestamps=true&tail=101&since=17.5`,
    ],
    [
      { method: 'GET', path: `/containers/${ID}/logs?`, options: { follow: true, stdout: 1, tail: 0 }, isStream: true },
      `GET /containers/${ID}/logs?follow=true&stdout=true&tail=0`,
    ],
    [
      { method: 'GET', path: `/containers/${ID}/logs?`, options: { stdout: true, tail: 'all' } },
      `GET /containers/${ID}/logs?stdout=true&tail=all`,
    ],
    [{ method: 'GET', path: '/images/json?', options: {} }, 'GET /images/json'],
    [{ method: 'GET', path: '/networks?', options: {} }, 'GET /networks'],
    [{ method: 'GET', path: '/volumes?', options: {} }, 'GET /volumes'],
    [{ method: 'GET', path: '/system/df' }, 'GET /system/df'],
  ]
  test.each(passing)('%j leaves as %s', (dial, expected) => {
    expect(sent(dial)).toBe(expected)
    expect(expected).toMatch(ALLOWED)
  })

  test('a signal among the options never reaches the wire', () => {
    const { signal } = new AbortController()
    expect(sent({ method: 'GET', path: '/info', abortSignal: signal, options: { abortSignal: signal } })).toBe(
      'GET /info',
    )
  })

  const refusedPaths = [
    '',
    '/',
    '/_ping/',
    '/_PING',
    '//_ping',
    '/_ping??',
    '/_ping?x=1',
    '/_ping#',
    '/_ping\n',
    '/version/../secrets',
    '/v1.41/info',
    '/info/',
    '/%69nfo',
    '/containers/json/',
    '/Containers/json',
    '/containers/../images/json',
    '/containers/%2e%2e/images/json',
    '/containers//json',
    '/containers/json?all=1',
    '/containers/json?size=1',
    '/containers/web/json',
    '/containers/a1a1a1a1a1a1/json',
    `/containers/${ID.toUpperCase()}/json`,
    `/containers/${ID}0/json`,
    `/containers/${ID}/json/`,
    `/containers/${ID}/json?x=`,
    `/containers/${ID}/json\r\nX: y`,
    `/containers/${ID}/../../secrets?x=/json`,
    `/containers/${ID}/archive`,
    `/containers/${ID}/archive?path=/`,
    `/containers/${ID}/export`,
    `/containers/${ID}/attach`,
    `/containers/${ID}/attach/ws`,
    `/containers/${ID}/logs`,
    `/containers/${ID}/logs?`,
    `/containers/web/top`,
    `/containers/${ID}/top?ps_args=-ef`,
    `/containers/${ID}/changes/`,
    `/containers/${ID}/checkpoints`,
    `/exec/${ID}/json`,
    '/images/json?all=1',
    '/images/x/get',
    '/images/x/json',
    '/images/x/history',
    '/images/search',
    '/images/get',
    '/networks/x',
    '/volumes/x',
    '/system/df?type=image',
    '/swarm',
    '/swarm/unlockkey',
    '/secrets',
    '/configs',
    '/services',
    '/tasks',
    '/nodes',
    '/plugins',
    '/distribution/x/json',
    '/events/',
    'http://elsewhere/_ping',
    'http:///_ping',
    ' /_ping',
    '*',
  ]
  test.each(refusedPaths)('GET %j is refused', (path) => {
    for (const isStream of [false, true]) {
      expect(() => guardRead({ method: 'GET', path, isStream })).toThrow(ReadOnlyRefusal)
    }
  })

  test.each([
    'POST',
    'PUT',
    'DELETE',
    'PATCH',
    'OPTIONS',
    'TRACE',
    'CONNECT',
    'HEAD',
    'get',
    'GET ',
    '',
    undefined,
    null,
    7,
  ])('the method %j reads no list', (method) => {
    expect(() => guardRead({ method, path: '/containers/json' })).toThrow(ReadOnlyRefusal)
  })

  test('a method other than GET and HEAD is no ping', () => {
    for (const method of ['POST', 'OPTIONS', 'DELETE', 'get'])
      expect(() => guardRead({ method, path: '/_ping' })).toThrow(ReadOnlyRefusal)
  })

  const refusedFields = [
    'file',
    'hijack',
    'openStdin',
    'authconfig',
    'registryconfig',
    'headers',
    'allowEmpty',
    'body',
    'host',
  ]
  test.each(refusedFields)('a dial with %s is refused, even of a listed path', (field) => {
    expect(() => guardRead({ method: 'GET', path: '/_ping', [field]: 'x' })).toThrow(ReadOnlyRefusal)
    expect(() => guardRead({ method: 'GET', path: '/_ping', [field]: undefined })).not.toThrow()
  })

  const refusedOptions: [path: string, options: unknown][] = [
    ['/_ping', { x: 1 }],
    ['/version', { x: 1 }],
    ['/info', '?x'],
    ['/containers/json?', { size: true }],
    ['/containers/json?', { limit: 1 }],
    ['/containers/json?', { all: 'yes' }],
    ['/containers/json?', { all: false }],
    ['/containers/json?', { all: '1&size=1' }],
    ['/containers/json?', { filters: `{"id":["${ID}"]}` }],
    ['/containers/json?', { filters: {} }],
    ['/containers/json?', { filters: { id: [] } }],
    ['/containers/json?', { filters: { id: ID } }],
    ['/containers/json?', { filters: { id: ['web'] } }],
    ['/containers/json?', { filters: { id: [ID, 'a1'] } }],
    ['/containers/json?', { filters: { id: [ID], label: ['x'] } }],
    ['/containers/json?', { filters: { name: ['x'] } }],
    ['/containers/json?', { filters: null }],
    [`/containers/${ID}/json?`, { size: true }],
    [`/containers/${ID}/json?`, { size: false }],
    [`/containers/${ID}/stats?`, {}],
    [`/containers/${ID}/stats?`, { stream: true }],
    [`/containers/${ID}/stats?`, { stream: 'false&x=1' }],
    [`/containers/${ID}/stats?`, { 'one-shot': true }],
    [`/containers/${ID}/stats?`, { stream: false, 'one-shot': false }],
    [`/containers/${ID}/logs?`, {}],
    [`/containers/${ID}/logs?`, { stdout: true }],
    [`/containers/${ID}/logs?`, { stdout: true, tail: -1 }],
    [`/containers/${ID}/logs?`, { stdout: true, tail: 1.5 }],
    [`/containers/${ID}/logs?`, { stdout: true, tail: '100' }],
    [`/containers/${ID}/logs?`, { stdout: true, tail: 1e21 }],
    [`/containers/${ID}/logs?`, { stdout: 'yes', tail: 1 }],
    [`/containers/${ID}/logs?`, { stdout: true, tail: 1, timestamps: false }],
    [`/containers/${ID}/logs?`, { stdout: true, tail: 1, since: '1&follow=1' }],
    [`/containers/${ID}/logs?`, { stdout: true, tail: 1, details: true }],
    [`/containers/${ID}/logs?`, { stdout: true, tail: 1, until: '18' }],
    [`/containers/${ID}/logs?`, { stdout: true, tail: 1, follow: true }],
    [`/containers/${ID}/top?`, { ps_args: '-ef' }],
    [`/containers/${ID}/changes`, { x: 1 }],
    ['/images/json?', { all: true }],
    ['/images/json?', { 'shared-size': true }],
    ['/networks?', { filters: {} }],
    ['/volumes?', { filters: {} }],
    ['/system/df', { type: 'image' }],
  ]
  test.each(refusedOptions)('%s with %j is refused', (path, options) => {
    expect(() => guardRead({ method: 'GET', path, options })).toThrow(ReadOnlyRefusal)
  })

  test('a filter holds a bounded number of ids', () => {
    const list = (length: number) => ({
      method: 'GET',
      path: '/containers/json?',
      options: { filters: { id: Array(length).fill(ID) } },
    })
    expect(guardRead(list(MAX_FILTER_IDS)).target.length).toBeLessThan(8 * 1024)
    expect(() => guardRead(list(MAX_FILTER_IDS + 1))).toThrow(ReadOnlyRefusal)
  })

  const refusedEvents = [
    undefined,
    {},
    { filters: { type: ['secret'] } },
    { filters: { type: ['container', 'secret'] } },
    { filters: { type: ['container'], event: ['die'] } },
    { filters: { type: ['container'] }, until: '1' },
    { filters: { type: ['container'] }, since: '1h' },
    { filters: { type: ['container'] }, since: -1 },
    { filters: { type: ['container'] }, since: 1e21 },
    { filters: { type: ['container'] }, since: '1&until=2' },
  ]
  test.each(refusedEvents)('events with %j are refused', (options) => {
    expect(() => guardRead({ method: 'GET', path: '/events?', options, isStream: true })).toThrow(ReadOnlyRefusal)
  })

  test('events and logs that are followed are streams, and nothing else is', () => {
    const filters = { type: ['container'] }
    const log = { method: 'GET', path: `/containers/${ID}/logs?` }
    expect(() => guardRead({ ...log, options: { tail: 1, follow: false }, isStream: true })).toThrow(ReadOnlyRefusal)
    expect(() => guardRead({ ...log, options: { tail: 1, follow: true }, isStream: false })).toThrow(ReadOnlyRefusal)
    expect(guardRead({ ...log, options: { tail: 1, follow: true }, isStream: true }).isEndless).toBe(true)
    expect(guardRead({ ...log, options: { tail: 1, follow: false } }).isEndless).toBe(false)
    expect(() => guardRead({ method: 'GET', path: '/info', isStream: true })).toThrow(ReadOnlyRefusal)
    expect(() => guardRead({ method: 'GET', path: '/events?', options: { filters } })).toThrow(ReadOnlyRefusal)
  })

  test('what is no dial at all is refused', () => {
    for (const dial of [undefined, null, 'GET /_ping', 7, [], () => {}]) {
      expect(() => guardRead(dial)).toThrow(ReadOnlyRefusal)
    }
  })

  test('what is sent is what was looked at, whatever an object answers the second time', () => {
    const ids = [ID]
    const filters = { id: ids, toJSON: undefined }
    expect(() => guardRead({ method: 'GET', path: '/containers/json?', options: { filters } })).toThrow(ReadOnlyRefusal)
    Object.defineProperty(ids, 'toJSON', { value: () => ['x'], enumerable: false })
    const list = { method: 'GET', path: '/containers/json?', options: { filters: { id: ids } } }
    expect(sent(list)).toMatch(ALLOWED)
  })

  test('a refusal is an internal fault whose reason is short and on one line', () => {
    const path = `/x\r\n\u0000${'y'.repeat(10_000)}`
    try {
      guardRead({ method: 'POST', path })
      throw new Error('passed')
    } catch (error) {
      expect(error).toBeInstanceOf(ApiError)
      expect(error).toMatchObject({ name: 'ReadOnlyRefusal', code: 'internal', detail: undefined })
      const { message } = error as Error
      expect(message).toContain('POST')
      expect(message.length).toBeLessThan(300)
      expect(message).not.toMatch(/\p{Cc}/u)
    }
  })

  describe('of random dials', () => {
    const segment = fc.constantFrom(
      'containers',
      'json',
      'stats',
      'logs',
      'top',
      'images',
      'system',
      'df',
      '_ping',
      'info',
      'events',
      'version',
      '..',
      '.',
      '',
      ID,
      'web',
      'archive',
      '%2e%2e',
    )
    const path = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.array(segment, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`),
      fc.array(segment, { maxLength: 5 }).map((parts) => `/${parts.join('/')}?`),
    )
    const value = fc.oneof(
      fc.boolean(),
      fc.integer(),
      fc.string(),
      fc.constantFrom(ID, [ID], { id: [ID] }, { type: ['container'] }, ['container']),
      fc.jsonValue({ maxDepth: 2 }),
    )
    const name = fc.oneof(
      fc.constantFrom('all', 'filters', 'stream', 'one-shot', 'since', 'size', 'until', 'tail', 'follow', 'stdout'),
      fc.string(),
    )
    const dial = fc.record(
      {
        method: fc.oneof(fc.constantFrom('GET', 'HEAD', 'POST'), fc.string()),
        path,
        options: fc.oneof(fc.dictionary(name, value, { maxKeys: 3 }), fc.constant(undefined)),
        isStream: fc.boolean(),
        abortSignal: fc.constant(undefined),
      },
      { requiredKeys: ['method', 'path'] },
    )

    test('none passes that is not on the list', () => {
      let passed = 0
      fc.assert(
        fc.property(dial, (candidate) => {
          let line: string
          try {
            line = sent(candidate)
          } catch (error) {
            expect(error).toBeInstanceOf(ReadOnlyRefusal)
            return
          }
          passed += 1
          expect(line).toMatch(ALLOWED)
        }),
        { numRuns: 5_000, seed: 7 },
      )
      expect(passed).toBeGreaterThan(0)
    })
  })
})
