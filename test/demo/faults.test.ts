import { type Endpoint, type Fault, SimulatedEngine } from '../../demo/engine.js'
import { eventually } from '../support/eventually.js'
import { ask, askJson, openStream, type RawAnswer } from '../support/raw-client.js'

/** Milliseconds after which an event counts as absent. */
const SOON_MS = 60

const PATIENCE_MS = 5_000
const PATHS: Readonly<Record<Endpoint, string>> = {
  ping: '/_ping',
  version: '/version',
  info: '/info',
  list: '/containers/json',
  inspect: '/containers/shop-web-1/json',
  stats: '/containers/shop-web-1/stats?stream=false',
  events: '/events?since=1&until=2',
  logs: '/containers/shop-web-1/logs?stdout=1&tail=3',
  top: '/containers/shop-web-1/top',
  images: '/images/json',
  networks: '/networks',
  volumes: '/volumes',
  disk: '/system/df',
  changes: '/containers/shop-web-1/changes',
}
const ENDPOINTS = Object.keys(PATHS) as Endpoint[]

let engine: SimulatedEngine

beforeEach(async () => {
  engine = new SimulatedEngine({ statsDelayMs: 5, diskDelayMs: 5 })
  await engine.start()
})
afterEach(() => engine.stop())

function askWith(endpoint: Endpoint, fault: Fault): Promise<RawAnswer> {
  engine.setFault(endpoint, fault)
  return ask(engine, PATHS[endpoint])
}

function pending(promise: Promise<unknown>): Promise<boolean> {
  const soon = new Promise<boolean>((resolve) => setTimeout(() => resolve(true), SOON_MS))
  return Promise.race([promise.then(() => false), soon])
}

test.each(ENDPOINTS)('a fault of %s affects only that endpoint, and null repairs it', async (endpoint) => {
  engine.setFault(endpoint, { kind: 'status', status: 503 })
  for (const each of ENDPOINTS) expect((await ask(engine, PATHS[each])).status).toBe(each === endpoint ? 503 : 200)
  engine.setFault(endpoint, null)
  expect((await ask(engine, PATHS[endpoint])).status).toBe(200)
})

test('a fault of all affects every path, unless an endpoint has its own, and null repairs everything', async () => {
  engine.setFault('all', { kind: 'status', status: 502 })
  engine.setFault('list', { kind: 'json', value: {} })
  expect((await ask(engine, '/nope')).status).toBe(502)
  expect(await askJson(engine, PATHS.list)).toEqual({})
  engine.setFault('all', null)
  for (const endpoint of ENDPOINTS) expect((await ask(engine, PATHS[endpoint])).status).toBe(200)
})

test('hang accepts the request and never answers, and stop closes it', async () => {
  const answer = askWith('list', { kind: 'hang' })
  expect(await pending(answer)).toBe(true)
  expect(engine.requests).toHaveLength(1)
  await Promise.all([engine.stop(), expect(answer).rejects.toThrow('socket hang up')])
})

test('cut breaks a body before its content-length', async () => {
  const whole = (await ask(engine, PATHS.list)).body
  for (const afterBytes of [0, 1, 100]) {
    const answer = await askWith('list', { kind: 'cut', afterBytes })
    expect([answer.status, answer.complete]).toEqual([200, false])
    expect(Number(answer.headers['content-length'])).toBe(whole.length)
    expect(answer.body).toHaveLength(afterBytes)
    expect(whole.subarray(0, afterBytes)).toEqual(answer.body)
  }
  const beyond = await askWith('ping', { kind: 'cut', afterBytes: 50 })
  expect([beyond.body.toString(), beyond.complete]).toEqual(['OK', false])
})

test('cut breaks a stream without its last chunk', async () => {
  const logs = await askWith('logs', { kind: 'cut', afterBytes: 10 })
  expect([logs.headers['transfer-encoding'], logs.body.length, logs.complete]).toEqual(['chunked', 10, false])
  engine.setFault('events', { kind: 'cut', afterBytes: 30 })
  const stream = await openStream(engine, '/events')
  engine.pause('shop-web-1')
  await stream.ended()
  expect(stream.received()).toHaveLength(30)
  const atOnce = await askWith('events', { kind: 'cut', afterBytes: 0 })
  expect([atOnce.status, atOnce.body.length, atOnce.complete]).toEqual([200, 0, false])
})

