import { realpathSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { MAX_STREAMS_PER_SUBJECT } from '../../api/http/endpoints/open-streams.js'
import {
  type Answer,
  cut,
  type Deployment,
  describeDeployment,
  HOSTNAME,
  makeDeployment,
  PASSWORD,
  type Part,
  procStatus,
  STEP_MS,
} from '../support/deployment.js'
import { docker, realEngine } from '../support/dockerd.js'
import { eventually } from '../support/eventually.js'
import { BUILD_MS, buildImage, IMAGE } from '../support/image.js'

/** What outage.test.ts promises of an engine holds for the proxy before it, and a few seconds for Docker's own work. */
const STALE_MS = 8_000
const LIVE_MS = 15_000
/** Below the 15 s after which a heartbeat would show it to any proxy. */
const GONE_MS = 5_000
const BACK_MS = 30_000
/** Each part's first health check comes 30 s after its start. */
const HEALTHY_MS = 60_000
const PACE_MS = 200
/** More than one subject may have streams, and what it takes to see that one is free again. */
const STATS_LIMIT = 50
/** Requests a second, in deploy/traefik/dynamic.yml. */
const TRAEFIK_PACE = 20

jest.setTimeout(STEP_MS)

const PARTS: readonly Part[] = ['traefik', 'porthole', 'socket-proxy']
const ZEROS = '0'.repeat(64)

let deployment: Deployment

/** As `eventually`, at a pace that Traefik lets pass. */
async function within<T>(ms: number, ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<void> {
  const paced = async () => {
    await sleep(PACE_MS)
    return ask()
  }
  await eventually(paced, isRight, ms)
}

async function signIn(): Promise<string> {
  const { status, body, text } = await deployment.ask('/api/auth/login', {
    json: { username: 'alice', password: PASSWORD },
  })
  if (status !== 200) throw new Error(`login: ${status} ${text}`)
  return body.accessToken
}

/** A token of the operator's command: it outlives a restart, and its subject has counts of its own. */
async function tokenOf(subject: string): Promise<string> {
  return (await deployment.admin(['token', 'create', '--sub', subject, '--role', 'admin'])).trim()
}

/** How often so many events of a stream came, as milliseconds after the request. */
async function arrivals(answer: IncomingMessage, count: number, started: number): Promise<readonly number[]> {
  const times: number[] = []
  for await (const chunk of answer) {
    const events = String(chunk).split('event: stats\n').length - 1
    for (let i = 0; i < events; i += 1) times.push(performance.now() - started)
    if (times.length >= count) break
  }
  return times
}

/**
 * The status that the socket proxy answers Porthole's container with, for each path. Each answer is read to its end, since the
 * proxy logs a reader that breaks off; events alone have no end.
 */
async function throughSocketProxy(paths: readonly string[], options = '{}'): Promise<readonly number[]> {
  const program = `
    const { request } = require('node:http')
    const ask = (path) => new Promise((resolve) => {
      const asked = request({ host: 'socket-proxy', port: 2375, path, ...${options} }, (answer) => {
        answer.on('close', () => resolve(answer.statusCode))
        if (path.startsWith('/events?')) answer.destroy()
        else answer.resume()
      })
      asked.on('error', (error) => resolve(error.code))
      asked.end()
    })
    const paths = ${JSON.stringify(paths)}
    Promise.all(paths.map(ask)).then((all) => console.log(JSON.stringify(all)), console.error)`
  return JSON.parse(await deployment.inside(program))
}

describeDeployment('the compose file on a real engine', () => {
  let admin: string

  beforeAll(async () => {
    await buildImage(IMAGE)
    // Waiting for a state asks often.
    const settings = { RATE_LIMIT_GENERAL: '5000', RATE_LIMIT_STATS: String(STATS_LIMIT) }
    deployment = await makeDeployment({ settings })
    await deployment.admin(['user', 'add', '--name', 'alice', '--role', 'admin'], `${PASSWORD}\n`)
    await deployment.compose(['up', '--no-build', '--detach'])
    await deployment.ready()
    admin = await tokenOf('operator')
  }, BUILD_MS + STEP_MS)
  afterAll(() => deployment?.down())

  describe('to a client outside', () => {
    test('answers a signed-in client over HTTPS with data of the engine', async () => {
      const token = await signIn()
      const { status, headers, body } = await deployment.ask('/api/containers', { token })
      expect(status).toBe(200)
      expect(headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains')
      const names = body.items.map(({ name }: { name: string }) => name)
      expect(names).toEqual(expect.arrayContaining(['busy', 'unhealthy', 'exited', `${deployment.project}_porthole_1`]))
      const { id } = body.items.find(({ name }: { name: string }) => name === 'busy')
      expect((await deployment.ask(`/api/containers/${id}`, { token })).body.name).toBe('busy')
      expect((await deployment.ask('/api/hosts', { token })).body.items[0].state).toBe('live')
    })

    test('answers nothing to a client without a token, or with another host name', async () => {
      expect((await deployment.ask('/api/containers')).status).toBe(401)
      const foreign = await deployment.ask('/api/containers', { headers: { Host: 'other.example.com' }, token: admin })
      expect(foreign.status).toBe(404)
      expect(foreign.text).not.toContain('items')
    })

    test('streams statistics as they come, without a buffer on the way', async () => {
      const token = await tokenOf('watcher')
      const started = performance.now()
      const answer = await deployment.open('/api/stats/stream?interval=1', { token })
      expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8'])
      const times = await arrivals(answer, 5, started)
      cut(answer)
      expect(times[0]).toBeLessThan(2_000)
      const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0))
      for (const gap of gaps) expect(gap).toBeLessThan(2_500)
      expect(Math.max(...gaps)).toBeGreaterThan(500)
    })

    test('frees the quota of streams that a client breaks off', async () => {
      const token = await tokenOf('wall')
      const take = () => deployment.open('/api/stats/stream?interval=60', { token })
      const streams = await Promise.all(Array.from({ length: MAX_STREAMS_PER_SUBJECT }, take))
      for (const { statusCode } of streams) expect(statusCode).toBe(200)
      const tooMany = await take()
      expect(tooMany.statusCode).toBe(429)
      for (const answer of [...streams, tooMany]) cut(answer)
      await within(GONE_MS, take, (answer) => {
        cut(answer)
        return answer.statusCode === 200
      })
    })

    test('refuses requests over the limit of a subject, and says until when', async () => {
      const token = await tokenOf('eager')
      const answers: Answer[] = []
      for (let i = 0; i <= STATS_LIMIT; i += 1) {
        answers.push(await deployment.ask('/api/stats', { token }))
        await sleep(1_000 / TRAEFIK_PACE)
      }
      expect(answers.map(({ status }) => status)).toEqual([...Array(STATS_LIMIT).fill(200), 429])
      const last = answers.at(-1)
      expect(last?.body.code).toBe('rate-limited')
      expect(Number(last?.headers['retry-after'])).toBeGreaterThan(0)
      expect((await deployment.ask('/api/summary', { token })).status).toBe(200)
    })

    test('lets Traefik slow down a flood before it arrives', async () => {
      const refused: Answer[] = []
      // On a busy machine one round may arrive so slowly that little of it is too much.
      for (let round = 0; round < 5 && refused.length <= 20; round += 1) {
        const flood = await Promise.all(Array.from({ length: 120 }, () => deployment.ask('/health/live')))
        refused.push(...flood.filter(({ status }) => status === 429))
      }
      expect(refused.length).toBeGreaterThan(20)
      for (const { headers } of refused) expect(headers['strict-transport-security']).toContain('max-age=')
      await within(
        LIVE_MS,
        () => deployment.ask('/health/live'),
        ({ status }) => status === 200,
      )
    })

    test('records addresses as Traefik sees them, whatever the client claims', async () => {
      const client = `
        const { get } = require('node:https')
        const { networkInterfaces } = require('node:os')
        const own = Object.values(networkInterfaces()).flat().find(({ internal }) => !internal).address
        const headers = { Host: ${JSON.stringify(HOSTNAME)}, Authorization: ${JSON.stringify(`Bearer ${admin}`)},
          'X-Forwarded-For': '203.0.113.7', 'X-Real-IP': '203.0.113.7', Forwarded: 'for=203.0.113.7' }
        get({ host: 'traefik', port: 8443, path: '/api/containers', servername: ${JSON.stringify(HOSTNAME)}, headers,
          rejectUnauthorized: false }, (answer) => {
          console.log(JSON.stringify([answer.statusCode, own]))
          answer.resume()
        })`
      const [status, address] = JSON.parse(await deployment.beside('front', client))
      expect(status).toBe(200)
      expect((await deployment.records()).findLast(({ kind }) => kind === 'read')).toMatchObject({ address })
    })

    test('ignores X-Forwarded-For from a container beside Traefik', async () => {
      const client = `
        const { networkInterfaces } = require('node:os')
        const own = Object.values(networkInterfaces()).flat().find(({ internal }) => !internal).address
        fetch('http://porthole:3000/api/containers', { headers: { Authorization: ${JSON.stringify(`Bearer ${admin}`)},
          'X-Forwarded-For': '203.0.113.8' } }).then((answer) => console.log(JSON.stringify([answer.status, own])))`
      const [status, address] = JSON.parse(await deployment.beside('edge', client))
      expect(status).toBe(200)
      expect((await deployment.records()).findLast(({ kind }) => kind === 'read')).toMatchObject({ address })
    })
  })

  describe('each part', () => {
    test.each(PARTS)('%s is read-only, without capabilities or new privileges, and bounded', async (part) => {
      const { HostConfig, State } = await deployment.inspect(part)
      expect(HostConfig).toMatchObject({
        ReadonlyRootfs: true,
        Privileged: false,
        CapAdd: null,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges:true'],
        PidMode: '',
        UTSMode: '',
      })
      expect(HostConfig.Memory).toBeGreaterThan(0)
      expect(HostConfig.PidsLimit).toBeGreaterThan(0)
      // The state in the kernel counts, not the requested settings.
      const status = procStatus(State.Pid)
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) expect(status.get(set)).toMatch(/^0+$/)
      expect(status.get('NoNewPrivs')).toBe('1')
      const user = { traefik: '65532', porthole: '10001', 'socket-proxy': '0' }[part]
      expect(status.get('Uid')?.split('\t')).toEqual([user, user, user, user])
    })

    test('holds the engine socket in the socket proxy alone', async () => {
      const socket = realpathSync(realEngine().socketPath)
      for (const part of PARTS) {
        const { Mounts } = await deployment.inspect(part)
        const mounted = Mounts.filter(({ Source }: { Source: string }) => socket.startsWith(realpathSync(Source)))
        expect([part, mounted.length]).toEqual([part, part === 'socket-proxy' ? 1 : 0])
      }
    })

    test('publishes nothing but HTTPS', async () => {
      const published = async (part: Part) => Object.entries((await deployment.inspect(part)).NetworkSettings.Ports)
      expect((await published('traefik')).filter(([, hosts]) => hosts !== null)).toEqual([
        ['8443/tcp', [{ HostIp: '127.0.0.1', HostPort: String(deployment.port) }]],
      ])
      for (const part of ['porthole', 'socket-proxy'] as const)
        expect((await published(part)).filter(([, hosts]) => hosts !== null)).toEqual([])
    })

    test('is on the networks of its neighbours, and can resolve no other', async () => {
      const networks = async (part: Part) =>
        Object.keys((await deployment.inspect(part)).NetworkSettings.Networks)
          .map((name) => name.replace(`${deployment.project}_`, ''))
          .sort()
      expect(await networks('traefik')).toEqual(['edge', 'front'])
      expect(await networks('porthole')).toEqual(['edge', 'engine'])
      expect(await networks('socket-proxy')).toEqual(['engine'])
      // Who is not known here is asked of the machine's own resolvers, and those may take their time.
      const lookUp = async (network: string, name: string) =>
        (
          await deployment.beside(
            network,
            `new (require('node:dns').Resolver)({ timeout: 500, tries: 1 }).resolve4('${name}', (error) =>
              console.log(error === null ? 'known' : 'unknown'))`,
          )
        ).trim()
      expect(await lookUp('front', 'porthole')).toBe('unknown')
      expect(await lookUp('edge', 'socket-proxy')).toBe('unknown')
      expect(await lookUp('edge', 'porthole')).toBe('known')
    })

    test('keeps Porthole from writing anywhere but into its audit', async () => {
      const program = `
        const { unlinkSync, writeFileSync } = require('node:fs')
        const write = (path) => { try { writeFileSync(path, ''); return 'written' } catch (error) { return error.code } }
        const paths = ['/x', '/tmp/x', '/app/x', '/app/dist/main.js', '/var/lib/porthole/access/users.json']
        console.log(JSON.stringify([paths.map(write), write('/var/lib/porthole/audit/x')]))
        unlinkSync('/var/lib/porthole/audit/x')`
      const [closed, open] = JSON.parse(await deployment.inside(program))
      expect([new Set(closed), open]).toEqual([new Set(['EROFS']), 'written'])
    })
  })

  describe('the socket proxy', () => {
    test('passes each read that Porthole has', async () => {
      const id = (await docker(['inspect', '--format', '{{.Id}}', 'busy'])).trim()
      const container = `/containers/${id}`
      const ids = encodeURIComponent(JSON.stringify({ id: [id, ZEROS] }))
      const type = encodeURIComponent(JSON.stringify({ type: ['container'] }))
      const paths = [
        '/_ping',
        '/version',
        '/info',
        '/containers/json',
        '/containers/json?all=true',
        `/containers/json?all=true&filters=${ids}`,
        `${container}/json`,
        `${container}/stats?stream=false&one-shot=true`,
        `${container}/logs?stdout=true&stderr=true&tail=10&timestamps=true`,
        `${container}/logs?follow=false&stdout=true&stderr=true&timestamps=true&tail=all&since=1700000000.000000001`,
        `${container}/top`,
        `${container}/changes`,
        `/events?filters=${type}&since=${Math.floor(Date.now() / 1000)}.000000001`,
        '/images/json',
        '/networks',
        '/volumes',
        '/system/df',
      ]
      const answers = await throughSocketProxy(paths)
      expect(paths.filter((_, i) => answers[i] !== 200)).toEqual([])
      expect(await throughSocketProxy(['/_ping'], "{ method: 'HEAD' }")).toEqual([200])
    })

    test('lets no other path, parameter or spelling near the engine', async () => {
      const container = `/containers/${ZEROS}`
      const paths = [
        '/',
        '/secrets',
        '/swarm',
        '/configs',
        '/nodes',
        '/services',
        '/tasks',
        '/plugins',
        '/containers',
        '/v1.41/version',
        '/VERSION',
        '//version',
        '/./version',
        '/version/',
        '/version/../secrets',
        '/containers/json/../../secrets',
        '/containers/%2e%2e/secrets',
        '/%76ersion',
        '/version?x=1',
        '/containers/json?size=1',
        '/containers/json?all=true&size=1',
        '/containers/json?all=true&filters=%7B%22label%22%3A%5B%22x%22%5D%7D',
        '/containers/busy/json',
        `/containers/${'0'.repeat(12)}/json`,
        `/containers/${'A'.repeat(64)}/json`,
        `${container}/json?size=1`,
        `${container}/archive?path=/`,
        `${container}/export`,
        `${container}/attach/ws?stdin=1&stream=1`,
        `${container}/checkpoints`,
        `${container}/stats`,
        `${container}/stats?stream=true`,
        `${container}/stats?stream=false&stream=true`,
        `${container}/stats?one-shot=true`,
        `${container}/logs`,
        `${container}/logs?stdout=true`,
        `${container}/logs?stdout=true&tail=1&details=1`,
        `${container}/logs?stdout=true&tail=1&until=1900000000`,
        `${container}/top?ps_args=-ef`,
        `${container}/top?ps_args=eww`,
        `${container}/top?ps_args=-ef%20e`,
        `${container}/top?ps_args=-eo%20pid%2Cenviron`,
        '/events',
        '/events?filters=%7B%22type%22%3A%5B%22secret%22%5D%7D',
        '/events?since=1',
        '/images/get?names=x',
        '/images/search?term=x',
        '/images/json?filters=x',
        '/images/json?all=true',
        '/images/busybox/get',
        '/images/busybox/json',
        '/images/busybox/history',
        '/networks/bridge',
        '/volumes/x',
        '/system/df?verbose=1',
        '/system/df?type=image',
        '/exec/0/json',
        '/distribution/busybox/json',
        '/build',
        '/session',
        '/grpc',
      ]
      const answers = await throughSocketProxy(paths)
      expect(paths.filter((_, i) => answers[i] !== 403)).toEqual([])
    })

    test('passes no method that could change something, no body and no upgrade', async () => {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])
        expect([method, await throughSocketProxy(['/version', '/containers/json'], `{ method: '${method}' }`)]).toEqual(
          [method, [403, 403]],
        )
      expect(await throughSocketProxy(['/info', '/containers/json'], "{ method: 'HEAD' }")).toEqual([403, 403])
      const upgrade = "{ headers: { Connection: 'Upgrade', Upgrade: 'tcp' } }"
      expect(await throughSocketProxy(['/version'], upgrade)).toEqual([403])
      expect(await throughSocketProxy(['/version'], "{ headers: { 'Content-Length': '1' } }")).toEqual([403])
      expect(await throughSocketProxy(['/version'], "{ headers: { 'Transfer-Encoding': 'chunked' } }")).toEqual([403])
    })

    test('logs refused requests, and no passed ones', async () => {
      const log = await deployment.compose(['logs', '--no-color', 'socket-proxy'])
      expect(log).toMatch(/ 403 GET \/secrets /)
      // A reader that breaks off the stream of events, as a test above does, is a failure to it.
      expect(log).not.toMatch(/ 200 GET \/(?!events CD)/)
    })
  })

  test('shows Traefik and Porthole as healthy', async () => {
    const health = async () =>
      Promise.all(
        (['traefik', 'porthole'] as const).map(async (part) => (await deployment.inspect(part)).State.Health.Status),
      )
    await within(HEALTHY_MS, health, (states) => states.every((state) => state === 'healthy'))
  })

  describe('when a part is killed', () => {
    const host = async () => (await deployment.ask('/api/hosts', { token: admin })).body.items[0]
    let busy: string

    beforeAll(async () => {
      busy = (await docker(['inspect', '--format', '{{.Id}}', 'busy'])).trim()
      admin = await tokenOf('witness')
    })

    test('the socket proxy: the last known is served as stale, and 503 only what needs the engine, until it is back', async () => {
      const before = (await deployment.ask('/api/containers', { token: admin })).body
      await deployment.compose(['kill', 'socket-proxy'])
      await within(STALE_MS, host, ({ state }) => state === 'stale')
      const list = await deployment.ask('/api/containers', { token: admin })
      expect(list.status).toBe(200)
      expect(list.body.items.length).toBe(before.items.length)
      expect(list.body.hosts[0].state).toBe('stale')
      expect((await deployment.ask('/api/stats', { token: admin })).status).toBe(200)
      const detail = await deployment.ask(`/api/containers/${busy}`, { token: admin })
      expect([detail.status, detail.body.code]).toEqual([503, 'engine-unavailable'])
      expect(Number(detail.headers['retry-after'])).toBeGreaterThan(0)
      expect((await deployment.ask('/health/ready')).status).toBe(503)
      expect((await deployment.ask('/health/live')).status).toBe(200)

      await deployment.compose(['start', 'socket-proxy'])
      await within(LIVE_MS, host, ({ state }) => state === 'live')
      expect((await deployment.ask(`/api/containers/${busy}`, { token: admin })).status).toBe(200)
      expect((await deployment.ask('/health/ready')).status).toBe(200)
    })

    test('Porthole: Traefik answers 502, and users, revoked tokens and the audit are there when it is back', async () => {
      const signedIn = await signIn()
      const revoked = await tokenOf('laptop')
      const { jti } = JSON.parse(Buffer.from(revoked.split('.')[1] ?? '', 'base64url').toString())
      const file = '/var/lib/porthole/access/revoked.txt'
      await deployment.admin(['token', 'revoke', '--file', file, '--jti', jti])
      const refused = () => deployment.ask('/api/auth/me', { token: revoked })
      await within(LIVE_MS, refused, ({ status }) => status === 401)
      const records = (await deployment.records()).length

      await deployment.compose(['kill', 'porthole'])
      const gone = await deployment.ask('/api/containers', { token: admin })
      expect([502, 504]).toContain(gone.status)
      expect(gone.headers['strict-transport-security']).toContain('max-age=')

      await deployment.compose(['start', 'porthole'])
      const back = () => deployment.ask('/health/ready')
      await within(BACK_MS, back, ({ status }) => status === 200)
      expect((await deployment.ask('/api/containers', { token: admin })).status).toBe(200)
      expect((await refused()).status).toBe(401)
      // Sessions live in the process.
      expect((await deployment.ask('/api/containers', { token: signedIn })).status).toBe(401)
      expect((await deployment.ask('/api/containers', { token: await signIn() })).status).toBe(200)
      expect((await deployment.records()).length).toBeGreaterThan(records)
      const verified = await deployment.admin(['audit', 'verify', '/var/lib/porthole/audit/audit.log'])
      expect(verified).toMatch(/\d/)
    })

    test('Traefik: no client is answered, and Porthole runs on', async () => {
      const { State } = await deployment.inspect('porthole')
      await deployment.compose(['kill', 'traefik'])
      await expect(deployment.ask('/health/live')).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/)
      const inside = "fetch('http://127.0.0.1:3000/health/ready').then((answer) => console.log(answer.status))"
      expect((await deployment.inside(inside)).trim()).toBe('200')
      await deployment.compose(['start', 'traefik'])
      await deployment.ready()
      expect((await deployment.inspect('porthole')).State.StartedAt).toBe(State.StartedAt)
    })
  })

  test('admits only the clients that .env names, and tells the others why', async () => {
    deployment.configure({ PORTHOLE_CLIENTS: '192.0.2.0/24,2001:db8::/32' })
    await deployment.compose(['up', '--no-build', '--detach'])
    const refusal = () => deployment.ask('/health/live').catch(() => null)
    await within(BACK_MS, refusal, (answer) => answer?.status === 403)
    expect((await refusal())?.headers['strict-transport-security']).toContain('max-age=')
    const { State } = await deployment.inspect('porthole')
    expect(State.Running).toBe(true)
  })
})
