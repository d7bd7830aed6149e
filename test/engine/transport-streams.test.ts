import { getEventListeners } from 'node:events'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import type { TransportOptions } from '../../api/engine/read-limits.js'
import { type Answer, answerWith } from '../support/fault-server.js'
import {
  DEADLINE_MS,
  dial,
  drip,
  EVENTS,
  FOLLOWED,
  faultOf,
  holdDeadlines,
  LOGS,
  PATIENT,
  reset,
  SMALL,
  TransportRig,
} from '../support/transport-rig.js'
import { until } from '../support/until.js'

const rig = new TransportRig()
const { serve, connect } = rig
afterEach(async () => {
  jest.useRealTimers()
  await rig.stop()
})

const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
const chunk = (data: string) => `${data.length.toString(16)}\r\n${data}\r\n`

async function drain(stream: Readable): Promise<string> {
  let all = ''
  for await (const piece of stream) all += String(piece)
  return all
}

describe('a stream', () => {
  async function open(answer: Answer, options: TransportOptions = {}, signal?: AbortSignal, kind?: 'unix' | 'tcp') {
    const server = await serve(answer, kind)
    const transport = connect(server.endpoint, options)
    const stream = await dial(transport, EVENTS, signal)
    expect(stream).toBeInstanceOf(Readable)
    return { server, transport, stream: stream as Readable }
  }

  test('has a deadline for its head only', async () => {
    holdDeadlines()
    let end = () => {}
    const { stream } = await open((socket) => {
      socket.write(head)
      end = () => socket.end(`${chunk('late')}0\r\n\r\n`)
    }, SMALL)
    jest.advanceTimersByTime(DEADLINE_MS * 2)
    end()
    expect(await drain(stream)).toBe('late')
  })

  test('asks for container events on a connection of its own, closed with it', async () => {
    const { server, stream } = await open((socket) => socket.write(head))
    expect(server.requests).toEqual(['GET /events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D HTTP/1.1'])
    stream.destroy()
    await until(() => server.connections() === 0)
  })

  test('ends by its signal, which then has no listener left', async () => {
    const controller = new AbortController()
    const { server, stream } = await open((socket) => socket.write(head), {}, controller.signal)
    const reading = drain(stream)
    const reason = new Error('gone')
    controller.abort(reason)
    await expect(reading).rejects.toBe(reason)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    await until(() => server.connections() === 0)
  })

  test('that is cut is an error to its reader, and to nobody where it has none', async () => {
    for (const [isRead, kind] of [
      [true, 'tcp'],
      [true, 'unix'],
      [false, 'tcp'],
    ] as const) {
      const controller = new AbortController()
      const { stream } = await open(
        (socket) => {
          socket.write(head)
          setTimeout(() => reset(socket), 10)
        },
        {},
        controller.signal,
        kind,
      )
      if (isRead) await expect(drain(stream)).rejects.toMatchObject({ code: 'ECONNRESET' })
      else await until(() => stream.closed)
      expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    }
  })

  test('is one of a bounded number', async () => {
    const server = await serve((socket) => socket.write(head))
    const transport = connect(server.endpoint, { maxStreams: 2 })
    const first = (await dial(transport, EVENTS)) as Readable
    await dial(transport, EVENTS)
    expect(await faultOf(dial(transport, EVENTS))).toMatchObject({
      code: 'engine-unavailable',
      message: expect.stringContaining('all 2 streams'),
    })
    expect(server.peak()).toBe(2)
    first.destroy()
    await until(() => server.connections() === 1)
    expect(await dial(transport, EVENTS)).toBeInstanceOf(Readable)
  })

  test('that failed to open frees its place in the quota', async () => {
    const server = await serve((socket) => socket.write(answerWith(500, '')))
    const transport = connect(server.endpoint, { maxStreams: 1 })
    for (let i = 0; i < 3; i += 1) {
      expect(await faultOf(dial(transport, EVENTS))).toMatchObject({ code: 'engine-bad-answer' })
    }
  })
})

describe('a log', () => {
  test('that is not followed comes as it is read, of any size, and frees its connection', async () => {
    const text = 'x'.repeat(50_000)
    const server = await serve((socket) => socket.write(`${head}${chunk(text).repeat(10)}0\r\n\r\n`))
    const transport = connect(server.endpoint, { ...PATIENT, bulkSockets: 1 })
    for (let i = 0; i < 3; i += 1) {
      expect(await drain((await dial(transport, LOGS)) as Readable)).toHaveLength(text.length * 10)
    }
    expect(server.peak()).toBe(1)
  })

  test('that is not followed ends by its deadline, though bytes come', async () => {
    const controller = new AbortController()
    const server = await serve(drip('HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n'))
    const transport = connect(server.endpoint, { ...PATIENT, bulkSockets: 1, bulkDeadlineMs: 400 })
    for (let i = 0; i < 2; i += 1) {
      const stream = (await dial(transport, LOGS, controller.signal)) as Readable
      await expect(drain(stream)).rejects.toMatchObject({
        code: 'engine-timeout',
        message: expect.stringContaining('/logs: not answered in full within 400 ms'),
      })
    }
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    await until(() => server.connections() === 0)
  })

  test('that is followed has a deadline for its head only', async () => {
    holdDeadlines()
    let end = () => {}
    const server = await serve((socket) => {
      socket.write(head)
      end = () => socket.end(`${chunk('late')}0\r\n\r\n`)
    })
    const stream = (await dial(connect(server.endpoint, SMALL), FOLLOWED)) as Readable
    jest.advanceTimersByTime(DEADLINE_MS * 2)
    end()
    expect(await drain(stream)).toBe('late')
  })

  test('that is followed is one of a bounded number, and frees its place in the quota', async () => {
    const server = await serve((socket) => socket.write(head))
    const transport = connect(server.endpoint, { ...PATIENT, maxLogStreams: 2, maxStreams: 1 })
    const [first] = (await Promise.all([dial(transport, FOLLOWED), dial(transport, FOLLOWED)])) as Readable[]
    for (let i = 0; i < 2; i += 1) {
      expect(await faultOf(dial(transport, FOLLOWED))).toMatchObject({
        code: 'too-many-streams',
        message: expect.stringContaining('all 2 streams of logs'),
      })
    }
    // Events have a quota of their own, and what is not followed counts towards none.
    expect(await dial(transport, EVENTS)).toBeInstanceOf(Readable)
    const read = (await dial(transport, LOGS)) as Readable
    expect(server.requests).toHaveLength(4)
    first?.destroy()
    read.destroy()
    await until(() => server.connections() === 2)
    expect(await dial(transport, FOLLOWED)).toBeInstanceOf(Readable)
    expect(await faultOf(dial(transport, FOLLOWED))).toMatchObject({ code: 'too-many-streams' })
  })

  test.each([
    ['failed to open', (socket: Socket) => void socket.write(answerWith(500, ''))],
    ['ended at once', (socket: Socket) => void socket.write(`${head}0\r\n\r\n`)],
    ['was cut', (socket: Socket) => void socket.write(head, () => socket.destroy())],
  ])('that %s frees its place in the quota', async (_name, answer) => {
    const server = await serve(answer)
    const transport = connect(server.endpoint, { ...PATIENT, maxLogStreams: 1 })
    for (let i = 0; i < 3; i += 1) {
      const outcome = dial(transport, FOLLOWED).then((stream) => drain(stream as Readable))
      await outcome.catch((fault: unknown) => expect(fault).not.toMatchObject({ code: 'too-many-streams' }))
    }
    expect(server.requests).toHaveLength(3)
  })
})
