import request from 'supertest'
import { createRig } from '../support/app-parts.js'
import { get } from '../support/get.js'
import { hostileTokens } from '../support/tokens.js'

describe('strangers', () => {
  const { app } = createRig()

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

  test('get 401 for unknown paths too, and callers 404', async () => {
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
})

test('every answer forbids storing, sniffing, framing and scripts, and names no software', async () => {
  const { app } = createRig()
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
