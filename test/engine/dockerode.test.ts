import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDockerodeEngine, type DockerodeEngineOptions } from '../../api/engine/dockerode.js'
import type { Engine, LogRequest } from '../../api/engine/engine.js'
import { ReadOnlyRefusal } from '../../api/engine/guard.js'
import { MAX_FILTER_IDS } from '../../api/engine/read-parameters.js'
import type { ContainerEvent } from '../../api/model/container-event.js'
import type { LogLine } from '../../api/model/log-line.js'
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

async function start(
  answer: Answer,
  options?: DockerodeEngineOptions,
): Promise<{ server: FaultServer; engine: Engine }> {
  const server = await startFaultServer(answer)
  const engine = createDockerodeEngine(server.endpoint, options)
  opened.push(server, engine)
  return { server, engine }
}

const never = () => new AbortController().signal

/** Waits for what is about to happen, and fails where it does not. */
async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !isSo(); i += 1) await sleep(2)
  expect(isSo()).toBe(true)
}

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
    await until(() => server.connections() === 0)
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
    await until(() => server.connections() === 0)
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

/** The reads beside lists, inspects and statistics: what is asked, and an answer. */
const READS: [
  what: string,
  path: string,
  answer: string,
  read: (engine: Engine, signal: AbortSignal) => Promise<unknown>,
][] = [
  ['processes', `/containers/${WEB}/top`, '{"Titles":["PID"],"Processes":[["7"]]}', (engine, s) => engine.top(WEB, s)],
  ['changes', `/containers/${WEB}/changes`, '[{"Path":"/a","Kind":1}]', (engine, s) => engine.changes(WEB, s)],
  ['images', '/images/json', '[{"Id":"sha256:1"}]', (engine, s) => engine.images(s)],
  ['networks', '/networks', '[{"Id":"1","Name":"n"}]', (engine, s) => engine.networks(s)],
  ['volumes', '/volumes', '{"Volumes":[{"Name":"v"}],"Warnings":null}', (engine, s) => engine.volumes(s)],
  ['disk use', '/system/df', '{"LayersSize":7,"Images":null}', (engine, s) => engine.diskUse(s)],
]

describe.each(READS)('its %s', (what, path, answer, read) => {
  test('are one request without a parameter, in our words', async () => {
    const { server, engine } = await start((socket) => socket.write(answerWith(200, answer)))
    expect(await read(engine, never())).toMatchObject(
      {
        processes: { processes: [{ pid: 7, other: {} }] },
        changes: { changes: [{ path: '/a', kind: 'added' }] },
        images: [{ id: 'sha256:1', tags: [] }],
        networks: [{ id: '1', name: 'n' }],
        volumes: [{ name: 'v', labels: new Map() }],
        'disk use': { images: { count: 0, sizeBytes: 7 } },
      }[what] ?? {},
    )
    expect(server.requests).toEqual([`GET ${path} HTTP/1.1`])
  })

  test.each(['"hunter2"', '7', '[7]', '{"Titles":7,"Volumes":7,"Images":7}', 'hunter2', ''])(
    'that are %j are a bad answer',
    async (body) => {
      const { engine } = await start((socket) => socket.write(answerWith(200, body)))
      const fault = await read(engine, never()).catch((error: unknown) => error)
      expect(fault).toMatchObject({ code: 'engine-bad-answer' })
      expect(String(fault)).not.toContain('hunter2')
    },
  )

  test('that a proxy closes are blocked, and the switch is named', async () => {
    const { engine } = await start((socket) => socket.write(answerWith(403, '<html>403</html>')))
    const name = {
      images: 'IMAGES',
      networks: 'NETWORKS',
      volumes: 'VOLUMES',
      'disk use': 'SYSTEM',
    }[what]
    await expect(read(engine, never())).rejects.toMatchObject({
      code: 'engine-endpoint-blocked',
      detail: expect.stringContaining(`${name ?? 'CONTAINERS'}=1`),
    })
  })

  test('end by their signal', async () => {
    const { engine } = await start(() => {})
    const controller = new AbortController()
    const outcome = expect(read(engine, controller.signal)).rejects.toThrow('gone')
    controller.abort(new Error('gone'))
    await outcome
  })
})

