import { Readable } from 'node:stream'
import { answerWith } from '../support/fault-server.js'
import {
  CHANGES,
  DEADLINE_MS,
  DISK,
  dial,
  dialWith,
  FOLLOWED,
  faultOf,
  holdDeadlines,
  IMAGES,
  INSPECT,
  LIST,
  LOGS,
  NETWORKS,
  PATIENT,
  PATIENT_MS,
  PING,
  reset,
  SMALL,
  STATS,
  TOP,
  TransportRig,
  text,
  VOLUMES,
} from '../support/transport-rig.js'
import { until } from '../support/until.js'

const rig = new TransportRig()
const { serve, connect } = rig
afterEach(async () => {
  jest.useRealTimers()
  await rig.stop()
})

describe('connections', () => {
  test('are used again', async () => {
    const server = await serve(text('OK'))
    const transport = connect(server.endpoint)
    for (let i = 0; i < 20; i += 1) expect(await dial(transport, PING)).toBe('OK')
    expect(server.requests).toHaveLength(20)
    expect(server.peak()).toBe(1)
  })

  test('300 calls at once keep to the bound, and all are answered', async () => {
    const server = await serve((socket) => setTimeout(() => socket.write(answerWith(200, '{}')), 2))
    const transport = connect(server.endpoint)
    await Promise.all(Array.from({ length: 300 }, () => dial(transport, INSPECT)))
    expect(server.requests).toHaveLength(300)
    expect(server.peak()).toBe(16)
    await Promise.all(Array.from({ length: 300 }, () => dial(transport, STATS)))
    expect(server.peak()).toBe(16 + 64)
  })

  test('statistics that hang delay no inspect', async () => {
    const server = await serve((socket, head) => {
      if (!head.includes('/stats')) socket.write(answerWith(200, '{}'))
    })
    const transport = connect(server.endpoint, { statsDeadlineMs: 400, lookupDeadlineMs: PATIENT_MS })
    const hanging = Promise.allSettled(Array.from({ length: 200 }, () => dial(transport, STATS)))
    await until(() => server.requests.length === 64)
    expect(await dial(transport, INSPECT)).toEqual({})
    const outcomes = await hanging
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
    expect(server.peak()).toBe(64 + 1)
  })

  test('what walks or reads files delays no inspect, no ping and no process list', async () => {
    holdDeadlines()
    const server = await serve((socket, head) => {
      if (/json|ping|top/.test(head) && !head.includes('/images')) socket.write(answerWith(200, '{}'))
      else if (head.includes('/logs')) socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    })
    const transport = connect(server.endpoint, { ...PATIENT, bulkSockets: 2, bulkDeadlineMs: 400, diskDeadlineMs: 400 })
    const open = [LOGS, LOGS].map((options) => dial(transport, options))
    for (const stream of await Promise.all(open)) expect(stream).toBeInstanceOf(Readable)
    const waiting = [LOGS, CHANGES, IMAGES, DISK].map((options) => faultOf(dial(transport, options)))
    for (const options of [INSPECT, PING, TOP, LIST]) await dial(transport, options)
    expect(server.requests.filter((line) => /logs|changes|images|df/.test(line))).toHaveLength(2)
    for (const stream of (await Promise.all(open)) as Readable[]) stream.on('error', () => {})
    jest.advanceTimersByTime(400)
    await Promise.all(waiting)
  })

  test('logs that are followed take none of those', async () => {
    const server = await serve((socket, head) => {
      if (head.includes('follow=true')) socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      else socket.write(answerWith(200, '{}'))
    })
    const transport = connect(server.endpoint, { ...PATIENT, bulkSockets: 1, quickSockets: 1, maxStreams: 1 })
    for (let i = 0; i < 5; i += 1) expect(await dial(transport, FOLLOWED)).toBeInstanceOf(Readable)
    for (const options of [INSPECT, IMAGES, DISK]) expect(await dial(transport, options)).toEqual({})
    expect(server.connections()).toBe(7)
  })

  test('disk use has a deadline of its own', async () => {
    const server = await serve((socket) => setTimeout(() => socket.write(answerWith(200, '{}')), DEADLINE_MS * 2))
    const transport = connect(server.endpoint, { ...SMALL, diskDeadlineMs: PATIENT_MS })
    expect(await dial(transport, DISK)).toEqual({})
    for (const options of [IMAGES, CHANGES, LOGS, NETWORKS, VOLUMES, TOP]) {
      expect(await faultOf(dial(transport, options))).toMatchObject({ code: 'engine-timeout' })
    }
    const other = connect(server.endpoint, { ...PATIENT, diskDeadlineMs: DEADLINE_MS })
    expect(await faultOf(dial(other, DISK))).toMatchObject({ code: 'engine-timeout' })
  })

  test('calls that wait for a connection have the same deadline as those that have one', async () => {
    const server = await serve(() => {})
    const transport = connect(server.endpoint, { ...SMALL, quickSockets: 1 })
    const startedAt = performance.now()
    const faults = await Promise.all(Array.from({ length: 50 }, () => faultOf(dial(transport, PING))))
    expect(performance.now() - startedAt).toBeLessThan(PATIENT_MS / 2)
    expect(new Set(faults.map(({ code }) => code))).toEqual(new Set(['engine-timeout']))
    await until(() => server.connections() === 0)
    // Nothing is sent for those that gave up while they waited.
    expect(server.requests.length).toBeLessThan(10)
  })

  test('a call that finds no connection in time says that the engine is busy, and sends nothing', async () => {
    const server = await serve(() => {})
    const transport = connect(server.endpoint, { ...PATIENT, quickSockets: 1, placeWaitMs: DEADLINE_MS })
    const first = faultOf(dial(transport, INSPECT))
    const fault = await faultOf(dial(transport, PING))
    expect(fault).toMatchObject({ code: 'engine-unavailable', detail: expect.stringContaining('busy') })
    expect(fault.message).toMatch(/no connection was free within 80 ms$/)
    expect(server.requests).toHaveLength(1)
    transport.close()
    await first
  })

  test('calls that callers wait for leave connections to the inventory', async () => {
    const server = await serve((socket, head) => {
      if (head.startsWith('GET /_ping')) socket.write(answerWith(200, 'OK'))
    })
    const transport = connect(server.endpoint, { ...PATIENT, quickSockets: 3, callerSockets: 2 })
    const forCallers = Array.from({ length: 5 }, () => {
      const call = transport.measure(AbortSignal.timeout(PATIENT_MS), () => {})
      return faultOf(dialWith(transport, { ...INSPECT, abortSignal: call }))
    })
    await until(() => server.requests.length === 2)
    for (let i = 0; i < 5; i += 1) expect(await dial(transport, PING)).toBe('OK')
    expect(server.requests.filter((request) => !request.startsWith('GET /_ping'))).toHaveLength(2)
    transport.close()
    await Promise.all(forCallers)
  })

  test('a connection serves on after those who waited for it gave up', async () => {
    holdDeadlines()
    let isWell = false
    const server = await serve((socket) => isWell && socket.write(answerWith(200, 'OK')))
    const transport = connect(server.endpoint, { ...SMALL, quickSockets: 1 })
    const waiting = Array.from({ length: 10 }, () => faultOf(dial(transport, PING)))
    await until(() => server.requests.length === 1)
    jest.advanceTimersByTime(DEADLINE_MS)
    await Promise.all(waiting)
    isWell = true
    expect(await dial(transport, PING)).toBe('OK')
  })

  test('one that the engine closed while it was idle costs no call', async () => {
    const server = await serve((socket, _head, nth) => {
      if (nth === 1) socket.write(answerWith(200, 'OK'))
      else socket.destroy()
    })
    const transport = connect(server.endpoint)
    for (let i = 0; i < 5; i += 1) expect(await dial(transport, PING)).toBe('OK')
    expect(server.requests.length).toBe(9)
  })

  test('a second close in a row is a fault: a call is repeated once', async () => {
    let isDown = false
    const server = await serve((socket) => (isDown ? socket.destroy() : socket.write(answerWith(200, 'OK'))))
    const transport = connect(server.endpoint)
    await dial(transport, PING)
    isDown = true
    expect(await faultOf(dial(transport, PING))).toMatchObject({ code: 'engine-unavailable' })
    expect(server.requests).toHaveLength(3)
  })

  test('an error that comes after the answer hurts no later call', async () => {
    const server = await serve((socket) => {
      socket.write(answerWith(200, 'OK'), () => setTimeout(() => reset(socket), 5))
    })
    const transport = connect(server.endpoint)
    for (let i = 0; i < 3; i += 1) {
      expect(await dial(transport, PING)).toBe('OK')
      await until(() => server.connections() === 0)
    }
  })

  test('bytes after the answer are not the next one', async () => {
    const server = await serve((socket) => socket.write(`${answerWith(200, 'OK')}${answerWith(200, 'hunter2')}`))
    const transport = connect(server.endpoint)
    for (let i = 0; i < 3; i += 1) expect(await dial(transport, PING)).toBe('OK')
  })

  test('no timer is left behind', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const server = await serve(text('OK'))
    const transport = connect(server.endpoint)
    await dial(transport, PING)
    const before = timers()
    await Promise.all(Array.from({ length: 50 }, () => dial(transport, PING)))
    expect(timers()).toBeLessThanOrEqual(before)
  })
})
