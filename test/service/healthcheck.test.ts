import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { freePort } from '../support/free-port.js'
import { runToEnd } from '../support/process.js'

const CHECK = 'dist/cli/healthcheck.js'
/** The check's own deadline, and Node's start. */
const HUNG_MS = 10_000

interface Listening {
  readonly port: string
  readonly paths: readonly (string | undefined)[]
  close(): void
}

/** A service that answers so; null never answers. */
async function answering(status: number | null, host = '127.0.0.1'): Promise<Listening> {
  const paths: (string | undefined)[] = []
  const server: Server = createServer((request, answer) => {
    paths.push(request.url)
    if (status !== null) answer.writeHead(status).end()
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return {
    port: String((server.address() as AddressInfo).port),
    paths,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

describe('the health check of the image', () => {
  test.each(['', '0.0.0.0', '127.0.0.1', 'localhost'])(
    'passes when the service with HOST=%s is alive',
    async (host) => {
      const service = await answering(200, '127.0.0.1')
      const { code, stderr } = await runToEnd([CHECK], { HOST: host, PORT: service.port })
      service.close()
      expect([code, stderr]).toEqual([0, ''])
      expect(service.paths).toEqual(['/health/live'])
    },
  )

  test('asks the address that the service listens on, where that is one', async () => {
    const service = await answering(200, '127.0.0.9')
    const right = await runToEnd([CHECK], { HOST: '127.0.0.9', PORT: service.port })
    const wrong = await runToEnd([CHECK], { HOST: '0.0.0.0', PORT: service.port })
    service.close()
    expect([right.code, wrong.code]).toEqual([0, 1])
  })

  test.each([204, 301, 401, 404, 500, 503])('fails on status %s', async (status) => {
    const service = await answering(status)
    const { code, stderr } = await runToEnd([CHECK], { PORT: service.port })
    service.close()
    expect([code, stderr]).toEqual([1, `healthcheck: answered ${status}\n`])
  })

  test('fails where nobody listens, and where PORT is none', async () => {
    const closed = await runToEnd([CHECK], { PORT: String(await freePort()) })
    expect([closed.code, closed.stderr]).toEqual([1, 'healthcheck: ECONNREFUSED\n'])
    expect((await runToEnd([CHECK], { PORT: 'none' })).code).toBe(1)
  })

  test(
    'fails by itself, before the engine gives it up, when the service hangs',
    async () => {
      const service = await answering(null)
      const started = performance.now()
      const { code, stderr } = await runToEnd([CHECK], { PORT: service.port })
      service.close()
      expect([code, stderr]).toEqual([1, 'healthcheck: ABORT_ERR\n'])
      expect(performance.now() - started).toBeGreaterThan(3_000)
    },
    HUNG_MS,
  )
})