describe('processes and changes of a container', () => {
  test('that is gone are not found', async () => {
    const { engine } = await start(recorded)
    for (const call of [engine.top(WEB, never()), engine.changes(WEB, never())]) {
      await expect(call).rejects.toMatchObject({ code: 'container-not-found' })
    }
  })

  test('that does not run are a conflict for the processes alone', async () => {
    const { engine } = await start((socket) => socket.write(answerWith(409, '{"message":"is not running"}')))
    await expect(engine.top(WEB, never())).rejects.toMatchObject({ code: 'container-not-running' })
    await expect(engine.changes(WEB, never())).rejects.toMatchObject({ code: 'engine-bad-answer' })
  })

  test.each(['web', '../../secrets?x=', WEB.toUpperCase(), ''])('with the id %j are asked of nobody', async (id) => {
    const { server, engine } = await start(recorded)
    for (const call of [engine.top(id, never()), engine.changes(id, never())]) {
      await expect(call).rejects.toBeInstanceOf(ReadOnlyRefusal)
    }
    expect(server.peak()).toBe(0)
  })
})

describe('its logs', () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
  const chunk = (data: Buffer) =>
    Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')])
  const TIME = '2026-11-24T02:48:57.123456789Z'

  const WHOLE: LogRequest = {
    tail: null,
    since: null,
    isTty: false,
    follow: false,
  }
  const FOLLOW: LogRequest = { ...WHOLE, tail: 0, follow: true }

  function frame(message: string, kind = 1): Buffer {
    const payload = Buffer.from(message)
    const header = Buffer.alloc(8)
    header.writeUInt8(kind, 0)
    header.writeUInt32BE(payload.length, 4)
    return Buffer.concat([header, payload])
  }

  const line = (message: string, kind = 1) => chunk(frame(`${TIME} ${message}\n`, kind))

  /** Answers with the pieces, then with the end of the answer unless it goes on. */
  function answer(pieces: readonly Buffer[], goesOn = false): Answer {
    return (socket) => {
      socket.write(head)
      for (const piece of pieces) socket.write(piece)
      if (!goesOn) socket.write('0\r\n\r\n')
    }
  }

  async function collect(
    engine: Engine,
    request: LogRequest = WHOLE,
    signal = never(),
    onLines = () => {},
  ): Promise<LogLine[]> {
    const lines: LogLine[] = []
    for await (const some of engine.logs(WEB, request, signal)) {
      lines.push(...some)
      if (some.length > 0) onLines()
    }
    return lines
  }

  /** What was given before the fault, and the fault. */
  async function faultOf(engine: Engine, request: LogRequest = WHOLE, signal = never(), onLines = () => {}) {
    const messages: string[] = []
    try {
      for await (const some of engine.logs(WEB, request, signal)) {
        messages.push(...some.map(({ message }) => message))
        if (some.length > 0) onLines()
      }
    } catch (fault) {
      return { messages, fault }
    }
    throw new Error(`ended after ${messages.length} lines`)
  }

  test('come as lines, with their secrets taken out', async () => {
    const lines = [line('a'), line('password=hunter2', 2)]
    const { engine } = await start(answer(lines))
    expect(await collect(engine)).toEqual([
      { time: TIME, stream: 'stdout', message: 'a', isCut: false, redactions: 0, parts: 1 },
      { time: TIME, stream: 'stderr', message: 'password=[redacted]', isCut: false, redactions: 1, parts: 1 },
    ])
  })

  test('show their secrets where the owner has said so', async () => {
    const { engine } = await start(answer([line('password=hunter2')]), { scrubLogs: false })
    expect(await collect(engine)).toMatchObject([{ message: 'password=hunter2', redactions: 0 }])
  })

  test('hide a key that begins in one chunk and ends in another, and no later reading is hidden by it', async () => {
    const key = ['-----BEGIN PRIVATE KEY-----', 'hunter2'].map((message) => line(message))
    const { engine } = await start(answer(key))
    for (let i = 0; i < 2; i += 1) {
      expect((await collect(engine)).map(({ message }) => message)).toEqual(['[redacted]', '[redacted]'])
    }
    const other = await start(answer([line('-----END PRIVATE KEY-----'), line('a')]))
    expect((await collect(other.engine)).map(({ message }) => message)).toEqual(['-----END PRIVATE KEY-----', 'a'])
  })

  test('of a terminal are no frames', async () => {
    const { engine } = await start(answer([chunk(Buffer.from(`${TIME} a\r\n${TIME} b`))]))
    expect(await collect(engine, { ...WHOLE, isTty: true })).toMatchObject([
      { time: TIME, message: 'a' },
      { time: TIME, message: 'b' },
    ])
  })

  test.each<[Partial<LogRequest>, string]>([
    [{}, 'follow=false&stdout=true&stderr=true&timestamps=true&tail=all'],
    [{ tail: 100 }, 'follow=false&stdout=true&stderr=true&timestamps=true&tail=100'],
    [{ tail: 0, follow: true }, 'follow=true&stdout=true&stderr=true&timestamps=true&tail=0'],
    [
      { since: '1795488537.123456789' },
      'follow=false&stdout=true&stderr=true&timestamps=true&tail=all&since=1795488537.123456789',
    ],
  ])('are asked for by %j as %s', async (request, query) => {
    const { server, engine } = await start(answer([]))
    expect(await collect(engine, { ...WHOLE, ...request })).toEqual([])
    expect(server.requests).toEqual([`GET /containers/${WEB}/logs?${query} HTTP/1.1`])
  })

  test.each(['web', '../../secrets?x=', WEB.toUpperCase(), ''])('of the id %j are asked of nobody', async (id) => {
    const { server, engine } = await start(recorded)
    for (const request of [WHOLE, FOLLOW]) {
      const first = engine.logs(id, request, never())[Symbol.asyncIterator]().next()
      await expect(first).rejects.toBeInstanceOf(ReadOnlyRefusal)
    }
    expect(server.peak()).toBe(0)
  })

  test.each([
    ['that are not followed', WHOLE],
    ['that are followed', FOLLOW],
  ])('%s begin with an empty batch, as soon as the engine has begun to answer', async (_name, request) => {
    const sockets: Socket[] = []
    const { engine } = await start((socket) => {
      socket.write(head)
      sockets.push(socket)
    })
    const batches = engine.logs(WEB, request, never())[Symbol.asyncIterator]()
    expect(await batches.next()).toEqual({ done: false, value: [] })
    sockets[0]?.write(line('a'))
    expect(await batches.next()).toMatchObject({ done: false, value: [{ message: 'a' }] })
    await batches.return?.()
  })

  test.each([
    [404, 'container-not-found'],
    [501, 'log-driver-unreadable'],
    [403, 'engine-endpoint-blocked'],
    [500, 'engine-bad-answer'],
    [503, 'engine-unavailable'],
  ])('answered with %i are %s, before any batch', async (status, code) => {
    const { engine } = await start((socket) => socket.write(answerWith(status, '{"message":"x"}')))
    for (const request of [WHOLE, FOLLOW]) {
      const first = engine.logs(WEB, request, never())[Symbol.asyncIterator]().next()
      await expect(first).rejects.toMatchObject({ code })
    }
  })

  const CUTS: [name: string, end: (socket: Socket) => void][] = [
    ['between frames', (socket) => socket.destroy()],
    ['within a frame', (socket) => socket.write(chunk(frame('hunter2').subarray(0, 10)), () => socket.destroy())],
    ['within a chunk', (socket) => socket.write('ff\r\nhunter2', () => socket.destroy())],
    ['by a chunk that is none', (socket) => void socket.write('zz\r\n')],
    ['by its end without the last chunk', (socket) => void socket.end()],
  ]

  /** An engine that has written a line, and may be cut once that is read. */
  async function startCut(end: (socket: Socket) => void) {
    const sockets: Socket[] = []
    const started = await start((socket) => {
      sockets.push(socket)
      socket.write(Buffer.concat([Buffer.from(head), line('a')]))
    })
    return { ...started, cutNow: () => sockets.forEach(end) }
  }

  test.each(CUTS)('that are not followed and are cut %s are no whole log', async (_name, end) => {
    const { server, engine, cutNow } = await startCut(end)
    const { messages, fault } = await faultOf(engine, WHOLE, never(), cutNow)
    expect(messages).toEqual(['a'])
    expect(fault).toMatchObject({ code: 'engine-bad-answer' })
    expect(String(fault)).not.toContain('hunter2')
    await until(() => server.connections() === 0)
  })

  test.each(CUTS)('that are followed and are cut %s end quietly', async (_name, end) => {
    const { engine, cutNow } = await startCut(end)
    expect(await collect(engine, FOLLOW, never(), cutNow)).toMatchObject([{ message: 'a' }])
  })

  test('that are followed end quietly where the container ends', async () => {
    const { engine } = await start(answer([line('a')]))
    expect(await collect(engine, FOLLOW)).toMatchObject([{ message: 'a' }])
  })

  test.each([
    ['that are not followed', WHOLE],
    ['that are followed', FOLLOW],
  ])('%s and are no frames are a bad answer, after the lines before', async (_name, request) => {
    const { server, engine } = await start(answer([line('a'), chunk(Buffer.from('hunter2 hunter2'))], true))
    const { messages, fault } = await faultOf(engine, request)
    expect(messages).toEqual(['a'])
    expect(fault).toMatchObject({ code: 'engine-bad-answer' })
    expect(String(fault)).not.toContain('hunter2')
    await until(() => server.connections() === 0)
  })

  test('that are not followed end by the deadline, after the lines that came', async () => {
    const { server, engine } = await start(answer([line('a')], true), { bulkDeadlineMs: 400 })
    const { messages, fault } = await faultOf(engine)
    expect(messages).toEqual(['a'])
    expect(fault).toMatchObject({ code: 'engine-timeout', message: expect.stringContaining('within 400 ms') })
    await until(() => server.connections() === 0)
  })

  test('that are not followed end by their signal with its reason, whenever it comes', async () => {
    const reason = new Error('gone')
    const { server, engine } = await start(answer([line('a')], true))
    expect(await faultOf(engine, WHOLE, AbortSignal.abort(reason))).toEqual({ messages: [], fault: reason })
    expect(server.peak()).toBe(0)
    const controller = new AbortController()
    const reading = faultOf(engine, WHOLE, controller.signal, () => controller.abort(reason))
    expect(await reading).toEqual({ messages: ['a'], fault: reason })
    const early = new AbortController()
    const silent = await start(() => early.abort(reason))
    expect(await faultOf(silent.engine, WHOLE, early.signal)).toEqual({ messages: [], fault: reason })
  })

  test('that are followed end quietly by their signal, whenever it comes', async () => {
    const { server, engine } = await start(answer([line('a')], true))
    expect(await collect(engine, FOLLOW, AbortSignal.abort())).toEqual([])
    expect(server.peak()).toBe(0)
    const controller = new AbortController()
    const reading = collect(engine, FOLLOW, controller.signal, () => controller.abort())
    expect(await reading).toMatchObject([{ message: 'a' }])
    const early = new AbortController()
    const silent = await start(() => early.abort())
    expect(await collect(silent.engine, FOLLOW, early.signal)).toEqual([])
  })

  test('that are followed are a bounded number, and close their connection when their reader stops', async () => {
    const { server, engine } = await start(answer([line('a')], true), { maxLogStreams: 1 })
    for (let i = 0; i < 3; i += 1) {
      for await (const some of engine.logs(WEB, FOLLOW, never())) {
        if (some.length === 0) {
          const second = engine.logs(WEB, FOLLOW, never())[Symbol.asyncIterator]().next()
          await expect(second).rejects.toMatchObject({ code: 'too-many-streams' })
        } else break
      }
      await until(() => server.connections() === 0)
    }
  })

  test('close their connection where their reader stops at the first batch', async () => {
    const { server, engine } = await start(answer([line('a')], true), { bulkSockets: 1 })
    for (const request of [WHOLE, FOLLOW, WHOLE]) {
      for await (const some of engine.logs(WEB, request, never())) {
        expect(some).toEqual([])
        break
      }
      await until(() => server.connections() === 0)
    }
  })

  test('closing the engine is a fault to their reader', async () => {
    for (const request of [WHOLE, FOLLOW]) {
      const { engine } = await start(answer([line('a')], true))
      const reading = faultOf(engine, request, never(), () => engine.close())
      expect(await reading).toMatchObject({ messages: ['a'], fault: { code: 'engine-unavailable' } })
    }
  })
})
