import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDockerodeEngine } from '../../api/engine/dockerode.js'
import type { Engine } from '../../api/engine/engine.js'
import { MAX_FILTER_IDS, ReadOnlyRefusal } from '../../api/engine/guard.js'
import type { TransportOptions } from '../../api/engine/transport.js'
import type { ContainerEvent } from '../../api/model/container-event.js'
import { type Answer, answerWith, type FaultServer, startFaultServer } from '../support/fault-server.js'

const WEB = 'd6e57923ca687b6c5d31655b3e2f6f2e68d6852890c159ade6040959a16cd102'
const JOB = 'a00627a88ece5bbb320097fe2d75a2d81d88cc981c14fd4f57361576ea196b20'

const opened: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

function fixture(name: string): string {
  return readFileSync(join(__dirname, '../fixtures', name), 'utf8')
}

/** Docker 20.10 as it was recorded. */
const RECORDED: Readonly<Record<string, string>> = {
  '/version': fixture('docker-20.10-version.json'),
  '/info': fixture('docker-20.10-info.json'),
  '/containers/json': fixture('docker-20.10-list.json'),
  [`/containers/${WEB}/json`]: fixture('docker-20.10-inspect.json'),
  [`/containers/${WEB}/stats`]: fixture('docker-20.10-cgroup1-stats-one-shot.json'),
  [`/containers/${JOB}/stats`]: fixture('docker-20.10-stats-exited.json'),
}

function recorded(socket: Socket, head: string): void {
  const path = /^GET ([^? ]+)/.exec(head)?.[1] ?? ''
  const body = RECORDED[path]
  if (path === '/_ping') socket.write(answerWith(200, 'OK', 'text/plain'))
  else if (body !== undefined) socket.write(answerWith(200, body))
  else socket.write(answerWith(404, '{"message":"No such container"}'))
}

async function start(answer: Answer, options?: TransportOptions): Promise<{ server: FaultServer; engine: Engine }> {
  const server = await startFaultServer(answer)
  const engine = createDockerodeEngine(server.endpoint, options)
  opened.push(server, engine)
  return { server, engine }
}

const never = () => new AbortController().signal

