import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A service that answers every request with this status, or never if it is null. */
export async function startStatusServer(status: number | null, host = '127.0.0.1') {
  const paths: (string | undefined)[] = []
  const server = createServer((request, answer) => {
    paths.push(request.url)
    if (status !== null) answer.writeHead(status).end()
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { port: String((server.address() as AddressInfo).port), paths, close }
}
