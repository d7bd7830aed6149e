import { describeReal, docker, FIXTURE_IMAGE, realEngine } from '../support/dockerd.js'
import { type EngineService, serveEngine, unixEndpoint } from '../support/engine-service.js'
import { eventually } from '../support/eventually.js'
import { type SocketProxy, startSocketProxy } from '../support/haproxy.js'
import { tokenFor } from '../support/tokens.js'

const PATIENCE_MS = 30_000
const SLOW_MS = 10_000

/** The events of a stream so far, as data that was parsed. */
async function follow(service: EngineService, path: string) {
  const controller = new AbortController()
  const answer = await fetch(`${service.url}${path}`, {
    headers: { authorization: `Bearer ${tokenFor()}` },
    signal: controller.signal,
  })
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
  const events: { event: string; data: any }[] = []
  let isOpen = true
  const reading = (async () => {
    let text = ''
    try {
      for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += chunk
        const blocks = text.split('\n\n')
        text = blocks.pop() ?? ''
        for (const block of blocks) {
          const event = /^event: (.*)$/m.exec(block)?.[1]
          const data = /^data: (.*)$/m.exec(block)?.[1]
          if (event !== undefined) events.push({ event, data: JSON.parse(data ?? 'null') })
        }
      }
    } catch {
      // Closed by the test.
    }
    isOpen = false
  })()
  const close = async () => {
    controller.abort()
    await reading
  }
  return { status: answer.status, events, isOpen: () => isOpen, close }
}

function readings(metrics: string, host: string): number {
  return Number(new RegExp(`calls_total\\{host="${host}",call="stats",result="ok"\\} (\\d+)`).exec(metrics)?.[1] ?? 0)
}

