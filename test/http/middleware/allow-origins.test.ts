import type { Express } from 'express'
import request from 'supertest'
import { allowOrigins } from '../../../api/http/middleware/allow-origins.js'
import { createRig, OPEN_NETWORK } from '../../support/app-parts.js'
import { appOf } from '../../support/middleware-app.js'
import { tokenFor } from '../../support/tokens.js'

describe('allowOrigins', () => {
  const app = appOf([allowOrigins(['https://dash.example'])])

  test('lets a request pass, with the fields that let a listed page read the answer', async () => {
    const { status, headers } = await request(app).get('/').set('Origin', 'https://dash.example')
    expect([status, headers['access-control-allow-origin'], headers['vary']]).toEqual([
      200,
      'https://dash.example',
      'Origin',
    ])
  })

  test('lets an OPTIONS pass that is not a preflight', async () => {
    expect((await request(app).options('/').set('Origin', 'https://dash.example')).status).toBe(200)
  })

  test('names no origin in the answer to a request without one', async () => {
    const { headers } = await request(app).get('/')
    expect([headers['access-control-allow-origin'], headers['vary']]).toEqual([undefined, 'Origin'])
  })
})

describe('CORS_ORIGINS', () => {
  const network = { ...OPEN_NETWORK, corsOrigins: ['https://dash.example', 'http://localhost:5173'] }
  const preflight = (app: Express, origin: string) =>
    request(app).options('/api/containers').set({ Origin: origin, 'Access-Control-Request-Method': 'GET' })

  test('answers the preflight of a listed origin, and lets it read without credentials', async () => {
    const { app } = createRig({ network })
    const before = await preflight(app, 'https://dash.example')
    expect(before.status).toBe(204)
    expect(before.headers).toMatchObject({
      'access-control-allow-origin': 'https://dash.example',
      'access-control-allow-methods': 'GET, HEAD, POST',
      vary: 'Origin',
    })
    expect(before.headers['access-control-allow-credentials']).toBeUndefined()
    const read = await request(app)
      .get('/api/containers')
      .set({ Origin: 'https://dash.example', Authorization: `Bearer ${tokenFor()}` })
    expect(read.headers['access-control-allow-origin']).toBe('https://dash.example')
    expect(read.headers['access-control-expose-headers']).toContain('ETag')
  })

  test.each([
    'https://dash.example.evil.example',
    'https://evil.example',
    'http://dash.example',
    'https://dash.example:8443',
    'https://DASH.example',
    'null',
    '*',
    '',
    'https://dash.example, https://evil.example',
  ])('allows nothing to the origin %j', async (origin) => {
    const { app } = createRig({ network })
    const before = await preflight(app, origin)
    expect(before.status).toBe(401)
    expect(before.headers['access-control-allow-origin']).toBeUndefined()
    const read = await request(app)
      .get('/api/containers')
      .set({ Origin: origin, Authorization: `Bearer ${tokenFor()}` })
    expect(read.headers['access-control-allow-origin']).toBeUndefined()
    expect(read.headers['vary']).toBe('Origin')
  })

  test('lets a listed page read why it was refused', async () => {
    const { app } = createRig({ network })
    const answer = await request(app).get('/api/containers').set('Origin', 'http://localhost:5173')
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([401, 'http://localhost:5173'])
  })

  test('is off unless it is set', async () => {
    const { app } = createRig()
    const before = await preflight(app, 'https://dash.example')
    expect(before.headers['access-control-allow-origin']).toBeUndefined()
    expect(before.headers['vary']).toBeUndefined()
  })
})
