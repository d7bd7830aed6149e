import type { Express } from 'express'
import request from 'supertest'
import { ROUTES } from '../../api/http/routes.js'
import { ApiError, ERROR_CODES } from '../../api/model/error.js'
import type { Scope } from '../../api/model/scope.js'
import { createRig } from '../support/app-parts.js'
import { idOf } from '../support/fake-engine.js'
import { containerOf, hostOf } from '../support/fake-view.js'
import { hostileTokens, tokenFor } from '../support/tokens.js'

const rig = createRig

function get(app: Express, path: string, token = tokenFor()) {
  return request(app).get(path).set('Authorization', `Bearer ${token}`)
}

function concrete(path: string): string {
  return path.replace(':id', idOf('a'))
}

/** All is JSON but what Prometheus reads. */
function typeOf(path: string): string {
  return path === '/metrics' ? 'text/plain; version=0.0.4; charset=utf-8' : 'application/json; charset=utf-8'
}

describe('every route', () => {
  const { app, view } = rig()
  view.all = [containerOf({ id: idOf('a') })]

  test.each(ROUTES.map(({ path, scope }) => [path, scope] as const))(
    '%s answers its scope alone',
    async (path, scope) => {
      const url = concrete(path)
      const stranger = await request(app).get(url)
      expect(stranger.status).toBe(401)
      expect(stranger.body.code).toBe('unauthenticated')
      expect(stranger.headers['www-authenticate']).toBe('Bearer realm="porthole"')

      const others = (['containers:read', 'stats:read', 'logs:read', 'system:read', 'audit:read'] as Scope[]).filter(
        (one) => one !== scope,
      )
      const wrong = await get(app, url, tokenFor({ scopes: others }))
      expect(wrong.status).toBe(403)
      expect(wrong.body.code).toBe('insufficient-scope')
      expect(wrong.headers['www-authenticate']).toContain(`scope="${scope}"`)

      const right = await get(app, url, tokenFor({ scopes: [scope] }))
      expect(right.status).toBe(200)
      expect(right.headers['content-type']).toBe(typeOf(path))
      expect(right.headers['cache-control']).toBe('no-store')
    },
  )

  test.each(ROUTES.map(({ path }) => path))(
    '%s is 405 for every other method, and never an HTML page',
    async (path) => {
      for (const method of ['post', 'put', 'patch', 'delete', 'options', 'trace'] as const) {
        const answer = await request(app)[method](concrete(path)).set('Authorization', `Bearer ${tokenFor()}`)
        expect([method, answer.status]).toEqual([method, 405])
        expect(answer.headers['allow']).toBe('GET, HEAD')
        expect(answer.body.code).toBe('method-not-allowed')
      }
      const page = await get(app, concrete(path)).set('Accept', 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8')
      expect(page.headers['content-type']).toBe(typeOf(path))
    },
  )

  // The audit and the metrics tell of the request before, so no two of their answers are alike.
  const repeatable = ROUTES.map(({ path }) => path).filter((path) => path !== '/api/audit' && path !== '/metrics')

  test.each(repeatable)('%s answers HEAD with the headers of GET and no body', async (path) => {
    const head = await request(app).head(concrete(path)).set('Authorization', `Bearer ${tokenFor()}`)
    const full = await get(app, concrete(path))
    expect(head.status).toBe(200)
    expect(head.text).toBeUndefined()
    expect(head.headers['content-length']).toBe(full.headers['content-length'])
    expect(head.headers['etag']).toBe(full.headers['etag'])
  })

  test.each(repeatable)('%s answers 304 to whoever has the answer already', async (path) => {
    const first = await get(app, concrete(path))
    const etag = first.headers['etag'] ?? ''
    expect(etag).toMatch(/^"[\w-]{27}"$/)
    for (const known of [etag, `"other", ${etag}`, `W/${etag}`, '*']) {
      const again = await get(app, concrete(path)).set('If-None-Match', known)
      expect([known, again.status, again.text]).toEqual([known, 304, ''])
    }
    expect((await get(app, concrete(path)).set('If-None-Match', '"other"')).status).toBe(200)
  })

  test.each(ROUTES.map(({ path }) => path))('%s refuses an unknown parameter and names it', async (path) => {
    for (const parameter of [
      'stat=running',
      'limits=1',
      'access_token=x',
      '__proto__=1',
      'constructor[x]=1',
      '=',
      'toString=1',
    ]) {
      const answer = await get(app, `${concrete(path)}?${parameter}`)
      expect([parameter, answer.status]).toEqual([parameter, 400])
      expect(answer.body.code).toBe('invalid-request')
      expect(answer.body.errors).toHaveLength(1)
    }
  })
})

describe('strangers', () => {
  const { app, lines } = rig()

  test.each([...hostileTokens()])('learn nothing from a refused token: %s', async (_what, token) => {
    const { status, body, headers } = await get(app, '/api/containers', token)
    const { requestId, instance, ...rest } = body
    expect(status).toBe(401)
    expect(instance).toBe(`urn:uuid:${requestId}`)
    expect(rest).toEqual({
      type: 'urn:porthole:problem:invalid-token',
      title: 'Invalid token',
      status: 401,
      detail: 'The access token is missing, malformed, expired or not valid here.',
      code: 'invalid-token',
    })
    expect(headers['www-authenticate']).toBe('Bearer realm="porthole", error="invalid_token"')
  })

  test('get 401 for unknown paths too, and known callers 404', async () => {
    for (const path of [
      '/',
      '/api',
      '/api/',
      '/api/containerz',
      '/API/containers',
      '/api/containers/',
      '//api/containers',
      '/metrics/',
      '/api/containers/x/y/z',
    ]) {
      expect([path, (await request(app).get(path)).status]).toEqual([path, 401])
      const known = await get(app, path)
      expect([path, known.status, known.body.code]).toEqual([path, 404, 'not-found'])
    }
  })

  test('are counted on every path, so that guessing tokens is not free anywhere', async () => {
    const { app } = rig({ limits: { windowMs: 900_000, general: 2, stats: 2 } })
    expect((await get(app, '/nowhere', 'bad')).status).toBe(401)
    expect((await get(app, '/nowhere', 'bad')).status).toBe(401)
    expect((await get(app, '/nowhere', 'bad')).status).toBe(429)
  })

  test('may ask whether the service is alive and ready, and hear nothing else', async () => {
    const { app, view } = rig()
    expect((await request(app).get('/health/live')).body).toEqual({ status: 'ok' })
    expect((await request(app).get('/health/ready')).body).toEqual({ status: 'ok' })
    view.fleet = [hostOf({ state: 'stale' }), hostOf({ id: 'b', state: 'connecting' })]
    const down = await request(app).get('/health/ready')
    expect([down.status, down.body]).toEqual([503, { status: 'unavailable' }])
    expect((await request(app).get('/health/live')).status).toBe(200)
    expect((await request(app).post('/health/live')).status).toBe(405)
    expect((await request(app).get('/health/live?x=1')).status).toBe(400)
  })

  test('leave no token in any log line', () => {
    expect(lines.length).toBeGreaterThan(30)
    for (const [, token] of hostileTokens()) for (const line of lines) expect(line).not.toContain(token)
  })
})

describe('container ids', () => {
  const { app, view, lines } = rig()
  view.all = [
    containerOf({ id: `${'ab'.repeat(6)}${'1'.repeat(52)}` }),
    containerOf({ id: `${'ab'.repeat(6)}${'2'.repeat(52)}` }),
  ]
  const prefix = 'ab'.repeat(6)

  test('resolve from 12 digits to 64', async () => {
    expect((await get(app, `/api/containers/${prefix}1`)).body.id).toBe(view.all[0]?.id)
    expect((await get(app, `/api/containers/${view.all[1]?.id}`)).body.id).toBe(view.all[1]?.id)
  })

  test('that fit several are 409, that fit none 404', async () => {
    const several = await get(app, `/api/containers/${prefix}`)
    expect([several.status, several.body.code]).toEqual([409, 'ambiguous-container-id'])
    const none = await get(app, `/api/containers/${'0'.repeat(12)}`)
    expect([none.status, none.body.code]).toEqual([404, 'container-not-found'])
  })

  test.each([
    ['11 digits', 'a'.repeat(11)],
    ['65 digits', 'a'.repeat(65)],
    ['upper case', 'A'.repeat(12)],
    ['no hex', 'g'.repeat(12)],
    ['a name', 'my-container'],
    ['escaped digits and more', '%61aaaaaaaaaaa%20'],
    ['an escaped slash', 'aaaaaaaaaaaa%2fjson'],
    ['a traversal', '..%2f..%2fimages%2fjson'],
    ['dots', '%2e%2e%2e%2e%2e%2e%2e%2e%2e%2e%2e%2e'],
    ['a null byte', 'aaaaaaaaaaaa%00'],
    ['a line break', 'aaaaaaaaaaaa%0a'],
    ['full-width digits', '%EF%BC%91'.repeat(12)],
    ['a query inside', 'aaaaaaaaaaaa%3Fall=1'],
    ['a very long one', 'a'.repeat(8_000)],
  ])('refuse %s', async (_what, id) => {
    for (const route of ['', '/stats']) {
      const answer = await get(app, `/api/containers/${id}${route}`)
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid-container-id'])
    }
  })

  test('refuse what cannot be decoded, without a stack and without HTML', async () => {
    for (const id of ['%E0%A4%A', '%', '%zz', '%c0%ae']) {
      const answer = await get(app, `/api/containers/${id}`)
      expect([id, answer.status, answer.body.code]).toEqual([id, 400, 'invalid-request'])
      expect(answer.headers['content-type']).toContain('application/problem+json')
      expect(answer.text).not.toMatch(/\n\s+at |node_modules|<html/)
    }
  })

  test('cannot forge a log line', () => {
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow()
    expect(lines.filter((line) => line.slice(0, -1).includes('\n'))).toEqual([])
  })
})

describe('GET /api/containers', () => {
  const { app, view } = rig()
  view.all = [
    containerOf({
      id: idOf('a'),
      name: 'web-1',
      image: 'nginx:1.27',
      project: 'shop',
      labels: new Map([
        ['team', 'web'],
        ['tier', 'front'],
      ]),
    }),
    containerOf({
      id: idOf('b'),
      name: 'web-2',
      image: 'nginx:1.25',
      project: 'shop',
      state: 'exited',
      exitCode: 137,
      labels: new Map([['team', 'web']]),
    }),
    containerOf({
      id: idOf('c'),
      name: 'db',
      image: 'postgres:17',
      health: 'unhealthy',
      hostId: 'other',
      createdAt: '2026-11-23T00:00:00Z',
      labels: new Map([['team', 'data']]),
    }),
  ]
  view.fleet = [hostOf(), hostOf({ id: 'other', state: 'stale', observedAt: Date.UTC(2026, 10, 23) })]

  async function namesOf(query: string, token = tokenFor()): Promise<string[]> {
    const answer = await get(app, `/api/containers${query}`, token)
    expect([query, answer.status]).toEqual([query, 200])
    return answer.body.items.map(({ name }: { name: string }) => name)
  }

  test('has the frame and the fields of the contract', async () => {
    const { body } = await get(app, '/api/containers')
    expect(Object.keys(body)).toEqual(['items', 'nextCursor', 'total', 'observedAt', 'hosts'])
    expect(body.total).toBe(3)
    expect(body.observedAt).toBe('2026-11-24T00:00:00.000Z')
    expect(body.hosts).toEqual([
      { id: 'local', state: 'live', observedAt: '2026-11-24T00:00:00.000Z' },
      { id: 'other', state: 'stale', observedAt: '2026-11-23T00:00:00.000Z' },
    ])
    expect(Object.keys(body.items[0])).toEqual(
      expect.arrayContaining(
        'id shortId host name image imageId state status health createdAt startedAt restartCount ports labels project service networks'.split(
          ' ',
        ),
      ),
    )
  })

  test.each<[string, string[]]>([
    ['', ['db', 'web-1', 'web-2']],
    ['?state=exited', ['web-2']],
    ['?state=exited&state=running', ['db', 'web-1', 'web-2']],
    ['?health=unhealthy', ['db']],
    ['?label=team=web', ['web-1', 'web-2']],
    ['?label=team=web&label=tier', ['web-1']],
    ['?label=team=we', []],
    ['?name=WEB', ['web-1', 'web-2']],
    ['?name=db&name=web-2', ['db', 'web-2']],
    ['?image=nginx', ['web-1', 'web-2']],
    ['?image=nginx:1.27', ['web-1']],
    ['?project=shop', ['web-1', 'web-2']],
    ['?project=sho', []],
    ['?host=other', ['db']],
    ['?host=other&host=local', ['db', 'web-1', 'web-2']],
    ['?host=nowhere', []],
    ['?state=running&project=shop', ['web-1']],
    ['?sort=-name', ['web-2', 'web-1', 'db']],
    ['?sort=image', ['web-2', 'web-1', 'db']],
    ['?sort=createdAt', ['db', 'web-1', 'web-2']],
    ['?sort=project', ['web-1', 'web-2', 'db']],
    ['?limit=2', ['db', 'web-1']],
  ])('filters and sorts: %s', async (query, expected) => {
    expect(await namesOf(query)).toEqual(expected)
  })

  test('goes on where nextCursor says', async () => {
    const first = await get(app, '/api/containers?limit=2')
    expect(first.body.total).toBe(3)
    expect(await namesOf(`?limit=2&cursor=${first.body.nextCursor}`)).toEqual(['web-2'])
    const stray = await get(app, `/api/containers?sort=-name&cursor=${first.body.nextCursor}`)
    expect([stray.status, stray.body.errors]).toEqual([
      400,
      [{ path: 'cursor', message: 'is not a nextCursor of this list and sort' }],
    ])
  })

  test.each([
    'state=up',
    'state=Running',
    'health=',
    'sort=size',
    'sort=name&sort=-name',
    'limit=0',
    'limit=1001',
    'limit=1e2',
    'limit=-1',
    'limit=1.5',
    'limit=10&limit=10',
    'cursor=x',
    'cursor=',
    'name=',
    'label=',
    'label==x',
    `name=${'x'.repeat(513)}`,
    `${'name=x&'.repeat(33)}`,
  ])('refuses %s, naming the parameter', async (query) => {
    const { status, body } = await get(app, `/api/containers?${query}`)
    expect([status, body.code]).toEqual([400, 'invalid-request'])
    expect(body.errors[0].path).toBe(query.split('=')[0])
    expect(body.errors[0].message).not.toBe('')
  })

  test('accepts every bound at its edge', async () => {
    for (const query of ['limit=1', 'limit=1000', `name=${'x'.repeat(512)}`, 'name=x&'.repeat(32)])
      expect((await get(app, `/api/containers?${query}`)).status).toBe(200)
  })

  test("hides what a caller's selectors do not select: items, counts, ids", async () => {
    const token = tokenFor({ selectors: ['team=data'] })
    expect(await namesOf('', token)).toEqual(['db'])
    expect((await get(app, '/api/containers', token)).body.total).toBe(1)
    const hidden = await get(app, `/api/containers/${idOf('a')}`, token)
    expect([hidden.status, hidden.body.code]).toEqual([404, 'container-not-found'])
    expect((await get(app, `/api/containers/${idOf('a')}/stats`, token)).status).toBe(404)
    expect((await get(app, '/api/summary', token)).body.containers.total).toBe(1)
    expect((await get(app, '/api/stats', token)).body.items.map(({ name }: { name: string }) => name)).toEqual(['db'])
  })

  test('answers no guess at a path on the host', async () => {
    const { app: own, view: ownView } = rig()
    const labels = new Map([['com.docker.compose.project.working_dir', '/srv/shop']])
    ownView.all = [containerOf({ id: idOf('a'), labels })]
    ownView.addSample(idOf('a'))
    const guess = 'label=com.docker.compose.project.working_dir=/srv/shop'
    const plain = tokenFor({ scopes: ['containers:read', 'stats:read'] })
    for (const path of ['/api/containers', '/api/stats']) {
      expect((await get(own, `${path}?${guess}`, plain)).body.total).toBe(0)
      expect((await get(own, `${path}?${guess}`)).body.total).toBe(1)
      expect((await get(own, `${path}?label=com.docker.compose.project.working_dir`, plain)).body.total).toBe(1)
    }
  })

  test('walks pages of the longest names', async () => {
    const { app: own, view: ownView } = rig()
    ownView.all = [
      containerOf({ id: idOf('a'), name: 'k'.repeat(255) }),
      containerOf({ id: idOf('b'), name: 'l'.repeat(255), image: 'i'.repeat(1_000) }),
      containerOf({ id: idOf('c'), name: 'm'.repeat(255), image: 'j'.repeat(1_000) }),
    ]
    for (const sort of ['name', 'image']) {
      const first = await get(own, `/api/containers?limit=2&sort=${sort}`)
      const rest = await get(own, `/api/containers?limit=2&sort=${sort}&cursor=${first.body.nextCursor}`)
      expect([rest.status, rest.body.items.length]).toEqual([200, 1])
    }
  })

  test('makes a body once for all who see the same, and anew when something changed', async () => {
    const before = await get(app, '/api/containers')
    view.all[0] = containerOf({ id: idOf('a'), name: 'renamed' })
    expect((await get(app, '/api/containers')).headers['etag']).toBe(before.headers['etag'])
    view.version += 1
    expect((await get(app, '/api/containers')).text).toContain('renamed')
  })
})

describe('GET /api/containers/:id', () => {
  const { app, view } = rig()
  view.all = [containerOf({ id: idOf('a'), project: 'shop' })]

  test('redacts every value of the environment', async () => {
    const { body } = await get(app, `/api/containers/${idOf('a')}`)
    expect(body.env).toEqual([{ name: 'PATH', value: '[redacted]' }])
  })

  test('names paths on the host to security:read alone', async () => {
    const plain = await get(app, `/api/containers/${idOf('a')}`, tokenFor({ scopes: ['containers:read'] }))
    expect(plain.text).not.toContain('/srv/secret-path')
    expect(plain.body.mounts[0].source).toBeNull()
    const trusted = await get(
      app,
      `/api/containers/${idOf('a')}`,
      tokenFor({ scopes: ['containers:read', 'security:read'] }),
    )
    expect(trusted.body.mounts[0].source).toBe('/srv/secret-path')
  })

  test('nor do labels that compose fills with such paths, in the list and in the detail', async () => {
    const { app: own, view: ownView } = rig()
    const labels = new Map([
      ['com.docker.compose.project.working_dir', '/srv/shop'],
      ['com.docker.compose.project.config_files', '/srv/shop/compose.yaml'],
      ['team', 'web'],
    ])
    ownView.all = [containerOf({ id: idOf('a'), labels })]
    for (const path of ['/api/containers', `/api/containers/${idOf('a')}`]) {
      const plain = await get(own, path, tokenFor({ scopes: ['containers:read'] }))
      expect(plain.text).not.toContain('/srv/shop')
      expect(plain.text).toContain('"team":"web"')
      expect((await get(own, path)).text).toContain('/srv/shop/compose.yaml')
      expect((await get(own, path, tokenFor({ scopes: ['containers:read'] }))).text).not.toContain('/srv/shop')
    }
  })

  test.each([
    ['engine-unavailable', 503, '5'],
    ['engine-timeout', 504, '5'],
    ['engine-bad-answer', 502, undefined],
    ['engine-endpoint-blocked', 501, undefined],
    ['container-not-found', 404, undefined],
  ] as const)('says %s and nothing of what the engine said', async (code, status, retryAfter) => {
    view.inspectFault = new ApiError(code, 'open /var/lib/docker/x: no such file at 10.0.0.7')
    const answer = await get(app, `/api/containers/${idOf('a')}`)
    expect([answer.status, answer.body.code, answer.headers['retry-after']]).toEqual([status, code, retryAfter])
    expect(answer.text).not.toMatch(/var\/lib|10\.0\.0\.7/)
    view.inspectFault = null
  })

  test('turns what nobody expected into internal, and keeps it for the log', async () => {
    const { app: own, view: ownView, lines } = rig()
    ownView.all = view.all
    ownView.inspectFault = new TypeError('cannot read /etc/shadow of postgres://u:hunter2@db/x')
    const answer = await get(own, `/api/containers/${idOf('a')}`)
    expect([answer.status, answer.body.code]).toEqual([500, 'internal'])
    expect(answer.text).not.toContain('shadow')
    const line = JSON.parse(lines.at(-1) ?? '{}')
    expect(line).toMatchObject({ level: 'error', status: 500, requestId: answer.body.requestId })
    expect(line.err.message).toContain('shadow')
    expect(lines.join('')).not.toContain('hunter2')
  })
})

describe('statistics', () => {
  const { app, view } = rig()
  view.all = [
    containerOf({ id: idOf('a'), name: 'web' }),
    containerOf({ id: idOf('b'), name: 'stopped', state: 'exited' }),
    containerOf({ id: idOf('c'), name: 'new' }),
    containerOf({ id: idOf('d'), name: 'paused', state: 'paused' }),
  ]
  view.addSample(idOf('a'))

  test('have the shape of the contract', async () => {
    const { body } = await get(app, `/api/containers/${idOf('a')}/stats`)
    expect(body).toEqual({
      id: idOf('a'),
      name: 'web',
      host: 'local',
      sampledAt: '1970-01-01T00:16:50.000Z',
      intervalSeconds: 10,
      cpu: {
        percent: 20,
        hostPercent: 10,
        cores: 2,
        usageSecondsTotal: 101,
        throttledPeriodsTotal: 0,
        throttledSecondsTotal: 0,
      },
      memory: { usedBytes: 1000, limitBytes: 4000, percent: 25, cacheBytes: 10, swapBytes: 0 },
      network: {
        rxBytesTotal: 1010000,
        txBytesTotal: 1010000,
        rxBytesPerSecond: 1000,
        txBytesPerSecond: 1000,
        rxErrorsTotal: 0,
        txErrorsTotal: 0,
        rxDroppedTotal: 0,
        txDroppedTotal: 0,
      },
      blockIo: { readBytesTotal: 0, writeBytesTotal: 0, readBytesPerSecond: 0, writeBytesPerSecond: 0 },
      pids: { current: 3, limit: null },
    })
  })

  test('are null throughout before the first reading, never 0', async () => {
    const { body } = await get(app, `/api/containers/${idOf('c')}/stats`)
    const { id, name, host, ...numbers } = body
    expect(JSON.stringify(numbers)).not.toMatch(/\d/)
    expect(body.cpu.percent).toBeNull()
  })

  test('of a stopped container are 409', async () => {
    const { status, body } = await get(app, `/api/containers/${idOf('b')}/stats`)
    expect([status, body.code]).toEqual([409, 'container-not-running'])
  })

  test('of all that runs come in one answer, largest first if asked', async () => {
    const names = async (query: string) =>
      (await get(app, `/api/stats${query}`)).body.items.map(({ name }: { name: string }) => name)
    expect(await names('')).toEqual(['new', 'paused', 'web'])
    expect(await names('?sort=-cpu')).toEqual(['web', 'new', 'paused'])
    expect(await names('?state=paused')).toEqual(['paused'])
    expect((await get(app, '/api/stats')).body.total).toBe(3)
  })
})

describe('GET /api/summary', () => {
  test('counts in primitives, two levels deep', async () => {
    const { app, view } = rig()
    view.all = [
      containerOf({ id: idOf('a'), health: 'healthy' }),
      containerOf({ id: idOf('b'), health: 'unhealthy' }),
      containerOf({ id: idOf('c'), state: 'exited', exitCode: 137, oomKilled: true }),
      containerOf({ id: idOf('d'), state: 'exited', exitCode: 0 }),
      containerOf({ id: idOf('e'), state: 'restarting' }),
    ]
    view.addSample(idOf('a'))
    view.fleet = [hostOf(), hostOf({ id: 'x', state: 'stale', fault: new ApiError('engine-unavailable', 'down') })]
    const { body } = await get(app, '/api/summary')
    expect(body).toEqual({
      observedAt: '2026-11-24T00:00:00.000Z',
      hosts: { total: 2, live: 1, stale: 1, connecting: 0 },
      containers: { total: 5, running: 2, paused: 0, restarting: 1, created: 0, exited: 2, removing: 0, dead: 0 },
      health: { healthy: 1, unhealthy: 1, starting: 0, none: 3 },
      cpu: { percent: 20, cores: null },
      memory: { usedBytes: 1000, totalBytes: null },
      problems: {
        crashloop: 0,
        total: 4,
        unhealthy: 1,
        restarting: 1,
        oomKilled: 1,
        exitedNonzero: 1,
        dead: 0,
        hostsDown: 1,
      },
    })
  })
})

describe('limits', () => {
  const limits = { windowMs: 900_000, general: 5, stats: 2 }

  test('count per subject: at the limit answered, over it 429 with Retry-After and the RateLimit fields', async () => {
    const { app } = rig({ limits })
    for (let i = 0; i < 5; i += 1) expect((await get(app, '/api/containers')).status).toBe(200)
    const over = await get(app, '/api/containers')
    expect([over.status, over.body.code]).toEqual([429, 'rate-limited'])
    expect(Number(over.headers['retry-after'])).toBeGreaterThan(890)
    expect(over.headers['ratelimit']).toMatch(/^"general"; r=0; t=\d+$/)
    expect(over.headers['ratelimit-policy']).toMatch(/^"general"; q=5; w=900; pk=:/)
    expect((await get(app, '/api/containers', tokenFor({ subject: 'another' }))).status).toBe(200)
  })

  test('count stats routes apart, all of them together', async () => {
    const { app, view } = rig({ limits })
    view.all = [containerOf({ id: idOf('a') })]
    expect((await get(app, '/api/stats')).status).toBe(200)
    expect((await get(app, `/api/containers/${idOf('a')}/stats`)).status).toBe(200)
    const over = await get(app, '/api/stats')
    expect([over.status, over.body.code]).toEqual([429, 'rate-limited'])
    expect((await get(app, '/api/containers')).status).toBe(200)
  })

  test('count strangers by address, also those with bad tokens', async () => {
    const { app } = rig({ limits })
    for (let i = 0; i < 5; i += 1) expect((await get(app, '/api/containers', 'bad')).status).toBe(401)
    expect((await get(app, '/api/containers', 'bad')).status).toBe(429)
    expect((await request(app).get('/api/containers')).status).toBe(429)
    expect((await get(app, '/api/containers')).status).toBe(200)
  })

  test('cannot be dodged by a header that claims another address', async () => {
    const { app } = rig({ limits })
    const statuses: number[] = []
    for (let i = 0; i < 6; i += 1) {
      const answer = await request(app)
        .get('/api/containers')
        .set('X-Forwarded-For', `10.0.0.${i}`)
        .set('X-Real-IP', `10.0.0.${i}`)
        .set('Forwarded', `for=10.0.0.${i}`)
      statuses.push(answer.status)
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
  })

  test('count a burst exactly', async () => {
    const { app } = rig({ limits: { windowMs: 900_000, general: 20, stats: 20 } })
    const server = app.listen(0)
    const answers = await Promise.all(
      Array.from({ length: 60 }, () =>
        request(server).get('/api/containers').set('Authorization', `Bearer ${tokenFor()}`),
      ),
    )
    server.close()
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(20)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(40)
  })

  test('leave health checks alone', async () => {
    const { app } = rig({ limits })
    for (let i = 0; i < 10; i += 1) expect((await request(app).get('/health/live')).status).toBe(200)
  })
})

describe('the shape of a request', () => {
  const { app } = rig()

  test('a body on a read is refused and ends the connection', async () => {
    const answer = await get(app, '/api/containers').send({ a: 1 })
    expect([answer.status, answer.body.code, answer.headers['connection']]).toEqual([400, 'invalid-request', 'close'])
    const empty = await get(app, '/api/containers').set('Content-Length', '0')
    expect(empty.status).toBe(200)
  })

  test('two Authorization fields are no credentials', async () => {
    const server = app.listen(0)
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const status = await fetchRaw(port, [
      'GET /api/containers HTTP/1.1',
      'Host: x',
      `Authorization: Bearer ${tokenFor()}`,
      `Authorization: Bearer ${tokenFor()}`,
    ])
    server.close()
    expect(status).toBe('HTTP/1.1 401 Unauthorized')
  })

  test('every answer forbids storing, sniffing, framing and scripts, and names no software', async () => {
    for (const path of ['/api/containers', '/nowhere', '/health/live', '/api/containers/%']) {
      const { headers } = await get(app, path)
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'content-security-policy': "default-src 'none';frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
      })
      expect(headers['x-powered-by']).toBeUndefined()
      expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    }
  })

  test('one line in the log tells who asked for what and how it ended, without query or token', async () => {
    const { app: own, lines } = rig()
    const token = tokenFor({ subject: 'grafana' })
    const answer = await get(own, '/api/containers?name=hunter2', token)
    expect(lines).toHaveLength(1)
    const line = JSON.parse(lines[0] ?? '')
    expect(line).toMatchObject({
      level: 'info',
      method: 'GET',
      path: '/api/containers',
      status: 200,
      subject: 'grafana',
      requestId: answer.headers['x-request-id'],
    })
    expect(lines.join('')).not.toContain('hunter2')
    expect(lines.join('')).not.toContain(token)
    await get(own, `/api/${token}`, token)
    expect(lines.join('')).not.toContain(token)
  })
})

describe('without authentication', () => {
  test('answers requests to this machine by its own names alone', async () => {
    const { app } = rig({ open: true })
    for (const host of ['localhost', 'localhost:3000', '127.0.0.1:3000', '127.1.2.3', '[::1]:3000'])
      expect([host, (await request(app).get('/api/containers').set('Host', host)).status]).toEqual([host, 200])
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', ''])
      expect([host, (await request(app).get('/api/containers').set('Host', host)).status]).toEqual([host, 400])
  })
})

test('there are the error codes of the contract and those of decisions 0011 and 0015', () => {
  expect(ERROR_CODES).toHaveLength(19 + 4)
})

function fetchRaw(port: number, lines: readonly string[]): Promise<string> {
  const { connect } = require('node:net') as typeof import('node:net')
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`))
    socket.once('data', (data) => {
      resolve(data.toString().split('\r\n')[0] ?? '')
      socket.destroy()
    })
    socket.once('error', reject)
  })
}