describeReal('the live view of a real engine, seen twice: by its socket and through a real proxy', () => {
  let service: EngineService
  let proxy: SocketProxy

  beforeAll(async () => {
    proxy = await startSocketProxy({ engineSocket: realEngine().socketPath, config: 'tecnativa' })
    service = await serveEngine(unixEndpoint(realEngine().socketPath), {
      hosts: [
        { id: 'socket', endpoint: unixEndpoint(realEngine().socketPath), labels: { way: 'socket' } },
        { id: 'proxy', endpoint: { kind: 'tcp', host: '127.0.0.1', port: proxy.port }, labels: {} },
      ],
      sampling: { intervalMs: SLOW_MS, historyMs: 3_600_000 },
    })
    await eventually(
      () => service.items('/api/hosts'),
      (hosts) => hosts.every(({ state }) => state === 'live'),
      PATIENCE_MS,
    )
  }, 2 * PATIENCE_MS)
  afterAll(async () => {
    await service.stop()
    await proxy.stop()
  })

  const metrics = async () => {
    const answer = await fetch(`${service.url}/metrics`, { headers: { authorization: `Bearer ${tokenFor()}` } })
    return answer.text()
  }

  test('shows each container of both, and distinguishes those with one id', async () => {
    const ids = (await docker(['ps', '-aq', '--no-trunc'])).trim().split('\n')
    const isWhole = (items: readonly unknown[]) => items.length === 2 * ids.length
    await eventually(() => service.items('/api/containers'), isWhole, PATIENCE_MS)
    const [busy] = await service.items('/api/containers?name=busy&host=proxy')
    const path = `/api/containers/${busy.id}`
    expect((await service.get(path)).body).toMatchObject({ status: 409, code: 'ambiguous-container-id' })
    for (const host of ['socket', 'proxy'])
      expect((await service.get(`${path}?host=${host}`)).body).toMatchObject({ id: busy.id, name: 'busy', host })
    expect((await service.items('/api/hosts')).map(({ id, labels }) => [id, labels])).toEqual([
      ['socket', { way: 'socket' }],
      ['proxy', {}],
    ])
  })

  test(
    'reads streamed containers at their pace, and all others slowly, and holds the samples',
    async () => {
      const [busy] = await service.items('/api/containers?name=busy&host=socket')
      const path = `/api/containers/${busy.id}/stats`
      await eventually(
        async () => (await service.get(`${path}?host=socket`)).body.cpu.percent,
        (percent) => percent !== null,
        PATIENCE_MS,
      )
      const startedAt = Date.now()
      const stream = await follow(service, `${path}/stream?host=socket&interval=1`)
      expect(stream.status).toBe(200)
      await eventually(
        () => stream.events.length,
        (count) => count >= 8,
        PATIENCE_MS,
      )
      const tookSeconds = (Date.now() - startedAt) / 1_000
      // An engine of version 20 takes 1 to 2 s for each; at the slow pace these would have been 80 s.
      expect(tookSeconds).toBeLessThan(25)
      for (const { data } of stream.events.slice(-3)) {
        expect(data.intervalSeconds).toBeLessThan(5)
        expect(data.cpu.percent).toBeGreaterThan(1)
      }
      await stream.close()
      const { body: history } = await service.get(`${path}/history?host=socket`)
      const streamed = stream.events.map(({ data }) => data.sampledAt)
      for (const sampledAt of streamed) expect(history.times).toContain(sampledAt)
      expect(history.cpu.percent).toHaveLength(history.times.length)
      const again = (await service.get(`${path}/history?host=socket&since=${streamed.at(-1)}`)).body
      expect(again.times).not.toContain(streamed.at(-1))
      const other = (await service.get(`${path}/history?host=proxy`)).body
      expect(other.times.length).toBeLessThan(history.times.length)
    },
    3 * PATIENCE_MS,
  )

  test(
    'asks the engine no more for twenty watchers than for one',
    async () => {
      const during = async (watchers: number) => {
        const streams = await Promise.all(
          Array.from({ length: watchers }, () => follow(service, '/api/stats/stream?host=proxy&interval=2')),
        )
        await new Promise((resolve) => setTimeout(resolve, 3_000))
        const before = readings(await metrics(), 'proxy')
        await new Promise((resolve) => setTimeout(resolve, 10_000))
        const asked = readings(await metrics(), 'proxy') - before
        for (const { close } of streams) await close()
        return asked
      }
      const [one, twenty] = [await during(1), await during(20)]
      expect(one).toBeGreaterThan(0)
      expect(twenty).toBeLessThanOrEqual(one * 1.2 + 2)
    },
    2 * PATIENCE_MS,
  )

  test(
    'ends a stream with its container, and begins again with the next run',
    async () => {
      const name = 'live-view'
      await docker(['rm', '-f', name]).catch(() => {})
      await docker(['run', '-d', '--name', name, '--network', 'none', FIXTURE_IMAGE, 'sleep', '1000'])
      const look = async () => (await service.items(`/api/containers?name=${name}&host=socket`))[0]
      await eventually(look, (item) => item?.state === 'running', PATIENCE_MS)
      const { id } = await look()
      const path = `/api/containers/${id}/stats`
      await eventually(
        async () => (await service.get(`${path}?host=socket`)).body.intervalSeconds,
        (seconds) => seconds !== null,
        PATIENCE_MS,
      )
      const stream = await follow(service, `${path}/stream?host=socket&interval=1`)
      await docker(['kill', name])
      await eventually(stream.isOpen, (isOpen) => !isOpen, PATIENCE_MS)
      expect(stream.events.at(-1)).toEqual({ event: 'end', data: { code: 'container-not-running' } })
      const past = (await service.get(`${path}/history?host=socket`)).body.times
      expect(past.length).toBeGreaterThan(0)

      await docker(['start', name])
      const sample = async () => (await service.get(`${path}?host=socket`)).body
      await eventually(sample, ({ sampledAt }) => sampledAt != null, PATIENCE_MS)
      expect(await sample()).toMatchObject({ intervalSeconds: null, cpu: { percent: null } })
      expect((await service.get(`${path}/history?host=socket`)).body.times.slice(0, past.length)).toEqual(past)
      await docker(['rm', '-f', name])
      await eventually(
        async () => (await service.get(`${path}/history?host=socket`)).status,
        (status) => status === 404,
        PATIENCE_MS,
      )
    },
    4 * PATIENCE_MS,
  )
})
