import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { RequestHandler } from 'express'
import request from 'supertest'
import { requestLog } from '../../../api/http/middleware/request-log.js'
import { listen } from '../../../api/http/server.js'
import { createLog } from '../../../api/log.js'
import { createRig } from '../../support/app-parts.js'
import { cleanupAfterEach } from '../../support/cleanup.js'
import { get } from '../../support/get.js'
import { appOf } from '../../support/middleware-app.js'
import { hostileTokens, tokenFor } from '../../support/tokens.js'

const cleanup = cleanupAfterEach()

function open(...middlewares: readonly RequestHandler[]) {
  const lines: string[] = []
  const log = createLog('debug', { write: (line) => lines.push(line) })
  return { app: appOf([requestLog(log), ...middlewares]), lines, last: () => JSON.parse(lines.at(-1) ?? '{}') }
}

describe('the line of a request', () => {
  test('has our own id, which the answer names too, even if the request brings one', async () => {
    const { app, last } = open()
    const { headers } = await request(app).get('/').set('X-Request-Id', 'theirs')
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(last()).toMatchObject({ level: 'info', requestId: headers['x-request-id'], method: 'GET', status: 200 })
  })

  test('is an error if the service failed, with the cause', async () => {
    const { app, last } = open((_req, _res, next) => next(new Error('broken')))
    await request(app).get('/')
    expect(last()).toMatchObject({ level: 'error', status: 500, err: { message: 'broken' } })
  })

  test.each([
    ['/health/live', 200, 'debug'],
    ['/health/ready', 503, 'info'],
    ['/api/x', 404, 'info'],
    ['/api/x', 503, 'error'],
  ])('of %s with %d is %s', async (path, status, level) => {
    const { app, last } = open((_req, res) => {
      res.status(status).end()
    })
    await request(app).get(path)
    expect(last()).toMatchObject({ level, status, path })
  })

  test('has the path without its query, cut if it is longer than any of ours', async () => {
    const { app, last } = open()
    await request(app).get(`/${'a'.repeat(1_000)}?password=hunter2`)
    expect(last().path).toBe(`/${'a'.repeat(255)}`)
    expect(JSON.stringify(last())).not.toContain('hunter2')
  })

  test('says if the client left before the answer had arrived', async () => {
    let isAsked = () => {}
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve
    })
    const { app, lines, last } = open(() => isAsked())
    const server = createServer(app)
    cleanup(() => server.close())
    const port = await listen(server, '127.0.0.1', 0)
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'))
    cleanup(() => socket.destroy())
    await asked
    socket.destroy()
    while (lines.length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(last()).toMatchObject({ aborted: true })
  })
})

test('the service logs one line per request: who asked for what, and how it ended, without query or token', async () => {
  const { app, lines } = createRig()
  const token = tokenFor({ subject: 'grafana' })
  const answer = await get(app, '/api/containers?name=hunter2', token)
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
  await get(app, `/api/${token}`, token)
  expect(lines.join('')).not.toContain(token)
})

test('no line contains a refused token', async () => {
  const { app, lines } = createRig()
  const tokens = [...hostileTokens().values()]
  for (const token of tokens) await get(app, '/api/containers', token)
  expect(lines).toHaveLength(tokens.length)
  for (const token of tokens) for (const line of lines) expect(line).not.toContain(token)
})
