import type { Engine } from '../../api/engine/engine.js'
import type { CallRecord } from '../../api/model/engine-call.js'
import { EngineRig } from '../support/engine-rig.js'
import { type Answer, answerWith } from '../support/fault-server.js'

const A = 'a1'.repeat(32)
const LIFE = new AbortController().signal
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

const rig = new EngineRig()
afterEach(() => rig.stop())

async function start(
  answer: Answer,
): Promise<{ engine: Engine; records: CallRecord[]; record: (r: CallRecord) => void }> {
  const { engine } = await rig.start(answer)
  const records: CallRecord[] = []
  return { engine, records, record: (record) => records.push(record) }
}

function respond(body: string): Answer {
  return (socket) => socket.write(answerWith(200, body))
}

describe('a call to an engine', () => {
  test('counts by how it ended, with the time that it took', async () => {
    const { engine } = await start((socket, head) => {
      const path = /^GET ([^? ]+)/.exec(head)?.[1] ?? ''
      const body = path === '/_ping' ? 'OK' : path === '/containers/json' || path === '/images/json' ? '[]' : '{}'
      socket.write(answerWith(200, body))
    })
    await engine.ping(LIFE)
    expect(await engine.containers(null, LIFE)).toMatchObject({ containers: [] })
    expect(await engine.stats(A, LIFE)).toBeNull()
    await engine.stats(A, LIFE)
    await engine.images(LIFE)
    expect(engine.callTotals().map(({ call, result, count }) => [call, result, count])).toEqual([
      ['ping', 'ok', 1],
      ['list', 'ok', 1],
      ['stats', 'ok', 2],
      ['images', 'ok', 1],
    ])
    for (const { seconds } of engine.callTotals()) expect(seconds).toBeGreaterThan(0)
  })

  test('is recorded with its read, status, time and bytes, before its answer is given', async () => {
    const { engine, records, record } = await start(respond('[]  '))
    const atAnswer = engine.images(LIFE, record).then(() => records.length)
    expect(await atAnswer).toBe(1)
    expect(records).toEqual([{ read: 'images', status: 200, milliseconds: expect.any(Number), bytes: 4, result: 'ok' }])
  })

  test.each<[string, Answer, number | null, string]>([
    ['is refused by a proxy', (socket) => socket.write(answerWith(403, 'no')), 403, 'engine-endpoint-blocked'],
    ['finds no container', (socket) => socket.write(answerWith(404, '{}')), 404, 'container-not-found'],
    ['is redirected', (socket) => socket.write(answerWith(307, 'no')), 307, 'engine-bad-answer'],
    ['is answered with what is no JSON', respond('hunter2'), 200, 'engine-bad-answer'],
    ['is answered with what cannot be decoded', respond('[7]'), 200, 'engine-bad-answer'],
    ['is not answered', (socket) => socket.destroy(), null, 'engine-unavailable'],
  ])('that %s has its status and its code', async (_name, answer, status, result) => {
    const { engine, records, record } = await start(answer)
    await expect(engine.inspect(A, LIFE, record)).rejects.toMatchObject({ code: result })
    expect(records).toMatchObject([{ read: 'inspect', status, result }])
    expect(engine.callTotals()).toMatchObject([{ call: 'inspect', result, count: 1 }])
  })

  test('that we ended ourselves is aborted, not broken, before it was sent and while it waits', async () => {
    const { engine, records, record } = await start(() => {})
    await expect(engine.ping(AbortSignal.abort(), record)).rejects.toThrow()
    const controller = new AbortController()
    const waiting = expect(engine.ping(controller.signal, record)).rejects.toThrow()
    controller.abort()
    await waiting
    expect(records).toMatchObject(Array(2).fill({ read: 'ping', status: null, result: 'aborted' }))
  })

  test('that the guard refuses reaches no engine, and has no record', async () => {
    const { engine, records, record } = await start(respond('{}'))
    await expect(engine.inspect('web', LIFE, record)).rejects.toMatchObject({ code: 'internal' })
    expect(await engine.containers([], LIFE, record)).toMatchObject({ containers: [] })
    expect([records, engine.callTotals()]).toEqual([[], []])
  })
})

describe('a stream of an engine', () => {
  const EVENT = JSON.stringify({ Type: 'container', Action: 'start', Actor: { ID: A }, time: 5, timeNano: 5e9 })

  test('counts when it ends, with the bytes that were read', async () => {
    let cut = () => {}
    const { engine, records, record } = await start((socket) => {
      socket.write(`${CHUNKED}${(EVENT.length + 1).toString(16)}\r\n${EVENT}\n\r\n`)
      cut = () => socket.destroy()
    })
    const heard: string[] = []
    for await (const step of engine.events(null, LIFE, () => {}, record)) {
      if (step.kind === 'event') heard.push(step.event.action)
      expect([records, engine.callTotals()]).toEqual([[], []])
      cut()
    }
    expect(heard).toEqual(['start'])
    expect(records).toMatchObject([{ read: 'events', status: 200, bytes: EVENT.length + 1, result: 'ok' }])
  })

  test('whose reader stops has ended well, and one that is refused has not', async () => {
    const { engine, records, record } = await start((socket, head) => {
      if (head.includes('follow=true')) socket.write(CHUNKED)
      else socket.write(answerWith(501, '{}'))
    })
    const request = { tail: 0, since: null, isTty: false, follow: true }
    for await (const lines of engine.logs(A, request, LIFE, record)) {
      expect(lines).toEqual([])
      break
    }
    const refused = engine
      .logs(A, { ...request, follow: false }, LIFE, record)
      [Symbol.asyncIterator]()
      .next()
    await expect(refused).rejects.toMatchObject({ code: 'log-driver-unreadable' })
    expect(records).toMatchObject([
      { read: 'logs', status: 200, bytes: 0, result: 'ok' },
      { read: 'logs', status: 501, result: 'log-driver-unreadable' },
    ])
  })

  test('that is no log is a bad answer, whatever its status was', async () => {
    const { engine, records, record } = await start((socket) => {
      socket.write(`${CHUNKED}f\r\nhunter2 hunter2\r\n0\r\n\r\n`)
    })
    const request = { tail: 0, since: null, isTty: false, follow: false }
    const reading = (async () => {
      for await (const _lines of engine.logs(A, request, LIFE, record));
    })()
    await expect(reading).rejects.toMatchObject({ code: 'engine-bad-answer' })
    expect(records).toMatchObject([{ read: 'logs', status: 200, bytes: 15, result: 'engine-bad-answer' }])
  })
})
