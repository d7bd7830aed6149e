import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { yieldToEventLoop } from '../../api/concurrency/event-loop-yield.js'
import { type ConnectionNetwork, Connections, MAX_WAITING_REQUESTS } from '../../api/http/connections.js'
import { OPEN_NETWORK } from '../support/app-parts.js'

const BOUNDS = { total: 6, perAddress: 3, unlisted: 2 }

function socketFrom(address: string): Socket {
  return Object.defineProperty(new Socket(), 'remoteAddress', { value: address })
}

function rig(network: ConnectionNetwork = OPEN_NETWORK) {
  const connections = new Connections(network, BOUNDS)
  const connect = (address: string) => {
    const socket = socketFrom(address)
    connections.admit(socket)
    return socket
  }
  const ask = (socket: Socket, onIdle: (socket: Socket) => void = () => {}) => {
    const res = new ServerResponse(new IncomingMessage(socket))
    connections.run(res, () => {}, onIdle)
    return () => res.emit('close')
  }
  const connectMany = (...addresses: string[]) => addresses.map(connect)
  return { connections, connect, connectMany, ask }
}

const open = (sockets: readonly Socket[]) => sockets.map(({ destroyed }) => !destroyed)

describe('the connections of one address', () => {
  test('are so many, and one more closes the longest idle of them and no other', () => {
    const { connect, connectMany } = rig()
    const other = connect('192.0.2.9')
    const own = connectMany('192.0.2.1', '192.0.2.1', '192.0.2.1')
    expect(open(own)).toEqual([true, true, true])
    const more = connect('192.0.2.1')
    expect(open([...own, more, other])).toEqual([false, true, true, true, true])
  })

  test('are idle from the end of their last request, however many are under way', () => {
    const { connect, connectMany, ask } = rig()
    const [first, second, third] = connectMany('192.0.2.1', '192.0.2.1', '192.0.2.1')
    const ends = [first, first, second].map((socket) => ask(socket ?? new Socket()))
    ends[0]?.()
    // Of the three only the third is idle: the first has a second request under way.
    connect('192.0.2.1')
    expect(open([first, second, third].flatMap((socket) => socket ?? []))).toEqual([true, true, false])
  })

  test('with a request under way are never closed: the new one is', () => {
    const { connect, connectMany, ask } = rig()
    const busy = connectMany('192.0.2.1', '192.0.2.1', '192.0.2.1')
    const ends = busy.map((socket) => ask(socket))
    expect(connect('192.0.2.1').destroyed).toBe(true)
    expect(open(busy)).toEqual([true, true, true])
    ends[1]?.()
    expect(connect('192.0.2.1').destroyed).toBe(false)
    expect(open(busy)).toEqual([true, false, true])
  })

  test('of IPv6 are counted by the /56, and IPv4 in IPv6 as IPv4', () => {
    const { connect, connectMany } = rig()
    const own = connectMany('2001:db8:0:aa01::1', '2001:db8:0:aa02::1', '2001:db8:0:aaff::2')
    connect('2001:db8:0:aa03::1')
    expect(open(own)).toEqual([false, true, true])
    const mapped = connectMany('192.0.2.1', '::ffff:192.0.2.1', '192.0.2.1')
    connect('::ffff:192.0.2.1')
    expect(mapped[0]?.destroyed).toBe(true)
  })

  test('that end by themselves make room', async () => {
    const { connect, connectMany } = rig()
    const own = connectMany('192.0.2.1', '192.0.2.1', '192.0.2.1')
    own[2]?.destroy()
    await new Promise((resolve) => own[2]?.once('close', resolve))
    connect('192.0.2.1')
    expect(open(own)).toEqual([true, true, false])
  })
})

describe('a proxy', () => {
  const trustProxy = { kind: 'networks', networks: [{ address: '192.0.2.0', prefix: 24, family: 'ipv4' }] } as const

  test('has as many connections as there are', () => {
    const { connectMany } = rig({ ...OPEN_NETWORK, trustProxy })
    expect(open(connectMany(...Array(6).fill('192.0.2.1')))).toEqual(Array(6).fill(true))
  })

  test('may be anyone where hops are counted', () => {
    const { connectMany } = rig({
      trustProxy: { kind: 'hops', hops: 1 },
      allowlist: [{ address: '198.51.100.0', prefix: 24, family: 'ipv4' }],
    })
    expect(open(connectMany(...Array(6).fill('203.0.113.1')))).toEqual(Array(6).fill(true))
  })

  test('is let in whatever the allow-list says', () => {
    const { connectMany } = rig({ trustProxy, allowlist: [{ address: '198.51.100.0', prefix: 24, family: 'ipv4' }] })
    expect(open(connectMany(...Array(6).fill('192.0.2.1')))).toEqual(Array(6).fill(true))
  })
})

describe('all connections', () => {
  const ADDRESSES = ['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.2', '192.0.2.2']

  test('are so many, and one more closes the longest idle', () => {
    const { connect, connectMany, ask } = rig()
    const all = connectMany(...ADDRESSES)
    expect(open(all)).toEqual(Array(6).fill(true))
    const [first] = all
    if (first !== undefined) ask(first)
    expect(connect('192.0.2.3').destroyed).toBe(false)
    expect(open(all)).toEqual([true, false, true, true, true, true])
  })

  test('with a request under way are never closed: the new one is', () => {
    const { connect, connectMany, ask } = rig()
    const all = connectMany(...ADDRESSES)
    for (const socket of all) ask(socket)
    expect(connect('192.0.2.3').destroyed).toBe(true)
    expect(open(all)).toEqual(Array(6).fill(true))
  })
})

