import type { Socket } from 'node:net'
import { LoopShare, TimeSlice } from '../../api/concurrency/event-loop-yield.js'
import type { Engine, LogRequest } from '../../api/engine/engine.js'
import { ReadOnlyRefusal } from '../../api/engine/guard.js'
import type { LogLine } from '../../api/model/log-line.js'
import { answerRecorded, EngineRig, never } from '../support/engine-rig.js'
import { type Answer, answerWith } from '../support/fault-server.js'
import { WEB } from '../support/recorded-answers.js'
import { until } from '../support/until.js'

const rig = new EngineRig()
const start = rig.start.bind(rig)
afterEach(() => rig.stop())

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

  test.each(['web', '../../secrets?x=', WEB.toUpperCase(), ''])('of the id %j are asked of no engine', async (id) => {
    const { server, engine } = await start(answerRecorded)
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

  test('let other work run between two lines of one chunk, in the turns of their engine', async () => {
    let now = 0
    const parties: string[] = []
    class CountingShare extends LoopShare {
      turns = 0
      msPerLook = 0
      override slice(party: string): TimeSlice {
        parties.push(party)
        const stopwatch = () => {
          now += this.msPerLook
          return now
        }
        return new TimeSlice(stopwatch, async () => {
          this.turns += 1
        })
      }
    }
    for (const scrubLogs of [true, false]) {
      const loopShare = new CountingShare()
      const lines = chunk(Buffer.concat(Array.from({ length: 20 }, (_, row) => frame(`${TIME} line ${row}\n`))))
      const { engine } = await start(answer([lines]), { loopShare, party: 'nas', scrubLogs })
      expect(await collect(engine)).toHaveLength(20)
      expect(loopShare.turns).toBe(0)
      loopShare.msPerLook = 10
      expect((await collect(engine)).map(({ message }) => message)).toEqual(
        Array.from({ length: 20 }, (_, row) => `line ${row}`),
      )
      // One for the chunk, and one for each line.
      expect(loopShare.turns).toBe(21)
    }
    expect(new Set(parties)).toEqual(new Set(['nas callers']))
  })

  test('closing the engine is a fault to their reader', async () => {
    for (const request of [WHOLE, FOLLOW]) {
      const { engine } = await start(answer([line('a')], true))
      const reading = faultOf(engine, request, never(), () => engine.close())
      expect(await reading).toMatchObject({ messages: ['a'], fault: { code: 'engine-unavailable' } })
    }
  })
})
