import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
import request from 'supertest'
import { MAX_STREAMS_PER_SUBJECT, OpenStreams } from '../../../api/http/endpoints/open-streams.js'
import { ApiError } from '../../../api/model/error.js'
import { createRig } from '../../support/app-parts.js'
import { cleanupAfterEach } from '../../support/cleanup.js'
import { type Listening, listenTo } from '../../support/event-reader.js'
import { eventually } from '../../support/eventually.js'
import { FakeClock } from '../../support/fake-clock.js'
import { idOf } from '../../support/fake-engine.js'
import { containerOf } from '../../support/fake-view.js'
import { tokenFor as tokenAt } from '../../support/tokens.js'

const PATH = '/api/stats/stream'

const STOPPING = new ApiError('service-stopping', 'x')

/** The network of the machine takes milliseconds, but the machine may have much else to do. */
const PATIENCE_MS = 12_000

const cleanup = cleanupAfterEach()

/** Good where the rig's clock begins. */
const tokenFor = (wish?: Parameters<typeof tokenAt>[0]) => tokenAt(wish, new FakeClock().now())

async function waitFor(isThere: () => boolean | Promise<boolean>): Promise<void> {
  await eventually(isThere, (there) => there, PATIENCE_MS)
}

function issue(app: Express, token: string, path: string) {
  return request(app).post('/api/auth/stream-ticket').set('Authorization', `Bearer ${token}`).send({ path })
}

