import { type IncomingMessage, request } from 'node:http'
import { SCOPES } from '../../api/model/scope.js'
import { describeReal, docker, FIXTURE_IMAGE, realEngine } from '../support/dockerd.js'
import { type EngineService, serveEngine, unixEndpoint } from '../support/engine-service.js'
import { type SocketProxy, startFront } from '../support/haproxy.js'
import { networks } from '../support/networks.js'
import { tokenFor } from '../support/tokens.js'

const PATIENCE_MS = 15_000
const LIMIT = 5

interface Asked {
  readonly status: number
  readonly text: string
}

/** A client at an address of its own, as the proxy sees it. */
function ask(port: number, path: string, from: string, headers: Record<string, string> = {}): Promise<Asked> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', localAddress: from, path, headers, agent: false }, (answer) => {
      let text = ''
      answer.on('data', (chunk) => {
        text += String(chunk)
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    })
      .on('error', reject)
      .end()
  })
}

describeReal('access to a real engine, behind a real reverse proxy', () => {
  let service: EngineService
  let proxy: SocketProxy
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  const records = () => service.records.map((line) => JSON.parse(line))

  beforeAll(async () => {
    service = await serveEngine(unixEndpoint(realEngine().socketPath), {
      limits: { windowMs: 900_000, general: LIMIT, stats: LIMIT, metrics: LIMIT, login: LIMIT },
      // The proxy's own address and nothing else: clients have others of the same machine.
      network: {
        trustProxy: { kind: 'networks', networks: networks('127.0.0.1/32') },
        allowlist: networks('127.0.0.0/8'),
        corsOrigins: [],
      },
    })
    proxy = await startFront(service.port)
  }, PATIENCE_MS)
  afterAll(async () => {
    await proxy.stop()
    await service.stop()
  })

  test('counts clients by their own addresses, whatever they claim', async () => {
    for (const from of ['127.0.7.1', '127.0.7.2']) {
      const seen: number[] = []
      for (let i = 0; i <= LIMIT; i += 1) {
        const spoofed = {
          'X-Forwarded-For': `203.0.113.${i}`,
          'X-Real-IP': `203.0.113.${i}`,
          Forwarded: `for=203.0.113.${i}`,
        }
        seen.push((await ask(proxy.port, '/api/containers', from, spoofed)).status)
      }
      expect([from, seen]).toEqual([from, [401, 401, 401, 401, 401, 429]])
    }
    const addresses = records()
      .filter(({ action }) => action === 'rate-limited')
      .map(({ address }) => address)
    expect(addresses).toEqual(['127.0.7.1', '127.0.7.2'])
  })

  test('ignores X-Forwarded-For from a client that bypasses the proxy', async () => {
    const seen: number[] = []
    for (let i = 0; i <= LIMIT; i += 1)
      seen.push((await ask(service.port, '/api/containers', '127.0.7.3', { 'X-Forwarded-For': `127.0.8.${i}` })).status)
    expect(seen.at(-1)).toBe(429)
  })

  test('refuses addresses that are not on the list, by the address that the proxy reports', async () => {
    const claimed = await ask(service.port, '/api/containers', '127.0.0.1', { 'X-Forwarded-For': '203.0.113.9' })
    expect([claimed.status, JSON.parse(claimed.text).code]).toEqual([403, 'address-not-allowed'])
    expect((await ask(proxy.port, '/health/live', '127.0.7.4')).status).toBe(200)
  })

  test('records the engine calls, and their results', async () => {
    const name = `porthole-access-${process.pid}`
    const run = await docker(['run', '--detach', '--name', name, FIXTURE_IMAGE, 'sleep', '60'])
    const id = run.trim().split('\n').at(-1) ?? ''
    try {
      const token = bearer(tokenFor({ subject: 'reader' }))
      let answer: Asked = { status: 0, text: '' }
      for (let i = 0; i < 50 && answer.status !== 200; i += 1) {
        answer = await ask(
          proxy.port,
          `/api/containers/${id}`,
          '127.0.7.5',
          bearer(tokenFor({ subject: `reader ${i}` })),
        )
        if (answer.status !== 200) await new Promise((resolve) => setTimeout(resolve, 100))
      }
      expect(answer.status).toBe(200)
      const read = records().findLast(({ container }) => container === id)
      expect(read).toMatchObject({
        decision: 'allow',
        status: 200,
        address: '127.0.7.5',
        bytes: Buffer.byteLength(answer.text),
      })
      expect(read.engine).toEqual([{ host: 'local', call: 'inspect', status: 200, milliseconds: expect.any(Number) }])
      const listed = await ask(proxy.port, '/api/containers', '127.0.7.5', token)
      expect(listed.status).toBe(200)
      expect(records().at(-1)).toMatchObject({ subject: 'reader', route: '/api/containers', engine: [] })
    } finally {
      await docker(['rm', '--force', name])
    }
  })

  test('streams statistics through the proxy as they come, to the holder of a ticket', async () => {
    const drawn = await fetch(`http://127.0.0.1:${proxy.port}/api/auth/stream-ticket`, {
      method: 'POST',
      headers: { ...bearer(tokenFor({ subject: 'page', scopes: SCOPES })), 'Content-Type': 'application/json' },
      body: JSON.stringify({ path: '/api/stats/stream' }),
    })
    const { ticket } = (await drawn.json()) as { ticket: string }
    const events = await new Promise<number>((resolve, reject) => {
      const path = `/api/stats/stream?interval=1&ticket=${ticket}`
      const asked = request({ port: proxy.port, host: '127.0.0.1', path, agent: false }, (answer: IncomingMessage) => {
        let text = ''
        answer.on('data', (chunk) => {
          text += String(chunk)
          const count = text.split('event: stats\n').length - 1
          if (count < 3) return
          resolve(count)
          asked.destroy()
        })
      })
      asked.on('error', reject)
      asked.end()
    })
    expect(events).toBeGreaterThanOrEqual(3)
  })
})
