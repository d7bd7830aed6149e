import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import request from 'supertest'
import { z } from 'zod'
import { ACTIONS, FEEDS, ROUTES, STREAMS } from '../../../api/http/routes.js'
import { ApiError } from '../../../api/model/error.js'
import { mapColumns } from '../../../api/model/history.js'
import { createRig } from '../../support/app-parts.js'
import { decodeContainers, decodeInspect } from '../../support/decoded.js'
import { listenTo } from '../../support/event-reader.js'
import { eventually } from '../../support/eventually.js'
import { eventOf, HAPPENED, idOf, lineAt } from '../../support/fake-engine.js'
import { containerOf, type FakeView, hostOf } from '../../support/fake-view.js'
import { createSignInRig, PASSWORD } from '../../support/sign-in-rig.js'
import { tokenFor } from '../../support/tokens.js'

// biome-ignore lint/suspicious/noExplicitAny: the decoder is what checks a recorded answer
function recorded(name: string): any {
  return JSON.parse(readFileSync(join(__dirname, '../../fixtures', name), 'utf8'))
}

const FAULT = new ApiError('engine-timeout', 'x', { detail: 'The engine takes its time.' })
const ID = 'd6e57923ca687b6c5d31655b3e2f6f2e68d6852890c159ade6040959a16cd102'

/** Every optional value is present. */
function fillWithAll(view: FakeView): void {
  view.all = decodeContainers(recorded('docker-20.10-list.json')).map((container) => containerOf(container))
  const inspected = decodeInspect(recorded('docker-20.10-inspect.json'))
  view.inspect = async () => ({
    ...inspected,
    error: 'cannot start',
    resources: {
      ...inspected.resources,
      ulimits: [{ name: 'nofile', soft: -1, hard: 1_024 }],
      devices: [{ source: '/dev/fuse', destination: '/dev/fuse', permissions: 'rwm' }],
    },
  })
  view.addSample(ID)
  const times = [1_000, 2_000, 60_000]
  view.histories.set(ID, { intervalMs: 1_000, times, columns: mapColumns(() => [1, null, 2.5]) })
  const version = { version: '27', apiVersion: '1.47', minApiVersion: '1.24', os: 'linux', architecture: 'amd64' }
  view.fleet = [
    hostOf({
      labels: { site: 'berlin' },
      version: { ...version, kernelVersion: '6.1' },
      info: {
        ...{ name: 'box', operatingSystem: 'Debian', cgroupVersion: '2', cgroupDriver: 'systemd', rootless: false },
        ...{ storageDriver: 'overlay2', loggingDriver: 'json-file', cpus: 8, memoryBytes: 2 ** 34 },
      },
    }),
    hostOf({ id: 'two', state: 'stale', fault: FAULT }),
  ]
  fillObjects(view)
  const one = { pid: 1, parentPid: 0, user: 'root', command: 'sh', started: '02:48', cpuSeconds: 1.5, cpuPercent: 0.1 }
  const rest = {
    memoryPercent: 1,
    residentBytes: 1,
    virtualBytes: 2,
    state: 'Ss',
    terminal: 'pts/0',
    other: { NI: '5' },
  }
  view.processes = { processes: [{ ...one, ...rest }], redactions: 0, isTruncated: true }
  view.fileChanges = { changes: [{ path: '/etc', kind: 'modified', redactions: 0 }], isTruncated: true }
  view.logPage = {
    lines: [lineAt(1, 'whole'), lineAt(2, 'cut', { isCut: true, stream: 'stderr' }), lineAt(3, 'x', { time: null })],
    isTruncated: true,
    redactions: 1,
  }
  const happened = { containerId: ID, timeNano: '1795488632104497696' }
  const journal = view.events.openHost('local')
  journal.record(eventOf({ ...happened, action: 'die', exitCode: 137 }), HAPPENED)
  journal.record(eventOf({ ...happened, action: 'kill', signal: 15 }), HAPPENED)
  journal.record(eventOf({ ...happened, action: 'health_status', health: 'unhealthy' }), HAPPENED)
  journal.record(eventOf({ ...happened, action: 'rename', oldName: 'old' }), HAPPENED)
  journal.record(eventOf({ ...happened, action: 'exec_start', command: 'sh', execId: idOf('b') }), HAPPENED)
}

function fillObjects(view: FakeView): void {
  const labels = new Map([['a', 'b']])
  const counts = { redactions: 0, hostPathRedactions: 0 }
  const image = { id: view.all[0]?.imageId ?? '', tags: ['nginx:1'], digests: ['nginx@sha256:1'], sizeBytes: 5, labels }
  const network = { id: '1', name: 'pf-net', driver: 'bridge', scope: 'local', attachable: true, ipv6: true, labels }
  const volume = { name: 'pf-data', driver: 'local', scope: 'local', mountpoint: '/var', labels, options: labels }
  const createdAt = '2026-11-24T02:48:55.123Z'
  const subnets = [{ subnet: '172.18.0.0/16', gateway: null, ipRange: '172.18.5.0/24' }]
  const part = { count: 1, active: 1, sizeBytes: 5, reclaimableBytes: 0 }
  const disk = {
    images: part,
    containers: part,
    volumes: part,
    buildCache: part,
    volumeBytes: new Map([['pf-data', 7]]),
  }
  const own = { hostId: 'local', observedAt: 1_000, fault: null }
  const other = { hostId: 'two', value: null, observedAt: null, fault: FAULT }
  view.answers.images = [{ ...own, value: [{ ...image, createdAt, ...counts }] }, other]
  view.answers.networks = [
    { ...own, value: [{ ...network, createdAt, internal: true, subnets, options: labels, ...counts }] },
    other,
  ]
  view.answers.volumes = [{ ...own, value: [{ ...volume, createdAt, ...counts }] }, other]
  view.answers.disk = [{ ...own, value: disk }, other]
}