/** The app on a port of its own, by a clock that stands until the test lets time pass. */
function rig() {
  const clock = new FakeClock()
  const streams = new OpenStreams()
  const made = createRig({ streams, clock })
  made.view.all = [
    containerOf({ id: idOf('a'), name: 'web', labels: new Map([['team', 'web']]) }),
    containerOf({ id: idOf('b'), name: 'db', labels: new Map([['team', 'data']]) }),
  ]
  const server = made.app.listen(0)
  cleanup(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { ...made, clock, streams, port }
}

function namesIn(data: string | undefined): string[] {
  return JSON.parse(data ?? '{"items":[]}').items.map(({ name }: { name: string }) => name)
}

describe('GET /api/stats/stream', () => {
  test('sends the answer of GET /api/stats, and again only when it has changed', async () => {
    const { port, view, streams, clock } = rig()
    const stream = await listenTo(port, `${PATH}?interval=1`, tokenFor())
    expect(stream.answer.statusCode).toBe(200)
    expect(stream.answer.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    await waitFor(() => stream.events.length === 1)
    expect(stream.events[0]?.event).toBe('stats')
    expect(namesIn(stream.events[0]?.data)).toEqual(['db', 'web'])
    view.all = view.all.slice(0, 1)
    view.statsVersion += 1
    await clock.advance(1_000)
    await waitFor(() => stream.events.length === 2)
    expect(namesIn(stream.events[1]?.data)).toEqual(['web'])
    await clock.advance(3_000)
    expect(streams.count).toBe(1)
    stream.close()
    await waitFor(() => streams.count === 0)
    expect(stream.events).toHaveLength(2)
    expect(clock.pending).toBe(0)
  })

  test('shows a restricted caller only its own containers', async () => {
    const { port } = rig()
    const stream = await listenTo(port, PATH, tokenFor({ selectors: ['team=data'] }))
    await waitFor(() => stream.events.length === 1)
    expect(stream.events[0]?.data).not.toContain(idOf('a'))
    expect(namesIn(stream.events[0]?.data)).toEqual(['db'])
    stream.close()
  })

  test('ends when the token expires, or is revoked, and says so', async () => {
    const { port, store, authenticator, clock } = rig()
    const token = tokenFor()
    const short = await listenTo(port, `${PATH}?interval=1`, tokenFor({ lifetimeSeconds: 60 }))
    const revoked = await listenTo(port, `${PATH}?interval=1`, token)
    await waitFor(() => short.events.length + revoked.events.length === 2)
    const caller = await authenticator?.authenticate(token)
    await store.revocations.add('porthole', caller?.tokenId ?? '', clock.now() + 3_600_000)
    await clock.advance(1_000)
    await waitFor(() => revoked.ended)
    expect(revoked.events.at(-1)?.event).toBe('end')
    expect(short.ended).toBe(false)
    await clock.advance(59_000)
    await waitFor(() => short.ended)
    expect(short.events.at(-1)?.event).toBe('end')
  })

  test(`are ${MAX_STREAMS_PER_SUBJECT} for one subject, and no more`, async () => {
    const { port, streams, app, audit } = rig()
    const open = await Promise.all(
      Array.from({ length: MAX_STREAMS_PER_SUBJECT }, () => listenTo(port, PATH, tokenFor())),
    )
    expect(open.every(({ answer }) => answer.statusCode === 200)).toBe(true)
    const over = await request(app).get(PATH).set('Authorization', `Bearer ${tokenFor()}`)
    expect([over.status, over.body.code]).toEqual([429, 'too-many-streams'])
    expect(audit.events.at(-1)).toMatchObject({ kind: 'read', status: 429, code: 'too-many-streams', route: PATH })
    const another = await listenTo(port, PATH, tokenFor({ subject: 'another' }))
    expect(another.answer.statusCode).toBe(200)
    for (const stream of [...open, another]) stream.close()
    await waitFor(() => streams.count === 0)
  })

  test('has only its containers read at its pace', async () => {
    const { port, view } = rig()
    view.all = [...view.all, containerOf({ id: idOf('c'), state: 'exited' })]
    const stream = await listenTo(port, `${PATH}?interval=3&name=web`, tokenFor())
    expect(view.watched).toEqual([{ parties: ['porthole\ntester'], ids: [idOf('a')], intervalMs: 3_000 }])
    stream.close()
  })

  test('has the containers of a view that parties share read for all of them', async () => {
    const { port, view, clock } = rig()
    const path = `${PATH}?interval=1&name=web`
    const open = [
      await listenTo(port, path, tokenFor()),
      await listenTo(port, path, tokenFor({ subject: 'bob' })),
      await listenTo(port, path, tokenFor({ subject: 'bob' })),
    ]
    await clock.advance(1_000)
    const parties = ['porthole\ntester', 'porthole\nbob']
    expect(view.watched.at(-1)).toEqual({ parties, ids: [idOf('a')], intervalMs: 1_000 })
    for (const stream of open) stream.close()
  })

  test('gives the latest, and no queue, to a client that does not read', async () => {
    const { port, view, clock } = rig()
    const padding = 'x'.repeat(1_000_000)
    const show = (turn: number) => {
      view.all = [containerOf({ id: idOf('a'), name: `${turn}-${padding}` })]
      view.statsVersion += 1
    }
    const tickUntil = (isThere: () => boolean) =>
      waitFor(async () => {
        await clock.advance(1_000)
        return isThere()
      })
    show(0)
    const slow = await listenTo(port, `${PATH}?interval=1`, tokenFor())
    slow.answer.pause()
    const quick = await listenTo(port, `${PATH}?interval=1`, tokenFor())
    // More than sockets hold of their own.
    for (let turn = 1; turn <= 8; turn += 1) {
      show(turn)
      await tickUntil(() => quick.events.length > turn)
    }
    slow.answer.resume()
    const last = (listening: Listening) => namesIn(listening.events.at(-1)?.data)[0]?.split('-')[0]
    await tickUntil(() => last(slow) === '8')
    expect(slow.events.length).toBeLessThan(quick.events.length)
    for (const stream of [slow, quick]) stream.close()
  })

  test('end for a client that does not read either, and give back the place', async () => {
    const { port, view, streams, clock } = rig()
    view.all = [containerOf({ id: idOf('a'), name: 'x'.repeat(30_000_000) })]
    const slow = await listenTo(port, `${PATH}?interval=1`, tokenFor())
    slow.answer.pause()
    streams.endAll(STOPPING)
    await clock.advance(2_999)
    expect(streams.count).toBe(1)
    await clock.advance(1)
    await waitFor(() => streams.count === 0)
    slow.close()
  })

  test('all end when the service stops', async () => {
    const { port, streams, app, audit } = rig()
    const stream = await listenTo(port, PATH, tokenFor())
    streams.endAll(STOPPING)
    await waitFor(() => stream.ended)
    expect(stream.events.at(-1)).toEqual({ event: 'end', id: '', data: '{"code":"service-stopping"}' })
    expect(streams.count).toBe(0)
    const late = await request(app).get(PATH).set('Authorization', `Bearer ${tokenFor()}`)
    expect([late.status, late.body.code, late.headers['retry-after']]).toEqual([503, 'service-stopping', '5'])
    expect(audit.events.at(-1)).toMatchObject({ kind: 'read', status: 503, code: 'service-stopping' })
  })

  test('end after a quarter of an hour and a little more by chance, with a code of their own', async () => {
    const { port, streams, clock } = rig()
    // The longest life of a token, so that nothing else ends it.
    const stream = await listenTo(port, `${PATH}?interval=60`, tokenFor({ lifetimeSeconds: 3_600 }))
    await clock.advance(16.5 * 60_000 - 1)
    expect([stream.ended, streams.count]).toEqual([false, 1])
    await clock.advance(1)
    await waitFor(() => stream.ended)
    expect(stream.events.at(-1)).toEqual({ event: 'end', id: '', data: '{"code":"stream-expired"}' })
    expect([streams.count, clock.pending]).toEqual([0, 0])
  })

  test('give way to a newer one of their subject where all its places are old', async () => {
    const { port, streams, clock, app } = rig()
    const open: Listening[] = []
    for (let row = 0; row < MAX_STREAMS_PER_SUBJECT; row += 1) open.push(await listenTo(port, PATH, tokenFor()))
    await clock.advance(59_999)
    const refused = await request(app).get(PATH).set('Authorization', `Bearer ${tokenFor()}`)
    expect([refused.status, refused.body.code]).toEqual([429, 'too-many-streams'])
    await clock.advance(1)
    const newer = await listenTo(port, PATH, tokenFor())
    expect(newer.answer.statusCode).toBe(200)
    await waitFor(() => open[0]?.ended === true)
    expect(open[0]?.events.at(-1)).toEqual({ event: 'end', id: '', data: '{"code":"too-many-streams"}' })
    expect(open.slice(1).filter(({ ended }) => ended)).toEqual([])
    expect(streams.count).toBe(MAX_STREAMS_PER_SUBJECT)
    for (const stream of [...open, newer]) stream.close()
    await waitFor(() => streams.count === 0)
  })

  test.each([
    'interval=0',
    'interval=61',
    'interval=1.5',
    'interval=x',
    'interval=1&interval=2',
    'cursor=x',
    'limit=0',
    'x=1',
  ])('refuses %s, naming the parameter', async (query) => {
    const { app } = rig()
    const { status, body } = await request(app).get(`${PATH}?${query}`).set('Authorization', `Bearer ${tokenFor()}`)
    expect([status, body.code]).toEqual([400, 'invalid-request'])
    expect(body.errors[0].path).toBe(query.split('=')[0])
  })

  test('is refused without the scope, and answers HEAD', async () => {
    const { app } = rig()
    const wrong = await request(app)
      .get(PATH)
      .set('Authorization', `Bearer ${tokenFor({ scopes: ['logs:read'] })}`)
    expect([wrong.status, wrong.body.code]).toEqual([403, 'insufficient-scope'])
    const head = await request(app).head(PATH).set('Authorization', `Bearer ${tokenFor()}`)
    expect([head.status, head.headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8'])
  })
})

describe('GET /api/containers/:id/stats/stream', () => {
  const ONE = `/api/containers/${idOf('a')}/stats/stream`

  test('sends the answer of GET /api/containers/:id/stats, to a ticket too, and has the container read at its pace', async () => {
    const { app, port, view, audit } = rig()
    view.addSample(idOf('a'))
    const { ticket } = (await issue(app, tokenFor(), ONE)).body
    const stream = await listenTo(port, `${ONE}?interval=2&ticket=${ticket}`)
    await waitFor(() => stream.events.length === 1)
    const polled = await request(app).get(ONE.replace('/stream', '')).set('Authorization', `Bearer ${tokenFor()}`)
    expect(stream.events[0]).toMatchObject({ event: 'stats', data: polled.text })
    expect(view.watched).toEqual([{ parties: ['porthole\ntester'], ids: [idOf('a')], intervalMs: 2_000 }])
    expect(audit.events.at(-2)).toMatchObject({ kind: 'read', container: idOf('a'), status: 200 })
    stream.close()
  })

  test.each<[string, string, number, string]>([
    ['a container that is not there', idOf('f'), 404, 'container-not-found'],
    ['one that does not run', idOf('e'), 409, 'container-not-running'],
    ['no id', 'web', 400, 'invalid-container-id'],
  ])('of %s is refused like the read, and uses no quota', async (_what, id, status, code) => {
    const { app, view, streams, audit } = rig()
    view.all = [...view.all, containerOf({ id: idOf('e'), state: 'exited' })]
    const path = `/api/containers/${id}/stats/stream`
    for (const method of ['get', 'head'] as const) {
      const answer = await request(app)[method](path).set('Authorization', `Bearer ${tokenFor()}`)
      expect(answer.status).toBe(status)
      if (method === 'get') expect(answer.body.code).toBe(code)
    }
    expect(audit.events.filter(({ kind }) => kind === 'read')).toHaveLength(status === 400 ? 0 : 2)
    expect(streams.count).toBe(0)
  })

  test('ends with its container, and says why', async () => {
    const { port, view, streams, clock } = rig()
    const stream = await listenTo(port, `${ONE}?interval=1`, tokenFor())
    view.all = [containerOf({ id: idOf('a'), state: 'exited' })]
    view.statsVersion += 1
    await clock.advance(1_000)
    await waitFor(() => stream.ended)
    expect(stream.events.at(-1)).toEqual({ event: 'end', id: '', data: '{"code":"container-not-running"}' })
    expect(streams.count).toBe(0)
  })

  test('accepts the host if two hosts have the id', async () => {
    const { port, view } = rig()
    view.all = [
      containerOf({ id: idOf('a'), name: 'here' }),
      containerOf({ id: idOf('a'), name: 'there', hostId: 'two' }),
    ]
    expect((await listenTo(port, ONE, tokenFor())).answer.statusCode).toBe(409)
    const stream = await listenTo(port, `${ONE}?host=two`, tokenFor())
    await waitFor(() => stream.events.length === 1)
    expect(JSON.parse(stream.events[0]?.data ?? '')).toMatchObject({ name: 'there', host: 'two' })
    stream.close()
  })
})

describe('a stream ticket', () => {
  test('opens its stream once, with the view of the caller it was issued to', async () => {
    const { app, port, audit } = rig()
    const { status, body } = await issue(app, tokenFor({ subject: 'page', selectors: ['team=data'] }), PATH)
    expect(status).toBe(200)
    expect(body.ticket).toMatch(/^[\w-]{43}$/)
    const stream = await listenTo(port, `${PATH}?interval=1&ticket=${body.ticket}`)
    await waitFor(() => stream.events.length === 1)
    expect(namesIn(stream.events[0]?.data)).toEqual(['db'])
    expect(audit.events.at(-1)).toMatchObject({ kind: 'read', subject: 'page', route: PATH, decision: 'allow' })
    const again = await request(app).get(`${PATH}?ticket=${body.ticket}`)
    expect([again.status, again.body.code]).toEqual([401, 'invalid-token'])
    expect(JSON.stringify(audit.events)).not.toContain(body.ticket)
    stream.close()
  })

  test('of two clients that spend it at once opens for one', async () => {
    const { app, port } = rig()
    const { ticket } = (await issue(app, tokenFor(), PATH)).body
    const both = await Promise.all([1, 2].map(() => listenTo(port, `${PATH}?ticket=${ticket}`)))
    expect(both.map(({ answer }) => answer.statusCode).sort()).toEqual([200, 401])
    for (const stream of both) stream.close()
  })

  test('is valid for less than 30 s', async () => {
    const { app, clock, port } = rig()
    const [early, late] = [
      (await issue(app, tokenFor(), PATH)).body.ticket,
      (await issue(app, tokenFor(), PATH)).body.ticket,
    ]
    await clock.advance(29_999)
    const stream = await listenTo(port, `${PATH}?ticket=${early}`)
    expect(stream.answer.statusCode).toBe(200)
    stream.close()
    await clock.advance(1)
    expect((await request(app).get(`${PATH}?ticket=${late}`)).status).toBe(401)
  })

  test('carries only the scope of its stream, and opens no other path', async () => {
    const { app } = rig()
    const { ticket } = (await issue(app, tokenFor(), PATH)).body
    expect((await request(app).get(`/api/containers?ticket=${ticket}`)).status).toBe(401)
    const asToken = await request(app).get('/api/containers').set('Authorization', `Bearer ${ticket}`)
    expect(asToken.status).toBe(401)
    const beside = await request(app)
      .get(`/api/containers?ticket=${ticket}`)
      .set('Authorization', `Bearer ${tokenFor()}`)
    expect([beside.status, beside.body.errors?.[0].path]).toEqual([400, 'ticket'])
  })

  test('ends with the token that it was issued to', async () => {
    const { app, store, authenticator, clock } = rig()
    const token = tokenFor()
    const { ticket } = (await issue(app, token, PATH)).body
    const caller = await authenticator?.authenticate(token)
    await store.revocations.add('porthole', caller?.tokenId ?? '', clock.now() + 3_600_000)
    expect((await request(app).get(`${PATH}?ticket=${ticket}`)).body.code).toBe('invalid-token')
  })

  test.each([
    '/api/stats',
    '/api/containers',
    `${PATH}?interval=1`,
    `${PATH}/`,
    '/API/stats/stream',
    '//api/stats/stream',
    'https://evil.example/api/stats/stream',
    '../api/stats/stream',
    '',
    'x'.repeat(257),
  ])('is not issued for %j', async (path) => {
    const { app } = rig()
    const answer = await issue(app, tokenFor(), path)
    expect([answer.status, answer.body.code, answer.body.errors[0].path]).toEqual([400, 'invalid-request', 'path'])
  })

  test('is not issued without the scope, nor to an unverified client, nor with a ticket', async () => {
    const { app, audit } = rig()
    const wrong = await issue(app, tokenFor({ scopes: ['logs:read'] }), PATH)
    expect([wrong.status, wrong.body.code]).toEqual([403, 'insufficient-scope'])
    expect(audit.authActions).toEqual(['ticket-refused'])
    expect((await request(app).post('/api/auth/stream-ticket').send({ path: PATH })).status).toBe(401)
  })
})

describe('a token in a query', () => {
  test.each(['access_token', 'token', 'jwt', 'authorization', 'bearer'])('is refused as %s', async (name) => {
    const { app } = rig()
    for (const path of ['/api/containers', PATH, '/api/auth/me']) {
      const url = `${path}?${name}=${tokenFor()}`
      expect((await request(app).get(url)).status).toBe(401)
      const known = await request(app).get(url).set('Authorization', `Bearer ${tokenFor()}`)
      expect([known.status, known.body.code]).toEqual([400, 'invalid-request'])
    }
  })
})
