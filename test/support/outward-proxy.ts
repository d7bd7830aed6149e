import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { openSocketsIn } from './namespace-sockets.js'

export interface OutwardProxy {
  readonly url: string
  stop(): void
}

/**
 * An HTTP proxy on the loopback of a network namespace that has no way out. It dials from this process, so it reaches what the
 * tests themselves reach. TLS goes through unread (CONNECT: RFC 9110, section 9.3.6).
 */
export async function startOutwardProxy(namespace: string): Promise<OutwardProxy> {
  const sockets = openSocketsIn(namespace)
  const open = new Set<Socket>()
  const remember = (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => open.delete(socket))
  }
  const server = createServer(forward)
  server.on('connection', remember)
  server.on('connect', ({ url }: IncomingMessage, near: Socket) => {
    const { hostname, port } = new URL(`https://${url}`)
    const far = connect(Number(port || 443), hostname.replace(/^\[|\]$/g, ''))
    remember(far)
    far.once('connect', () => near.write('HTTP/1.1 200 Connection established\r\n\r\n'))
    pipeline(near, far, near, () => {})
  })
  try {
    const listener = await sockets.listen('127.0.0.1')
    server.listen(listener.server)
    return {
      url: `http://127.0.0.1:${listener.port}`,
      stop: () => {
        server.close()
        for (const socket of open) socket.destroy()
      },
    }
  } finally {
    sockets.close()
  }
}

/** What is asked in the clear comes with its whole URL (RFC 9112, section 3.2.2). */
function forward(asked: IncomingMessage, answer: ServerResponse): void {
  const onward = request(asked.url ?? '', { method: asked.method, headers: asked.headers }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers)
    pipeline(response, answer, () => {})
  })
  onward.on('error', () => answer.destroy())
  pipeline(asked, onward, () => {})
}