describe('addresses that IP_ALLOWLIST does not have', () => {
  const network: ConnectionNetwork = {
    ...OPEN_NETWORK,
    allowlist: [{ address: '192.0.2.0', prefix: 24, family: 'ipv4' }],
  }

  test('share a few connections, enough to ask for /health, and take none of the others', () => {
    const { connect, connectMany } = rig(network)
    const listed = connectMany('192.0.2.1', '192.0.2.2')
    const strangers = connectMany('198.51.100.1', '198.51.100.2', '198.51.100.3', '2001:db8::1')
    expect(open(strangers)).toEqual([false, false, true, true])
    expect(open(listed)).toEqual([true, true])
    expect(connect('192.0.2.1').destroyed).toBe(false)
  })

  test('do not include this machine: a container checks its own health', () => {
    const { connect, connectMany } = rig(network)
    const own = connectMany('127.0.0.1', '::1', '::ffff:127.0.0.1')
    connectMany('198.51.100.1', '198.51.100.2', '198.51.100.3')
    expect(open(own)).toEqual([true, true, true])
    expect(connect('127.0.0.1').destroyed).toBe(false)
  })
})

describe('a request', () => {
  test('whose body has not arrived whole keeps nobody out', () => {
    const { connections, connectMany, connect } = rig()
    const [first = new Socket(), ...others] = connectMany('192.0.2.1', '192.0.2.1', '192.0.2.1')
    const req = new IncomingMessage(first)
    req.headers['content-length'] = '100'
    connections.run(
      new ServerResponse(req),
      () => {},
      () => {},
    )
    for (const socket of others)
      connections.run(
        new ServerResponse(new IncomingMessage(socket)),
        () => {},
        () => {},
      )
    expect(connect('192.0.2.1').destroyed).toBe(false)
    expect(open([first, ...others])).toEqual([false, true, true])
  })

  test('whose body has arrived is under way', () => {
    const { connections, connectMany, connect } = rig()
    const sockets = connectMany('192.0.2.1', '192.0.2.1', '192.0.2.1')
    for (const socket of sockets) {
      const req = new IncomingMessage(socket)
      req.headers['transfer-encoding'] = 'chunked'
      connections.run(
        new ServerResponse(req),
        () => {},
        () => {},
      )
      req.emit('end')
    }
    expect(connect('192.0.2.1').destroyed).toBe(true)
    expect(open(sockets)).toEqual([true, true, true])
  })

  test('begins when those before it on its connection are answered, and in a later turn', async () => {
    const { connections, connect } = rig()
    const socket = connect('192.0.2.1')
    const begun: number[] = []
    const idle: Socket[] = []
    const send = (row: number) => {
      const res = new ServerResponse(new IncomingMessage(socket))
      connections.run(
        res,
        () => begun.push(row),
        (one) => idle.push(one),
      )
      return res
    }
    const [first, second, third] = [1, 2, 3].map(send)
    expect(begun).toEqual([1])
    first?.emit('close')
    expect(begun).toEqual([1])
    await yieldToEventLoop()
    expect(begun).toEqual([1, 2])
    second?.emit('close')
    await yieldToEventLoop()
    expect(idle).toEqual([])
    third?.emit('close')
    expect({ begun, idle }).toEqual({ begun: [1, 2, 3], idle: [socket] })
  })

  test.each([
    ['as many wait as may', MAX_WAITING_REQUESTS, false],
    ['one more does', MAX_WAITING_REQUESTS + 1, true],
  ])('is refused with its connection where %s', async (_what, waiting, isClosed) => {
    const { connect, ask } = rig()
    const socket = connect('192.0.2.1')
    const end = ask(socket)
    for (let row = 0; row < waiting; row += 1) ask(socket)
    expect(socket.destroyed).toBe(isClosed)
    end()
  })

  test('of a connection that has closed does not begin', async () => {
    const { connections, connect } = rig()
    const socket = connect('192.0.2.1')
    let begun = 0
    const send = () => {
      const res = new ServerResponse(new IncomingMessage(socket))
      connections.run(
        res,
        () => {
          begun += 1
        },
        () => {},
      )
      return res
    }
    const first = send()
    send()
    first.emit('close')
    socket.destroy()
    await yieldToEventLoop()
    await yieldToEventLoop()
    send()
    expect(begun).toBe(1)
  })
})

test('nothing is kept of connections that have closed', async () => {
  const { connections, connectMany, ask } = rig()
  const all = connectMany('192.0.2.1', '192.0.2.2', '192.0.2.3')
  const idle: Socket[] = []
  const ends = all.map((socket) => ask(socket, (one) => idle.push(one)))
  const closed = all.map((socket) => new Promise((resolve) => socket.once('close', resolve)))
  ends[0]?.()
  for (const socket of all) socket.destroy()
  await Promise.all(closed)
  for (const end of ends.slice(1)) end()
  expect([...connections.sockets]).toEqual([])
  expect(idle).toEqual(all.slice(0, 1))
})
