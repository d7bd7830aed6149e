import { createServer, get as httpGet } from 'node:http'
import request from 'supertest'
import { ACTIONS, FEEDS, ROUTES, STREAMS } from '../../api/http/routes.js'
import { listen } from '../../api/http/server.js'
import { createRig } from '../support/app-parts.js'
import { cleanupAfterEach } from '../support/cleanup.js'
import { eventOf, HAPPENED, idOf } from '../support/fake-engine.js'
import { containerOf, type FakeView, hostOf } from '../support/fake-view.js'
import { tokenFor } from '../support/tokens.js'

const cleanup = cleanupAfterEach()

const HIDDEN = idOf('d')
const SEEN = idOf('a')
/** Texts that would reveal the hidden container in an answer. */
const TRACES = [
  HIDDEN,
  HIDDEN.slice(0, 12),
  'hidden-name',
  'hidden-label',
  'hidden-value',
  'hidden-image',
  'hidden-project',
  // From the disk use of all containers.
  '12345',
]

function rig() {
  const made = createRig()
  made.view.all = [
    containerOf({ id: SEEN, name: 'seen', volumes: ['seen-data'], labels: new Map([['team', 'web']]) }),
    containerOf({
      id: HIDDEN,
      name: 'hidden-name',
      image: 'hidden-image',
      imageId: `sha256:${'1'.repeat(64)}`,
      networks: ['hidden-name_default'],
      volumes: ['hidden-name_data'],
      project: 'hidden-project',
      labels: new Map([
        ['team', 'data'],
        ['hidden-label', 'hidden-value'],
      ]),
    }),
  ]
  made.view.fleet = [hostOf()]
  for (const { id } of made.view.all) made.view.addSample(id)
  tellOfBoth(made.view)
  return made
}

/** The objects and events of the hidden container. */
function tellOfBoth(view: FakeView): void {
  const labels = new Map<string, string>()
  const answer = { hostId: 'local', observedAt: 1_000, fault: null }
  const image = { tags: [], digests: [], createdAt: null, sizeBytes: 1, labels, redactions: 0 }
  view.answers.images = [
    {
      ...answer,
      value: [
        { ...image, id: view.all[0]?.imageId ?? '', tags: ['seen-image'] },
        { ...image, id: `sha256:${'1'.repeat(64)}`, tags: ['hidden-image'] },
      ],
    },
  ]
  const network = { driver: 'bridge', scope: 'local', createdAt: null, internal: false, attachable: false, ipv6: false }
  view.answers.networks = [
    {
      ...answer,
      value: ['bridge', 'hidden-name_default'].map((name) => ({
        ...network,
        id: `id of ${name}`,
        name,
        subnets: [],
        labels,
        options: labels,
        redactions: 0,
      })),
    },
  ]
  const volume = { driver: 'local', scope: 'local', createdAt: null, mountpoint: null, labels, options: labels }
  const counts = { redactions: 0, hostPathRedactions: 0 }
  const volumes = ['seen-data', 'hidden-name_data'].map((name) => ({ ...volume, name, ...counts }))
  view.answers.volumes = [{ ...answer, value: volumes }]
  const part = { count: 12_345, active: 12_345, sizeBytes: 12_345, reclaimableBytes: 12_345 }
  const disk = { images: part, containers: part, volumes: part, buildCache: part, volumeBytes: new Map() }
  view.answers.disk = [{ ...answer, value: disk }]
  const journal = view.events.openHost('local')
  const record = (id: string, team: string, time: string) => {
    const name = id === SEEN ? 'seen' : 'hidden-name'
    const of = { containerId: id, action: 'die', timeNano: time, name, labels: new Map([['team', team]]) }
    journal.record(eventOf(of), HAPPENED)
  }
  record(SEEN, 'web', '1')
  record(HIDDEN, 'data', '2')
  record(SEEN, 'web', '3')
}

const FILTERED = tokenFor({ subject: 'web', selectors: ['team=web'] })
const EVERYTHING = tokenFor({ subject: 'web' })

