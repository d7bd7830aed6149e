import { createRequire } from 'node:module'
import { PassThrough, Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import Docker from 'dockerode'
import { ReadOnlyRefusal } from '../../api/engine/guard.js'
import { type DialCallback, ReadOnlyTransport } from '../../api/engine/transport.js'
import { answerWith, type FaultServer, startFaultServer } from '../support/fault-server.js'

const ID = 'a1'.repeat(32)

/** All that may ever arrive at an engine, written down without a look at the guard. */
const CLOSED_LIST = [
  /^(?:GET|HEAD) \/_ping$/,
  /^GET \/version$/,
  /^GET \/info$/,
  /^GET \/containers\/json(?:\?all=true)?$/,
  /^GET \/containers\/json\?(?:all=true&)?filters=%7B%22id%22%3A%5B(?:%22[0-9a-f]{64}%22(?:%2C)?)+%5D%7D$/,
  /^GET \/containers\/[0-9a-f]{64}\/json$/,
  /^GET \/containers\/[0-9a-f]{64}\/stats\?stream=false(?:&one-shot=true)?$/,
  /^GET \/events\?filters=%7B%22type%22%3A%5B%22container%22%5D%7D(?:&since=[0-9.]+)?$/,
  /^GET \/containers\/[0-9a-f]{64}\/(?:top|changes)$/,
  /^GET \/containers\/[0-9a-f]{64}\/logs\?(?:follow=(?:true|false)&)?stdout=true&tail=\d+$/,
  /^GET \/(?:images\/json|networks|volumes|system\/df)$/,
]

type Method = (...args: unknown[]) => unknown

/** Classes as dockerode loads them: a release that adds one, or a method, is walked without a change here. */
const CLASS_FILES = [
  'docker',
  'container',
  'image',
  'volume',
  'network',
  'service',
  'plugin',
  'secret',
  'config',
  'task',
  'node',
  'exec',
] as const

/** Methods that make an object or read a stream, and ask no engine for anything. */
const ASK_NOTHING = new Set(['docker.followProgress', ...factories()])

function factories(): string[] {
  const made = [
    'Container',
    'Image',
    'Volume',
    'Plugin',
    'Service',
    'Task',
    'Node',
    'Network',
    'Secret',
    'Config',
    'Exec',
  ]
  return made.map((name) => `docker.get${name}`)
}

interface Dialled {
  readonly by: string
  readonly request: string
  readonly outcome: 'refused' | 'sent'
}

/** Our transport, noting who dials what and whether it was refused. */
class WatchedTransport extends ReadOnlyTransport {
  readonly dialled: Dialled[] = []
  by = ''

  override dial(options: unknown, callback: DialCallback): void {
    const { method, path } = options as { method: string; path: string }
    const { by } = this
    super.dial(options, (error, value) => {
      this.dialled.push({
        by,
        request: `${method} ${path}`,
        outcome: error instanceof ReadOnlyRefusal ? 'refused' : 'sent',
      })
      try {
        callback(error, value)
      } catch {
        // The walk hands over an object where a callback belongs, too.
      }
    })
  }
}

/** What a caller might hand to any method; each is tried with a promise and with a callback. */
function argumentLists(): unknown[][] {
  const options = {
    fromImage: 'x',
    name: 'x',
    repo: 'x',
    path: '/',
    term: 'x',
    Image: 'x',
    Cmd: ['sh'],
    stream: true,
    stdin: true,
    stdout: true,
    hijack: true,
    Tty: false,
    follow: true,
    all: true,
    size: true,
    force: true,
    filters: { id: [ID] },
    authconfig: { key: 'x' },
    abortSignal: new AbortController().signal,
  }
  const tar = () => Readable.from([Buffer.from('x')])
  return [
    [],
    [{}],
    [{ ...options }],
    ['x', {}],
    ['x', { ...options }],
    [tar(), {}],
    [tar(), { ...options }],
    [tar(), { t: 'x', version: '2' }],
    [{ username: 'x' }, { ...options }],
    [{ stream: false }],
    [{ stream: false, 'one-shot': true }],
    [{ filters: { type: ['container'] } }],
    [{ stdout: true, tail: 10 }],
    [{ follow: true, stdout: true, tail: 10 }],
    ['x', ['sh', '-c', 'true'], new PassThrough(), { ...options }, {}],
  ]
}

describe('dockerode through our transport', () => {
  let server: FaultServer
  let transport: WatchedTransport

  beforeAll(async () => {
    // dockerode prints that container.copy is deprecated.
    jest.spyOn(console, 'log').mockImplementation(() => {})
    server = await startFaultServer((socket) => socket.write(answerWith(200, '{"Id":"x"}')))
    transport = new WatchedTransport(server.endpoint)
  })
  afterAll(async () => {
    jest.restoreAllMocks()
    transport.close()
    await server.close()
  })

  const load = createRequire(__filename)

  function methodsOf(file: string): [name: string, call: Method][] {
    const { prototype } = load(`dockerode/lib/${file}`) as { prototype: Record<string, Method> }
    return Object.keys(prototype)
      .filter((name) => typeof prototype[name] === 'function')
      .map((name) => [name, prototype[name] as Method])
  }

  function instanceOf(file: string, id: string): object {
    if (file === 'docker') return new Docker({ modem: transport } as Docker.DockerOptions)
    const Class = load(`dockerode/lib/${file}`) as new (modem: unknown, id: string) => object
    return new Class(transport, id)
  }

  /** Lets a call end, however it ends: what arrived at the server is what counts. */
  async function attempt(target: object, call: Method, args: unknown[]): Promise<void> {
    try {
      const pending = call.apply(target, args)
      if (pending instanceof Promise) await Promise.race([pending, sleep(50)])
    } catch {
      // Refused, or not meant to be called so.
    }
  }

  async function walk(file: string, id: string): Promise<void> {
    for (const [name, call] of methodsOf(file)) {
      if (ASK_NOTHING.has(`${file}.${name}`)) continue
      transport.by = `${file}.${name}`
      for (const args of argumentLists()) {
        await attempt(instanceOf(file, id), call, [...args])
        await attempt(instanceOf(file, id), call, [...args, () => {}])
      }
      // Callbacks come in a turn of their own.
      await sleep(1)
    }
  }

  test.each(CLASS_FILES)('every method of %s, with every kind of argument', async (file) => {
    const before = transport.dialled.length
    for (const id of [ID, 'web', '../../secrets?x=', `${ID}/export?`]) await walk(file, id)
    const dialled = transport.dialled.slice(before)
    expect(dialled.length).toBeGreaterThan(0)
    const reached = new Set(dialled.map(({ by }) => by))
    const missed = methodsOf(file)
      .map(([name]) => `${file}.${name}`)
      .filter((name) => !reached.has(name) && !ASK_NOTHING.has(name))
    expect(missed).toEqual([])
  })

  test('nothing has arrived that is not on the closed list', () => {
    const arrived = [...new Set(server.requests.map((line) => line.replace(/ HTTP\/1\.1$/, '')))].sort()
    expect(arrived.filter((request) => !CLOSED_LIST.some((allowed) => allowed.test(request)))).toEqual([])
    // The walk was no walk in the dark: these did get through.
    expect(arrived).toEqual([
      'GET /_ping',
      `GET /containers/${ID}/changes`,
      `GET /containers/${ID}/json`,
      `GET /containers/${ID}/logs?follow=true&stdout=true&tail=10`,
      `GET /containers/${ID}/logs?stdout=true&tail=10`,
      `GET /containers/${ID}/stats?stream=false`,
      `GET /containers/${ID}/stats?stream=false&one-shot=true`,
      `GET /containers/${ID}/top`,
      'GET /containers/json',
      'GET /events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D',
      'GET /images/json',
      'GET /info',
      'GET /networks',
      'GET /system/df',
      'GET /version',
      'GET /volumes',
    ])
    expect(server.received()).not.toMatch(/upgrade|x-registry|content-length|transfer-encoding/i)
  })

  test('whatever writes, and whatever reads too much, was asked for and refused', () => {
    const refused = new Set(
      transport.dialled.filter(({ outcome }) => outcome === 'refused').map(({ request }) => request),
    )
    const sent = transport.dialled.filter(({ outcome }) => outcome === 'sent').map(({ request }) => request)
    for (const request of [
      'POST /containers/create?',
      'POST /images/create?',
      'POST /build?',
      'POST /swarm/init',
      'POST /volumes/prune?',
      'POST /session',
      `POST /containers/${ID}/start?`,
      `POST /containers/${ID}/stop?`,
      `POST /containers/${ID}/kill?`,
      `POST /containers/${ID}/exec`,
      `POST /containers/${ID}/attach?`,
      `DELETE /containers/${ID}?`,
      `PUT /containers/${ID}/archive?`,
      `GET /containers/${ID}/archive?`,
      `HEAD /containers/${ID}/archive?`,
      `GET /containers/${ID}/export`,
      `GET /containers/${ID}/logs?`,
      `POST /exec/${ID}/start`,
      'GET /swarm',
      'GET /secrets?',
      `GET /images/${ID}/get`,
      'GET /containers/web/json?',
      'GET /containers/../../secrets?x=/json?',
    ]) {
      expect(refused).toContain(request)
    }
    expect(refused.size).toBeGreaterThan(200)
    expect(sent.every((request) => request.startsWith('GET '))).toBe(true)
  })
})
