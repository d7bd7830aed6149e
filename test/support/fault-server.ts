import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngineEndpoint } from '../../api/model/endpoint.js'

export interface FaultServer {
  readonly endpoint: Exclude<EngineEndpoint, { kind: 'tls' }>
  readonly port: number
  /** Each request's first line, in the order of arrival. */
  readonly requests: string[]
  /** All bytes that came in, as latin1. */
  received(): string
  connections(): number
  /** The most connections that were open at once. */
  peak(): number
  close(): Promise<void>
}

/**
 * Answers one request. `head` is the request up to its empty line, `nth` counts the requests of this connection from 1.
 */
export type Answer = (socket: Socket, head: string, nth: number) => void

/** A server that writes exactly the bytes that a test gives it, as no HTTP library would. */
export async function startFaultServer(answer: Answer, kind: 'unix' | 'tcp' = 'unix'): Promise<FaultServer> {
  const requests: string[] = []
  const sockets = new Set<Socket>()
  let received = ''
  let peak = 0
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let buffered = ''
    let nth = 0
    sockets.add(socket)
    peak = Math.max(peak, sockets.size)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('end', () => socket.end())
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      buffered += chunk.toString('latin1')
      for (let end = buffered.indexOf('\r\n\r\n'); end !== -1; end = buffered.indexOf('\r\n\r\n')) {
        const head = buffered.slice(0, end)
        buffered = buffered.slice(end + 4)
        nth += 1
        requests.push(head.split('\r\n')[0] ?? '')
        answer(socket, head, nth)
      }
    })
  })
  const directory = mkdtempSync(join(tmpdir(), 'fault-server-'))
  const socketPath = join(directory, 's')
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    if (kind === 'unix') server.listen(socketPath, resolve)
    else server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    endpoint: kind === 'unix' ? { kind, socketPath } : { kind, host: '127.0.0.1', port },
    port,
    requests,
    received: () => received,
    connections: () => sockets.size,
    peak: () => peak,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => {
          rmSync(directory, { recursive: true, force: true })
          resolve()
        })
      }),
  }
}

/** A whole answer with a body of known length. */
export function answerWith(status: number, body: string, contentType = 'application/json'): string {
  const length = Buffer.byteLength(body)
  return `HTTP/1.1 ${status} X\r\nContent-Type: ${contentType}\r\nContent-Length: ${length}\r\n\r\n${body}`
}