describe('a hidden container', () => {
  const { app } = rig()
  const server = createServer(app)
  let port = 0
  const paths = [
    ...ROUTES.flatMap(({ path }) =>
      path.includes(':id') ? [path.replace(':id', SEEN), path.replace(':id', HIDDEN)] : [path],
    ),
    ...ACTIONS.filter(({ method }) => method === 'GET').map(({ path }) => path),
  ]

  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  beforeAll(async () => {
    port = await listen(server, '127.0.0.1', 0)
    // The same subject without a filter leaves traces in everything that stores requests and answers.
    for (const path of paths) await request(app).get(path).set('Authorization', `Bearer ${EVERYTHING}`)
    await request(app)
      .get(`/api/containers/${HIDDEN.slice(0, 12)}`)
      .set('Authorization', `Bearer ${FILTERED}`)
  })

  test('is visible to a caller who sees everything, so that the search for traces means something', async () => {
    const { text } = await request(app).get('/api/containers').set('Authorization', `Bearer ${EVERYTHING}`)
    for (const trace of TRACES.slice(0, -1)) expect(text).toContain(trace)
    const everything = async (path: string) =>
      (await request(app).get(path).set('Authorization', `Bearer ${EVERYTHING}`)).text
    for (const path of ['/api/images', '/api/networks', '/api/volumes', '/api/events'])
      expect(await everything(path)).toContain('hidden-')
    expect(await everything('/api/system')).toContain('12345')
    const records = await request(app).get('/api/audit').set('Authorization', `Bearer ${EVERYTHING}`)
    expect(records.text).toContain(HIDDEN)
  })

  test.each(paths)('leaves no trace in %s', async (path) => {
    for (const method of ['get', 'head'] as const) {
      const answer = await request(app)[method](path).set('Authorization', `Bearer ${FILTERED}`)
      const text = JSON.stringify([answer.headers, answer.text ?? ''])
      // Not even the caller's own text may come back in an answer.
      for (const trace of TRACES) expect([path, trace, text.includes(trace)]).toEqual([path, trace, false])
      if (path.includes(HIDDEN)) expect(answer.status).toBe(404)
      else expect(answer.status).toBe(200)
    }
  })

  test.each(STREAMS.map(({ path }) => path.replace(':id', SEEN)))('leaves no trace in %s', async (path) => {
    const text = await new Promise<string>((resolve, reject) => {
      const asked = httpGet(
        { host: '127.0.0.1', port, path, headers: { authorization: `Bearer ${FILTERED}` }, agent: false },
        (answer) => {
          let got = ''
          answer.on('data', (chunk) => {
            got += String(chunk)
            if (!got.includes('data: ') || !got.endsWith('\n\n')) return
            resolve(got)
            asked.destroy()
          })
        },
      )
      asked.on('error', reject)
      cleanup(() => asked.destroy())
    })
    expect(text).toContain(SEEN)
    for (const trace of TRACES) expect(text).not.toContain(trace)
  })

  test.each([...STREAMS, ...FEEDS].filter(({ path }) => path.includes(':id')))(
    'has no stream of its own at $path',
    async ({ path }) => {
      for (const method of ['get', 'head'] as const) {
        const answer = await request(app)
          [method](path.replace(':id', HIDDEN))
          .set('Authorization', `Bearer ${FILTERED}`)
        expect(answer.status).toBe(404)
      }
    },
  )

  test('is answered exactly like one that never existed', async () => {
    for (const path of [...ROUTES, ...STREAMS, ...FEEDS]
      .map(({ path }) => path)
      .filter((path) => path.includes(':id'))) {
      const [hidden, invented] = await Promise.all(
        [HIDDEN, 'f'.repeat(64)].map((id) =>
          request(app).get(path.replace(':id', id)).set('Authorization', `Bearer ${FILTERED}`),
        ),
      )
      const { requestId: _a, instance: _b, ...first } = hidden?.body ?? {}
      const { requestId: _c, instance: _d, ...second } = invented?.body ?? {}
      expect(first).toEqual(second)
      expect(hidden?.status).toBe(404)
    }
  })

  test('counts nowhere: totals, summary, hosts', async () => {
    const ask = async (path: string) => (await request(app).get(path).set('Authorization', `Bearer ${FILTERED}`)).body
    expect((await ask('/api/containers')).total).toBe(1)
    expect((await ask('/api/stats')).total).toBe(1)
    expect((await ask('/api/summary')).containers.total).toBe(1)
    expect(JSON.stringify(await ask('/api/hosts'))).not.toContain('"total":2,')
  })

  test('cannot be found by filters, sorting or cursors', async () => {
    for (const query of [
      'name=hidden',
      'image=hidden-image',
      'label=hidden-label',
      'project=hidden-project',
      'label=team=data',
    ]) {
      const { body } = await request(app).get(`/api/containers?${query}`).set('Authorization', `Bearer ${FILTERED}`)
      expect([query, body.total, body.items]).toEqual([query, 0, []])
    }
    const first = await request(app).get('/api/containers?limit=1').set('Authorization', `Bearer ${EVERYTHING}`)
    const next = await request(app)
      .get(`/api/containers?limit=1&cursor=${first.body.nextCursor}`)
      .set('Authorization', `Bearer ${FILTERED}`)
    for (const trace of TRACES) expect(next.text).not.toContain(trace)
  })

  test('does not answer 304 to the ETag of a caller who sees it', async () => {
    const all = await request(app).get('/api/containers').set('Authorization', `Bearer ${EVERYTHING}`)
    const own = await request(app)
      .get('/api/containers')
      .set('Authorization', `Bearer ${FILTERED}`)
      .set('If-None-Match', all.headers['etag'] ?? '')
    expect(own.status).toBe(200)
  })
})
