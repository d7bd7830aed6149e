import { getEventListeners } from 'node:events'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { ReadOnlyRefusal } from '../../api/engine/guard.js'
import { answerWith } from '../support/fault-server.js'
import { dial, EVENTS, faultOf, ID, INSPECT, LIST, PING, STATS, TransportRig, text } from '../support/transport-rig.js'
import { until } from '../support/until.js'

const rig = new TransportRig()
const { serve, connect } = rig
afterEach(() => rig.stop())

describe.each(['unix', 'tcp'] as const)('a read over %s', (kind) => {
  test('arrives as one request without a version, and its JSON comes back', async () => {
    const server = await serve((socket) => socket.write(answerWith(200, '[{"Id":"x"}]')), kind)
    const transport = connect(server.endpoint)
    expect(await dial(transport, LIST)).toEqual([{ Id: 'x' }])
    expect(server.requests).toEqual(['GET /containers/json?all=true HTTP/1.1'])
    const host = kind === 'unix' ? 'docker' : `127.0.0.1:${server.port}`
    expect(server.received().split('\r\n').slice(1)).toEqual([
      'accept: application/json',
      ...(kind === 'unix' ? [`host: ${host}`] : [`Host: ${host}`]),
      'Connection: keep-alive',
      '',
      '',
    ])
  })

  test('a ping is text, its HEAD nothing', async () => {
    const server = await serve((socket, head) => {
      socket.write(head.startsWith('HEAD') ? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n' : answerWith(200, 'OK'))
    }, kind)
    const transport = connect(server.endpoint)
    expect(await dial(transport, PING)).toBe('OK')
    expect(await dial(transport, { ...PING, method: 'HEAD' })).toBeNull()
    expect(server.peak()).toBe(1)
  })

  test('an answer in many pieces comes back whole', async () => {
    const bytes = [...Buffer.from('{"x":"\u{1f433}"}')]
    const sendNext = (socket: Socket) => {
      const byte = bytes.shift()
      if (byte === undefined) socket.write('0\r\n\r\n')
      else {
        socket.write(Buffer.of(...Buffer.from('1\r\n'), byte, ...Buffer.from('\r\n')))
        setTimeout(sendNext, 1, socket)
      }
    }
    const server = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      sendNext(socket)
    }, kind)
    expect(await dial(connect(server.endpoint), INSPECT)).toEqual({ x: '\u{1f433}' })
  })

  test.each([
    [256, 1, true],
    [260, 1, true],
    [261, 1, false],
    [5_000, 64, true],
  ])('an answer in %i pieces of %i bytes comes back: %p', async (count, length, isTaken) => {
    const piece = `${length.toString(16)}\r\n${' '.repeat(length)}\r\n`
    const body = `${piece.repeat(count - 1)}${length.toString(16)}\r\n${'1'.padEnd(length)}\r\n0\r\n\r\n`
    const server = await serve(
      (socket) => socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`),
      kind,
    )
    const answer = dial(connect(server.endpoint), INSPECT)
    if (isTaken) expect(await answer).toBe(1)
    else await expect(answer).rejects.toMatchObject({ code: 'engine-bad-answer' })
  })
})

describe('what is not on the list', () => {
  test('is refused before a connection is made, and never within the call', async () => {
    const server = await serve(text('OK'))
    const transport = connect(server.endpoint)
    for (const options of [
      { method: 'POST', path: '/containers/create' },
      { method: 'GET', path: `/containers/${ID}/archive?path=/` },
      { ...PING, file: 'x' },
      undefined,
    ]) {
      let isWithin = true
      const fault = await new Promise((resolve) => {
        transport.dial(options, (error) => resolve([isWithin, error]))
        isWithin = false
      })
      expect(fault).toEqual([false, expect.any(ReadOnlyRefusal)])
    }
    expect(server.peak()).toBe(0)
  })
})

describe('a signal', () => {
  test('that fired before sends nothing', async () => {
    const server = await serve(text('OK'))
    const reason = new Error('gone')
    await expect(dial(connect(server.endpoint), PING, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(server.peak()).toBe(0)
  })

  test.each([
    ['while the engine is silent', () => {}],
    ['within the head', (socket: Socket) => void socket.write('HTTP/1.1 200')],
    ['within the body', (socket: Socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{')],
  ])('that fires %s ends the call with its reason', async (_name, answer) => {
    const server = await serve(answer)
    const transport = connect(server.endpoint)
    const controller = new AbortController()
    const call = dial(transport, INSPECT, controller.signal)
    await until(() => server.requests.length > 0)
    await sleep(5)
    const reason = new Error('gone')
    controller.abort(reason)
    await expect(call).rejects.toBe(reason)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    await until(() => server.connections() === 0)
  })

  test('ends calls that wait for a connection', async () => {
    const server = await serve(() => {})
    const transport = connect(server.endpoint, { quickSockets: 1 })
    const controller = new AbortController()
    const calls = Promise.allSettled(Array.from({ length: 300 }, () => dial(transport, PING, controller.signal)))
    await until(() => server.requests.length === 1)
    controller.abort(new Error('gone'))
    for (const outcome of await calls) expect(outcome).toMatchObject({ reason: { message: 'gone' } })
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })
})

describe('close', () => {
  test('ends calls, waiting calls and streams, and every connection', async () => {
    const server = await serve((socket, head) => {
      if (head.includes('/events')) socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      else if (head.includes('/info')) socket.write(answerWith(200, '{}'))
    })
    const transport = connect(server.endpoint, { quickSockets: 2 })
    const stream = (await dial(transport, EVENTS)) as Readable
    await dial(transport, { method: 'GET', path: '/info' })
    const calls = [PING, PING, PING, INSPECT, STATS].map((options) => faultOf(dial(transport, options)))
    await until(() => server.requests.length === 5)
    transport.close()
    for (const fault of await Promise.all(calls)) {
      expect(fault).toMatchObject({ code: 'engine-unavailable', message: expect.stringContaining('closed by us') })
    }
    await expect(
      (async () => {
        for await (const _ of stream);
      })(),
    ).rejects.toMatchObject({ code: 'engine-unavailable' })
    await until(() => server.connections() === 0)
    expect(await faultOf(dial(transport, PING))).toMatchObject({ code: 'engine-unavailable' })
    transport.close()
  })
})