describe('an engine through dockerode', () => {
  test('answers each question with one request, in our words', async () => {
    const { server, engine } = await start(recorded)
    await engine.ping(never())
    expect(await engine.version(never())).toMatchObject({ version: '20.10.24+dfsg1', apiVersion: '1.41' })
    expect(await engine.info(never())).toMatchObject({ name: 'engine-host', cgroupVersion: '1' })
    expect((await engine.containers(null, never())).map(({ name }) => name)).toEqual([
      'shop-host',
      'shop-job',
      'shop-web',
    ])
    expect(await engine.inspect(WEB, never())).toMatchObject({ id: WEB, health: 'healthy' })
    expect(await engine.stats(WEB, never())).toMatchObject({ memoryUsedBytes: expect.any(Number), cores: 2 })
    expect(await engine.stats(JOB, never())).toBeNull()
    expect(server.requests).toEqual([
      'GET /_ping HTTP/1.1',
      'GET /version HTTP/1.1',
      'GET /info HTTP/1.1',
      'GET /containers/json?all=true HTTP/1.1',
      `GET /containers/${WEB}/json HTTP/1.1`,
      `GET /containers/${WEB}/stats?stream=false&one-shot=true HTTP/1.1`,
      `GET /containers/${JOB}/stats?stream=false&one-shot=true HTTP/1.1`,
    ])
  })

  test('asks for containers by full id, and for all where they are too many for a filter', async () => {
    const { server, engine } = await start(recorded)
    expect(await engine.containers([], never())).toEqual([])
    expect(server.requests).toEqual([])
    await engine.containers([WEB, JOB], never())
    const filter = encodeURIComponent(JSON.stringify({ id: [WEB, JOB] }))
    expect(server.requests).toEqual([`GET /containers/json?all=true&filters=${filter} HTTP/1.1`])
    const many = [WEB, ...Array.from({ length: MAX_FILTER_IDS }, (_, i) => String(i).padStart(64, '0'))]
    expect((await engine.containers(many, never())).map(({ id }) => id)).toEqual([WEB])
    expect(server.requests[1]).toBe('GET /containers/json?all=true HTTP/1.1')
  })

  test.each(['web', 'd6e57923ca68', '../../secrets?x=', WEB.toUpperCase(), ''])(
    'asks nobody about the id %j',
    async (id) => {
      const { server, engine } = await start(recorded)
      await expect(engine.inspect(id, never())).rejects.toBeInstanceOf(ReadOnlyRefusal)
      await expect(engine.stats(id, never())).rejects.toBeInstanceOf(ReadOnlyRefusal)
      await expect(engine.containers([id], never())).rejects.toBeInstanceOf(ReadOnlyRefusal)
      expect(server.peak()).toBe(0)
    },
  )

  test('goes where it was told to, whatever the environment says', async () => {
    const other = await startFaultServer(recorded, 'tcp')
    opened.push(other)
    const environment = { DOCKER_HOST: `tcp://127.0.0.1:${other.port}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/x' }
    const before = { ...process.env }
    Object.assign(process.env, environment)
    try {
      const { server, engine } = await start(recorded)
      await engine.ping(never())
      expect(server.requests).toHaveLength(1)
      expect(other.peak()).toBe(0)
    } finally {
      for (const name of Object.keys(environment)) {
        if (before[name] === undefined) delete process.env[name]
        else process.env[name] = before[name]
      }
    }
  })

  test.each([
    ['an object in place of a list', '/containers/json', '{"message":"x"}'],
    ['null in place of a list', '/containers/json', 'null'],
    ['a list in place of an inspect', `/containers/${WEB}/json`, '[]'],
    ['null in place of an inspect', `/containers/${WEB}/json`, 'null'],
    ['text in place of statistics', `/containers/${WEB}/stats`, '"x"'],
    ['a list in place of a version', '/version', '[]'],
    ['null in place of an info', '/info', 'null'],
    ['a page in place of a ping', '/_ping', '<html>It works!</html>'],
    ['nothing in place of a ping', '/_ping', ''],
  ])('that answers %s is a bad one', async (_name, path, body) => {
    const { engine } = await start((socket, head) => {
      if (head.startsWith(`GET ${path}`)) socket.write(answerWith(200, body))
      else recorded(socket, head)
    })
    const calls: Readonly<Record<string, () => Promise<unknown>>> = {
      '/_ping': () => engine.ping(never()),
      '/version': () => engine.version(never()),
      '/info': () => engine.info(never()),
      '/containers/json': () => engine.containers(null, never()),
      [`/containers/${WEB}/json`]: () => engine.inspect(WEB, never()),
      [`/containers/${WEB}/stats`]: () => engine.stats(WEB, never()),
    }
    await expect(calls[path]?.()).rejects.toMatchObject({ code: 'engine-bad-answer' })
  })

  test('that does not know a container says so', async () => {
    const { engine } = await start(recorded)
    const unknown = '0'.repeat(64)
    await expect(engine.inspect(unknown, never())).rejects.toMatchObject({ code: 'container-not-found' })
    await expect(engine.stats(unknown, never())).rejects.toMatchObject({ code: 'container-not-found' })
  })

  test('each question ends by its signal', async () => {
    const { engine } = await start(() => {})
    const controller = new AbortController()
    const { signal } = controller
    const calls = [
      engine.ping(signal),
      engine.version(signal),
      engine.info(signal),
      engine.containers(null, signal),
      engine.containers([WEB], signal),
      engine.inspect(WEB, signal),
      engine.stats(WEB, signal),
    ]
    const outcomes = Promise.allSettled(calls)
    controller.abort(new Error('gone'))
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { message: 'gone' } })
  })

  test('that is closed answers nothing more', async () => {
    const { engine } = await start(recorded)
    await engine.ping(never())
    engine.close()
    await expect(engine.ping(never())).rejects.toMatchObject({ code: 'engine-unavailable' })
  })
})

describe('its events', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n'
  const chunk = (data: string | Buffer) =>
    Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), Buffer.from(data), Buffer.from('\r\n')])
  const event = (action: string) => `{"Type":"container","Action":"${action}","Actor":{"ID":"${WEB}"},"timeNano":7}\n`

  async function collect(engine: Engine, signal: AbortSignal = never()): Promise<string[]> {
    const actions: string[] = []
    for await (const { action } of engine.events(null, signal, () => actions.push('(open)'))) actions.push(action)
    return actions
  }

  test('come as they are streamed, after the subscription is accepted', async () => {
    const { server, engine } = await start((socket) => {
      socket.write(head)
      for (const line of fixture('docker-20.10-events.ndjson').trim().split('\n')) socket.write(chunk(`${line}\n`))
      socket.end('0\r\n\r\n')
    })
    expect(await collect(engine)).toEqual([
      '(open)',
      'exec_create',
      'exec_start',
      'exec_die',
      'kill',
      'kill',
      'die',
      'stop',
      'start',
      'restart',
      'kill',
      'die',
      'destroy',
      'exec_create',
      'exec_start',
      'exec_die',
    ])
    expect(server.requests).toEqual(['GET /events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D HTTP/1.1'])
  })

  test('the subscription is open before anything happens', async () => {
    const { engine } = await start((socket) => socket.write(head))
    const controller = new AbortController()
    const isOpen = new Promise<void>((resolve) => {
      void engine
        .events(null, controller.signal, () => resolve())
        [Symbol.asyncIterator]()
        .next()
    })
    await isOpen
    controller.abort()
  })

  test('may be cut anywhere within a line and a character', async () => {
    const bytes = Buffer.from(event('start').replace('"Actor"', '"from":"\u00fc\u{1f433}","Actor"') + event('die'))
    const { engine } = await start((socket) => {
      socket.write(head)
      for (const byte of bytes) socket.write(chunk(Buffer.of(byte)))
      socket.end('0\r\n\r\n')
    })
    expect(await collect(engine)).toEqual(['(open)', 'start', 'die'])
  })

  test('leave out what is not about a container', async () => {
    const { engine } = await start((socket) => {
      socket.write(head)
      socket.write(chunk(`{"Type":"network","Action":"create"}\n\n${event('die')}`))
      socket.end('0\r\n\r\n')
    })
    expect(await collect(engine)).toEqual(['(open)', 'die'])
  })

  test('end quietly where the connection is cut: who subscribes anew learns the rest', async () => {
    const { engine } = await start((socket) => {
      socket.write(head)
      socket.write(chunk(event('die')), () => socket.destroy())
    })
    expect(await collect(engine)).toEqual(['(open)', 'die'])
  })

  test('end quietly by their signal, before and after they are open', async () => {
    const { server, engine } = await start((socket) => socket.write(head))
    expect(await collect(engine, AbortSignal.abort())).toEqual([])
    expect(server.peak()).toBe(0)
    const controller = new AbortController()
    const reading = collect(engine, controller.signal)
    await sleep(20)
    controller.abort()
    expect(await reading).toEqual(['(open)'])
    await sleep(5)
    expect(server.connections()).toBe(0)
  })

  test('end quietly by their signal while the engine is silent', async () => {
    const { engine } = await start(() => {})
    const controller = new AbortController()
    const reading = collect(engine, controller.signal)
    await sleep(10)
    controller.abort()
    expect(await reading).toEqual([])
  })

  test.each([
    ['no JSON', 'hunter2\n'],
    ['no event', '[]\n'],
  ])('with a line that is %s are a bad answer', async (_name, line) => {
    const { server, engine } = await start((socket) => {
      socket.write(head)
      socket.write(chunk(event('die') + line))
    })
    const fault = await collect(engine).catch((error: unknown) => error)
    expect(fault).toMatchObject({ code: 'engine-bad-answer' })
    expect(String(fault)).not.toContain('hunter2')
    await sleep(5)
    expect(server.connections()).toBe(0)
  })

  test('with a line without end are a bad answer', async () => {
    const { engine } = await start((socket) => {
      socket.write(head)
      const pour = () => {
        while (!socket.destroyed && socket.write(chunk('x'.repeat(65_536))));
      }
      socket.on('drain', pour)
      pour()
    })
    await expect(collect(engine)).rejects.toMatchObject({
      code: 'engine-bad-answer',
      message: expect.stringContaining('longer than 1048576 bytes'),
    })
  })

  test('that a proxy closes are blocked, and nothing opens', async () => {
    const { engine } = await start((socket) => socket.write(answerWith(403, '<html>403</html>')))
    let isOpen = false
    const events = engine.events(null, never(), () => {
      isOpen = true
    })
    await expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'engine-endpoint-blocked',
      detail: expect.stringContaining('EVENTS=1'),
    })
    expect(isOpen).toBe(false)
  })

  test('close their connection when their reader stops', async () => {
    const { server, engine } = await start((socket) =>
      socket.write(Buffer.concat([Buffer.from(head), chunk(event('die'))])),
    )
    const seen: ContainerEvent[] = []
    for await (const one of engine.events(null, never(), () => {})) {
      seen.push(one)
      break
    }
    expect(seen).toMatchObject([{ containerId: WEB, action: 'die', timeNano: '7' }])
    await sleep(10)
    expect(server.connections()).toBe(0)
  })

  test('closing the engine is a fault to their reader', async () => {
    const { engine } = await start((socket) => socket.write(head))
    const reading = collect(engine)
    const outcome = expect(reading).rejects.toMatchObject({ code: 'engine-unavailable' })
    await sleep(20)
    engine.close()
    await outcome
  })
})
