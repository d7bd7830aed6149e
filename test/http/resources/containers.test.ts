import { ApiError } from '../../../api/model/error.js'
import { createRig } from '../../support/app-parts.js'
import { idOf } from '../../support/fake-engine.js'
import { containerOf, hostOf } from '../../support/fake-view.js'
import { get } from '../../support/get.js'
import { tokenFor } from '../../support/tokens.js'

describe('GET /api/containers', () => {
  const { app, view } = createRig()
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

  test('continues at nextCursor', async () => {
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

  test("hides containers that a caller's selectors do not select: items, counts, ids", async () => {
    const token = tokenFor({ selectors: ['team=data'] })
    expect(await namesOf('', token)).toEqual(['db'])
    expect((await get(app, '/api/containers', token)).body.total).toBe(1)
    const hidden = await get(app, `/api/containers/${idOf('a')}`, token)
    expect([hidden.status, hidden.body.code]).toEqual([404, 'container-not-found'])
    expect((await get(app, `/api/containers/${idOf('a')}/stats`, token)).status).toBe(404)
    expect((await get(app, '/api/summary', token)).body.containers.total).toBe(1)
    expect((await get(app, '/api/stats', token)).body.items.map(({ name }: { name: string }) => name)).toEqual(['db'])
  })

  test('does not confirm a guess at a path on the host', async () => {
    const { app: own, view: ownView } = createRig()
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
    const { app: own, view: ownView } = createRig()
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

  test('renders a response once for all callers who see the same, and anew when something changed', async () => {
    const before = await get(app, '/api/containers')
    view.all[0] = containerOf({ id: idOf('a'), name: 'renamed' })
    expect((await get(app, '/api/containers')).headers['etag']).toBe(before.headers['etag'])
    view.version += 1
    expect((await get(app, '/api/containers')).text).toContain('renamed')
  })
})

describe('a container of which the list says little', () => {
  const { app, view } = createRig()
  const unknown = { image: null, imageId: null, state: null, status: null, health: null, createdAt: null }
  view.all = [
    containerOf({ id: idOf('a'), name: 'a', ...unknown, isPartial: true }),
    containerOf({ id: idOf('b'), name: 'b' }),
  ]
  const namesOf = async (query: string) =>
    (await get(app, `/api/containers?${query}`)).body.items.map(({ name }: { name: string }) => name)

  test('is shown with null, never with made-up words, and as partial', async () => {
    const { body } = await get(app, '/api/containers')
    expect(body.items[0]).toMatchObject({ id: idOf('a'), ...unknown, problems: [], partial: true })
    expect(body.items[1]).toMatchObject({ state: 'running', partial: false })
  })

  test('is found by no filter on what is unknown, and sorts last', async () => {
    for (const filter of ['state=running&state=exited', 'health=none', 'image=n'])
      expect([filter, await namesOf(filter)]).toEqual([filter, ['b']])
    for (const key of ['state', 'image', 'createdAt'])
      for (const sort of [key, `-${key}`]) expect([sort, await namesOf(`sort=${sort}`)]).toEqual([sort, ['b', 'a']])
  })

  test('is partial in the detail too', async () => {
    expect((await get(app, `/api/containers/${idOf('a')}`)).body).toMatchObject({ state: 'running', partial: true })
    expect((await get(app, `/api/containers/${idOf('b')}`)).body).toMatchObject({ partial: false })
  })
})

describe('GET /api/containers/:id', () => {
  const { app, view } = createRig()
  view.all = [containerOf({ id: idOf('a'), project: 'shop' })]

  test('redacts every value of the environment', async () => {
    const { body } = await get(app, `/api/containers/${idOf('a')}`)
    expect(body.env).toEqual([{ name: 'PATH', value: '[redacted]' }])
  })

  test('shows paths on the host only to security:read', async () => {
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

  test('hides labels that compose fills with such paths, in the list and in the detail', async () => {
    const { app: own, view: ownView } = createRig()
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
  ] as const)('answers %s without the text of the engine', async (code, status, retryAfter) => {
    view.inspectFault = new ApiError(code, 'open /var/lib/docker/x: no such file at 10.0.0.7')
    const answer = await get(app, `/api/containers/${idOf('a')}`)
    expect([answer.status, answer.body.code, answer.headers['retry-after']]).toEqual([status, code, retryAfter])
    expect(answer.text).not.toMatch(/var\/lib|10\.0\.0\.7/)
    view.inspectFault = null
  })

  test('turns an unexpected error into internal, and names it in the log alone', async () => {
    const { app: own, view: ownView, lines } = createRig()
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
