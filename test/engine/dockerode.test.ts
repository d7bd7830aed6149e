import type { Engine } from '../../api/engine/engine.js'
import { ReadOnlyRefusal } from '../../api/engine/guard.js'
import { MAX_FILTER_IDS } from '../../api/engine/read-parameters.js'
import { answerRecorded, EngineRig, never } from '../support/engine-rig.js'
import { answerWith, startFaultServer } from '../support/fault-server.js'
import { JOB, WEB } from '../support/recorded-answers.js'

const rig = new EngineRig()
const start = rig.start.bind(rig)
afterEach(() => rig.stop())

describe('an engine through dockerode', () => {
  test('answers each question with one request, in our words', async () => {
    const { server, engine } = await start(answerRecorded)
    await engine.ping(never())
    expect(await engine.version(never())).toMatchObject({ version: '20.10.24+dfsg1', apiVersion: '1.41' })
    expect(await engine.info(never())).toMatchObject({ name: 'engine-host', cgroupVersion: '1' })
    expect((await engine.containers(null, never())).containers.map(({ name }) => name)).toEqual([
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
    const { server, engine } = await start(answerRecorded)
    expect(await engine.containers([], never())).toEqual({ containers: [], omitted: 0, isTruncated: false })
    expect(server.requests).toEqual([])
    await engine.containers([WEB, JOB], never())
    const filter = encodeURIComponent(JSON.stringify({ id: [WEB, JOB] }))
    expect(server.requests).toEqual([`GET /containers/json?all=true&filters=${filter} HTTP/1.1`])
    const many = [WEB, ...Array.from({ length: MAX_FILTER_IDS }, (_, i) => String(i).padStart(64, '0'))]
    expect((await engine.containers(many, never())).containers.map(({ id }) => id)).toEqual([WEB])
    expect(server.requests[1]).toBe('GET /containers/json?all=true HTTP/1.1')
  })

  test.each(['web', 'd6e57923ca68', '../../secrets?x=', WEB.toUpperCase(), ''])(
    'asks no engine about the id %j',
    async (id) => {
      const { server, engine } = await start(answerRecorded)
      await expect(engine.inspect(id, never())).rejects.toBeInstanceOf(ReadOnlyRefusal)
      await expect(engine.stats(id, never())).rejects.toBeInstanceOf(ReadOnlyRefusal)
      await expect(engine.containers([id], never())).rejects.toBeInstanceOf(ReadOnlyRefusal)
      expect(server.peak()).toBe(0)
    },
  )

  test('dials its endpoint, whatever the environment says', async () => {
    const other = await startFaultServer(answerRecorded, 'tcp')
    const environment = { DOCKER_HOST: `tcp://127.0.0.1:${other.port}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/x' }
    const before = { ...process.env }
    Object.assign(process.env, environment)
    try {
      const { server, engine } = await start(answerRecorded)
      await engine.ping(never())
      expect(server.requests).toHaveLength(1)
      expect(other.peak()).toBe(0)
    } finally {
      for (const name of Object.keys(environment)) {
        if (before[name] === undefined) delete process.env[name]
        else process.env[name] = before[name]
      }
      await other.close()
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
      else answerRecorded(socket, head)
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
    const { engine } = await start(answerRecorded)
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
    const { engine } = await start(answerRecorded)
    await engine.ping(never())
    engine.close()
    await expect(engine.ping(never())).rejects.toMatchObject({ code: 'engine-unavailable' })
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
    const { engine } = await start(answerRecorded)
    for (const call of [engine.top(WEB, never()), engine.changes(WEB, never())]) {
      await expect(call).rejects.toMatchObject({ code: 'container-not-found' })
    }
  })

  test('that does not run are a conflict for the processes alone', async () => {
    const { engine } = await start((socket) => socket.write(answerWith(409, '{"message":"is not running"}')))
    await expect(engine.top(WEB, never())).rejects.toMatchObject({ code: 'container-not-running' })
    await expect(engine.changes(WEB, never())).rejects.toMatchObject({ code: 'engine-bad-answer' })
  })

  test.each(['web', '../../secrets?x=', WEB.toUpperCase(), ''])('with the id %j are asked of no engine', async (id) => {
    const { server, engine } = await start(answerRecorded)
    for (const call of [engine.top(id, never()), engine.changes(id, never())]) {
      await expect(call).rejects.toBeInstanceOf(ReadOnlyRefusal)
    }
    expect(server.peak()).toBe(0)
  })
})
