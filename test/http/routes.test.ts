import request from 'supertest'
import { ROUTES } from '../../api/http/routes.js'
import type { Scope } from '../../api/model/scope.js'
import { createRig } from '../support/app-parts.js'
import { idOf } from '../support/fake-engine.js'
import { containerOf } from '../support/fake-view.js'
import { get } from '../support/get.js'
import { tokenFor } from '../support/tokens.js'

function concrete(path: string): string {
  return path.replace(':id', idOf('a'))
}

/** All answers are JSON except the metrics. */
function typeOf(path: string): string {
  return path === '/metrics' ? 'text/plain; version=0.0.4; charset=utf-8' : 'application/json; charset=utf-8'
}

describe('every route', () => {
  const { app, view } = createRig()
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

  // The audit and the metrics change with each request, so no two of their answers are alike.
  const repeatable = ROUTES.map(({ path }) => path).filter((path) => path !== '/api/audit' && path !== '/metrics')

  test.each(repeatable)('%s answers HEAD with the headers of GET and no body', async (path) => {
    const head = await request(app).head(concrete(path)).set('Authorization', `Bearer ${tokenFor()}`)
    const full = await get(app, concrete(path))
    expect(head.status).toBe(200)
    expect(head.text).toBeUndefined()
    expect(head.headers['content-length']).toBe(full.headers['content-length'])
    expect(head.headers['etag']).toBe(full.headers['etag'])
  })

  test.each(repeatable)('%s answers 304 to a client that has the answer already', async (path) => {
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
