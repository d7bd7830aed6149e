import request from 'supertest'
import { REDACTED } from '../../../api/redaction/scrub.js'
import { createRig } from '../../support/app-parts.js'
import { idOf } from '../../support/fake-engine.js'
import { containerOf } from '../../support/fake-view.js'
import { tokenFor } from '../../support/tokens.js'

const SEEN = idOf('a')
const FILTERED = tokenFor({ subject: 'web', selectors: ['team=web'] })
const EVERYTHING = tokenFor({ subject: 'web' })

function rig() {
  const made = createRig()
  made.view.all = [containerOf({ id: SEEN, name: 'seen', labels: new Map([['team', 'web']]) })]
  return made
}

describe('GET /api/audit', () => {
  test("shows a restricted caller only its own reads under that filter, not its subject's other reads", async () => {
    const { app } = rig()
    await request(app).get('/api/hosts').set('Authorization', `Bearer ${EVERYTHING}`)
    await request(app).get('/api/summary').set('Authorization', `Bearer ${FILTERED}`)
    await request(app)
      .get('/api/stats')
      .set('Authorization', `Bearer ${tokenFor({ subject: 'other', selectors: ['team=web'] })}`)
    await request(app).get('/api/containers').set('Authorization', 'Bearer bad')
    const { body } = await request(app).get('/api/audit').set('Authorization', `Bearer ${FILTERED}`)
    expect(body.items.map(({ route }: { route: string }) => route)).toEqual(['/api/summary'])
  })

  test('says who read what, how it ended, and which calls to engines it took', async () => {
    const { app } = rig()
    const detail = await request(app)
      .get(`/api/containers/${SEEN.slice(0, 12)}`)
      .set('Authorization', `Bearer ${EVERYTHING}`)
    await request(app)
      .get('/api/hosts')
      .set('Authorization', `Bearer ${tokenFor({ subject: 'narrow', scopes: ['stats:read'] })}`)
    const { body } = await request(app).get('/api/audit').set('Authorization', `Bearer ${EVERYTHING}`)
    const [denied, read] = body.items
    expect(Object.keys(body)).toEqual(['items', 'nextCursor', 'total', 'observedAt', 'hosts'])
    expect(denied).toMatchObject({
      kind: 'read',
      subject: 'narrow',
      decision: 'deny',
      code: 'insufficient-scope',
      status: 403,
      route: '/api/hosts',
      scope: 'system:read',
      bytes: 0,
    })
    expect(read).toMatchObject({
      subject: 'web',
      decision: 'allow',
      code: null,
      status: 200,
      route: '/api/containers/:id',
      container: SEEN,
      requestId: detail.headers['x-request-id'],
      bytes: Number(detail.headers['content-length']),
      redactions: detail.text.split(REDACTED).length - 1,
      written: true,
    })
    expect(read.tokenId).toMatch(/^[0-9a-f-]{36}$/)
    expect(read.prev).toMatch(/^[0-9a-f]{64}$/)
  })

  test('is filtered and paged', async () => {
    const { app } = rig()
    const ask = (query: string) => request(app).get(`/api/audit?${query}`).set('Authorization', `Bearer ${EVERYTHING}`)
    for (let i = 0; i < 5; i += 1) await request(app).get('/api/hosts').set('Authorization', `Bearer ${EVERYTHING}`)
    await request(app).get('/api/hosts').set('Authorization', 'Bearer bad')
    const auth = await ask('kind=auth')
    expect(auth.body.items).toHaveLength(1)
    expect(auth.body.items[0]).toMatchObject({ action: 'token-refused', decision: 'deny', subject: null })
    const first = await ask('route=/api/hosts&limit=2')
    expect([first.body.items.length, first.body.total]).toEqual([2, 5])
    const second = await ask(`route=/api/hosts&limit=4&cursor=${first.body.nextCursor}`)
    expect([second.body.items.length, second.body.nextCursor]).toEqual([3, null])
    expect((await ask('since=2000-01-01T00:00:00Z&until=2001-01-01T00:00:00Z')).body.total).toBe(0)
    expect((await ask('subject=nobody')).body.total).toBe(0)
    expect((await ask('action=token-refused&decision=deny')).body.total).toBe(1)
  })

  test.each([
    'since=yesterday',
    'since=2026-01-01',
    'until=2026-13-01T00:00:00Z',
    'kind=write',
    'decision=maybe',
    'limit=0',
    'limit=1001',
    'cursor=x',
    'cursor=-1',
    'container=web',
    'container=abc',
    'subject=',
    'x=1',
  ])('refuses %s, naming the parameter', async (query) => {
    const { app } = createRig()
    const { status, body } = await request(app).get(`/api/audit?${query}`).set('Authorization', `Bearer ${EVERYTHING}`)
    expect([status, body.code, body.errors[0].path]).toEqual([400, 'invalid-request', query.split('=')[0]])
  })
})