test('garbage is a 200 without JSON, and empty a 200 without a body', async () => {
  const garbage = await askWith('info', { kind: 'garbage' })
  expect([garbage.status, garbage.complete]).toEqual([200, true])
  expect(() => JSON.parse(garbage.body.toString())).toThrow()
  const empty = await askWith('info', { kind: 'empty' })
  expect([empty.status, empty.complete, empty.body.length]).toEqual([200, true, 0])
})

test('status answers like a proxy or a failing engine', async () => {
  const html = await askWith('list', {
    kind: 'status',
    status: 403,
    body: '<html><body><h1>403 Forbidden</h1></body></html>',
    contentType: 'text/html',
  })
  expect([html.status, html.headers['content-type'], html.body.toString()]).toEqual([
    403,
    'text/html',
    '<html><body><h1>403 Forbidden</h1></body></html>',
  ])
  const moved = await askWith('list', {
    kind: 'status',
    status: 301,
    headers: { Location: 'http://elsewhere.example/' },
  })
  expect([moved.status, moved.headers.location]).toEqual([301, 'http://elsewhere.example/'])
})

test('delay answers late but correctly', async () => {
  const answer = askWith('ping', { kind: 'delay', ms: SOON_MS * 2 })
  expect(await pending(answer)).toBe(true)
  expect((await answer).body.toString()).toBe('OK')
})

test('json answers any shape', async () => {
  for (const value of [null, [], {}, 'text', 0, [{ Id: 7 }]]) {
    engine.setFault('list', { kind: 'json', value })
    expect(await askJson(engine, PATHS.list)).toEqual(value)
  }
})

test('drip sends one byte at a time, of a body and of a stream', async () => {
  for (const endpoint of ['version', 'events'] as const) {
    engine.setFault(endpoint, { kind: 'drip', everyMs: 5 })
    const stream = await openStream(engine, PATHS[endpoint])
    await eventually(
      () => stream.received().length,
      (length) => length > 1,
      PATIENCE_MS,
    )
    // The body has hundreds.
    expect(stream.received().length).toBeLessThan(60)
    stream.close()
  }
})

test('stall sends the headers and then nothing', async () => {
  engine.setFault('list', { kind: 'stall' })
  const stream = await openStream(engine, PATHS.list)
  expect(stream.headers['content-type']).toBe('application/json')
  expect(await pending(stream.ended())).toBe(true)
  expect(stream.received()).toBe('')
  stream.close()
})

test('flood sends the given number of bytes on one line, at the pace of the reader', async () => {
  const bytes = 3_000_000
  const answer = await askWith('list', { kind: 'flood', bytes })
  expect(answer.body.length).toBe(bytes + 2)
  expect(answer.body.includes('\n')).toBe(false)
  engine.setFault('events', { kind: 'flood', bytes: Number.MAX_SAFE_INTEGER })
  const stream = await openStream(engine, PATHS.events)
  stream.close()
  await stream.ended()
})

test('a disconnected caller leaves no timer or listener', async () => {
  for (const fault of [
    { kind: 'hang' },
    { kind: 'stall' },
    { kind: 'drip', everyMs: 1 },
    { kind: 'delay', ms: 5 },
  ] as const) {
    engine.setFault('events', fault)
    const abandoned = openStream(engine, '/events').then((stream) => stream.close())
    await pending(abandoned)
    engine.dropConnections()
    await abandoned.catch(() => {})
  }
  engine.setFault('all', null)
  await ask(engine, '/_ping')
  for (let round = 0; round < 50 && engine.openConnections > 0; round += 1) await new Promise(setImmediate)
  expect(engine.openConnections).toBe(0)
  expect((await askJson(engine, '/info')).NEventsListener).toBe(0)
})
