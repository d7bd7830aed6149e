import type { IncomingMessage } from 'node:http'
import { Agent } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { MAX_STREAMS_PER_SUBJECT } from '../../api/http/endpoints/open-streams.js'
import { describeReal, realEngine } from '../support/dockerd.js'
import { type EngineService, serveEngine, unixEndpoint } from '../support/engine-service.js'
import { eventually } from '../support/eventually.js'
import { networks } from '../support/networks.js'
import { type FrontName, startTlsFront, type TlsFront } from '../support/tls-front.js'
import { tokenFor } from '../support/tokens.js'

const SET_UP_MS = 30_000
const STREAM_MS = 30_000
/** Within this time the service notices that a watcher has gone. */
const GONE_MS = 5_000
/** Longer than nginx and HAProxy wait before they look after connections that idle, and than Node's own default. */
const IDLE_MS = 6_500

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of answer) text += String(chunk)
  return text
}

/** All that comes until the other side closes. */
function everything(socket: TLSSocket): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk) => {
      text += String(chunk)
    })
    socket.on('error', () => resolve(text))
    socket.on('close', () => resolve(text))
  })
}

for (const name of ['nginx', 'haproxy'] as const satisfies readonly FrontName[]) {
  describeReal(`behind ${name}, configured as deploy/fronts/ has it`, () => {
    let service: EngineService
    let front: TlsFront
    const bearer = (subject: string) => ({ Authorization: `Bearer ${tokenFor({ subject })}` })
    const reads = () => service.records.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'read')

    beforeAll(async () => {
      service = await serveEngine(unixEndpoint(realEngine().socketPath), {
        network: {
          trustProxy: { kind: 'networks', networks: networks('127.0.0.1/32') },
          allowlist: [],
          corsOrigins: [],
        },
      })
      front = await startTlsFront(name, service.port)
      await service.sampled()
    }, SET_UP_MS)
    afterAll(async () => {
      await front?.stop()
      await service?.stop()
    })

    test(
      'a stream comes as it is made, event by event',
      async () => {
        const started = performance.now()
        const answer = await front.open('/api/stats/stream?interval=1', { headers: bearer('watcher') })
        expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8'])
        const times: number[] = []
        for await (const chunk of answer) {
          if (String(chunk).includes('event: stats\n')) times.push(performance.now() - started)
          if (times.length === 5) break
        }
        answer.destroy()
        expect(times[0]).toBeLessThan(2_000)
        for (const [i, time] of times.slice(1).entries()) {
          expect(time - (times[i] ?? 0)).toBeGreaterThan(300)
          expect(time - (times[i] ?? 0)).toBeLessThan(2_500)
        }
      },
      STREAM_MS,
    )

    test('clients have their own addresses, whatever they claim, and those of other networks are refused', async () => {
      for (const from of ['127.0.7.1', '127.0.7.2']) {
        const claims = { 'X-Forwarded-For': '203.0.113.9', 'X-Real-IP': '203.0.113.9', Forwarded: 'for=203.0.113.9' }
        const answer = await front.open('/api/containers', { from, headers: { ...bearer('reader'), ...claims } })
        await textOf(answer)
        expect([answer.statusCode, reads().at(-1).address]).toEqual([200, from])
      }
      const refused = await front.open('/api/containers', { from: '127.0.8.1', headers: bearer('reader') })
      expect([refused.statusCode, refused.headers['strict-transport-security']]).toEqual([
        403,
        'max-age=31536000; includeSubDomains',
      ])
      refused.resume()
    })

    test(
      'a connection that is kept serves one request after another, and after a pause too',
      async () => {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 })
        const ports = new Set<number | undefined>()
        const ask = async (path: string, method = 'GET', body?: string) => {
          const headers = { ...bearer('keeper'), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) }
          const sending = { agent, method, headers, ...(body === undefined ? {} : { body }) }
          const answer = await front.open(path, sending)
          ports.add(answer.socket.localPort)
          await textOf(answer)
          return answer.statusCode
        }
        const ticket = JSON.stringify({ path: '/api/stats/stream' })
        for (let i = 0; i < 20; i += 1) {
          expect(await ask('/api/containers')).toBe(200)
          expect(await ask('/api/summary', 'HEAD')).toBe(200)
          expect(await ask('/api/containers/0123456789ab')).toBe(404)
          expect(await ask('/api/auth/stream-ticket', 'POST', ticket)).toBe(200)
        }
        await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
        // A request that may not be repeated: a proxy that sends it into a closed connection has to answer 502.
        expect(await ask('/api/auth/stream-ticket', 'POST', ticket)).toBe(200)
        expect(ports.size).toBe(1)
        agent.destroy()
      },
      STREAM_MS,
    )

    test('requests that are sent at once are answered in their order', async () => {
      const socket = await front.dial()
      const all = everything(socket)
      const one = (path: string, more = '') => {
        const { Authorization } = bearer('hasty')
        return `GET ${path} HTTP/1.1\r\nHost: porthole.example.com\r\nAuthorization: ${Authorization}\r\n${more}\r\n`
      }
      socket.write(one('/api/summary') + one('/api/nothing') + one('/api/auth/me', 'Connection: close\r\n'))
      const statuses = [...(await all).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
      expect(statuses).toEqual(['200', '404', '200'])
    })

    test('a client that closes its half of the connection gets the whole answer or none', async () => {
      const whole = (await textOf(await front.open('/api/containers', { headers: bearer('half') }))).length
      for (let i = 0; i < 10; i += 1) {
        const socket = await front.dial()
        const all = everything(socket)
        const { Authorization } = bearer('half')
        socket.end(
          `GET /api/containers HTTP/1.1\r\nHost: porthole.example.com\r\nAuthorization: ${Authorization}\r\n\r\n`,
        )
        const [head = '', body = ''] = (await all).split('\r\n\r\n')
        expect([0, Number(/content-length: (\d+)/i.exec(head)?.[1] ?? whole)]).toContain(Buffer.byteLength(body))
      }
      expect((await front.open('/health/live')).statusCode).toBe(200)
    })

    test(
      'a client that breaks off a stream, or closes its half of it, frees its quota',
      async () => {
        const all = await Promise.all(
          Array.from({ length: MAX_STREAMS_PER_SUBJECT }, () =>
            front.open('/api/stats/stream?interval=60', { headers: bearer('wall') }),
          ),
        )
        for (const { statusCode } of all) expect(statusCode).toBe(200)
        const tooMany = await front.open('/api/stats/stream', { headers: bearer('wall') })
        expect(tooMany.statusCode).toBe(429)
        tooMany.resume()
        for (const [i, answer] of all.entries()) {
          if (i % 2 === 0) answer.socket.destroy()
          else answer.socket.end()
          answer.on('error', () => {})
        }
        // A client that freed its quota can open as many streams again.
        const again: IncomingMessage[] = []
        const take = async () => {
          const answer = await front.open('/api/stats/stream?interval=60', { headers: bearer('wall') })
          if (answer.statusCode === 200) again.push(answer)
          else answer.resume()
          return again.length
        }
        await eventually(take, (count) => count === MAX_STREAMS_PER_SUBJECT, GONE_MS)
        for (const answer of again) {
          answer.on('error', () => {})
          answer.destroy()
        }
      },
      STREAM_MS,
    )
  })
}