/** Every optional value is absent. */
function fillWithNothing(view: FakeView): void {
  view.all = [
    containerOf({
      ...{ id: ID, image: null, imageId: null, state: null, status: null, health: null, createdAt: null },
      ...{ startedAt: null, restartCount: null, isPartial: true },
    }),
  ]
  view.fleet = [hostOf({ state: 'connecting', observedAt: null, clockSkewMs: null })]
}

const STATES = [
  ['of a full view', fillWithAll],
  ['of an empty view', fillWithNothing],
] as const

describe.each(STATES)('an answer %s is what its schema says', (_state, fill) => {
  test.each(ROUTES)('for $path', async ({ path, scope, answer }) => {
    const { app, view } = createRig()
    fill(view)
    // With paths on the host, and without.
    for (const scopes of [[scope, 'security:read'], [scope]] as const) {
      const token = tokenFor({ scopes })
      const url = path.replace(':id', ID)
      const { status, text, body } = await request(app).get(url).set('Authorization', `Bearer ${token}`)
      expect([path, status]).toEqual([path, 200])
      expect(answer.parse(path === '/metrics' ? text : body)).toEqual(path === '/metrics' ? text : body)
    }
  })
})

test('every kind of audit record is what its schema says', async () => {
  const { app, audit } = createRig()
  audit.record({ kind: 'service', action: 'start' })
  const ask = (path: string, token = tokenFor()) => request(app).get(path).set('Authorization', `Bearer ${token}`)
  await ask('/api/hosts', 'bad')
  await ask(`/api/containers/${ID}`)
  await ask('/api/images')
  const { body } = await ask('/api/audit')
  const kinds = new Set(body.items.map(({ kind }: { kind: string }) => kind))
  expect([...kinds].sort()).toEqual(['auth', 'read', 'service'])
  expect(schemaOf('/api/audit').parse(body)).toEqual(body)
})

function schemaOf(path: string): z.ZodType {
  return ROUTES.find((route) => route.path === path)?.answer ?? z.never()
}

describe('an event is what its schema says', () => {
  const { app, view } = createRig()
  fillWithAll(view)
  view.steps = async function* () {
    yield { kind: 'gap' }
    yield { kind: 'lines', lines: view.logPage.lines.map((line) => ({ line, cursor: null })) }
  }
  let server: Server
  beforeAll(() => {
    server = app.listen(0)
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  async function eventsOf(path: string, count: number) {
    const { port } = server.address() as AddressInfo
    const stream = await listenTo(port, path.replace(':id', ID), tokenFor())
    try {
      await eventually(
        () => stream.events.length,
        (length) => length >= count,
        10_000,
      )
      return stream.events.map(({ event, data }) => ({ event, data: JSON.parse(data) }))
    } finally {
      stream.close()
    }
  }

  test.each(STREAMS)('of $path', async (route) => {
    for (const { event, data } of await eventsOf(route.path, 1)) {
      expect(event).toBe(route.event)
      expect(route.answer.parse(data)).toEqual(data)
    }
  })

  test.each(FEEDS)('of $path', async ({ path, events: schemas }) => {
    const query = path === '/api/events/stream' ? '?lastEventId=gone&since=100000d' : ''
    const sent = [...(await eventsOf(`${path}${query}`, 1)), ...(await eventsOf(`${path}?since=100000d`, 2))]
    const shown = sent.filter(({ event }) => event !== 'end')
    expect(new Set(shown.map(({ event }) => event))).toEqual(new Set(Object.keys(schemas)))
    for (const { event, data } of shown) expect((schemas[event] ?? z.never()).parse(data)).toEqual(data)
  })
})

test('the answer of every action is what its schema says', async () => {
  const { app } = createSignInRig()
  const send = async (path: string, body: object, token?: string) => {
    const action = ACTIONS.find((one) => one.path === `/api/auth/${path}`)
    const asked = request(app)[action?.method === 'GET' ? 'get' : 'post'](`/api/auth/${path}`)
    if (token !== undefined) asked.set('Authorization', `Bearer ${token}`)
    const answer = await (action?.method === 'GET' ? asked : asked.send(body))
    const content = answer.status === 204 ? null : answer.body
    expect([path, answer.status]).toEqual([path, content === null ? 204 : 200])
    expect(action?.answer.parse(content)).toEqual(content)
    sent.add(path)
    return answer.body
  }
  const sent = new Set<string>()
  const grant = await send('login', { username: 'alice', password: PASSWORD })
  const next = await send('refresh', { refreshToken: grant.refreshToken })
  await send('me', {}, next.accessToken)
  await send('me', {}, tokenFor({ selectors: ['team=web'] }))
  await send('stream-ticket', { path: '/api/stats/stream' }, next.accessToken)
  await send('logout', {}, next.accessToken)
  expect([...sent].map((path) => `/api/auth/${path}`).sort()).toEqual(ACTIONS.map(({ path }) => path).sort())
})
