import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cleanupAfterEach } from '../support/cleanup.js'
import { freePort } from '../support/free-port.js'
import { type Ended, runToEnd } from '../support/process.js'

const CHECK = 'dist/cli/healthcheck.js'

/** The check's own deadline, and Node's start on a busy machine. */
const HUNG_MS = 10_000

const onCleanup = cleanupAfterEach()

/** A service that answers every request with this status; with null it answers none. */
async function answering(status: number | null, host = '127.0.0.1') {
  const paths: (string | undefined)[] = []
  const server: Server = createServer((request, answer) => {
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

/** The same, for one test. */
async function serveStatus(status: number, host?: string) {
  const service = await answering(status, host)
  onCleanup(service.close)
  return service
}

describe('the health check of the image', () => {
  /** Runs while the other tests do: it waits for seconds, and uses nothing meanwhile. */
  let hung: Promise<Ended & { readonly milliseconds: number }>
  let silent: Awaited<ReturnType<typeof answering>>
  beforeAll(async () => {
    silent = await answering(null)
    const startedAt = performance.now()
    hung = runToEnd([CHECK], { PORT: silent.port }).then((ended) => ({
      ...ended,
      milliseconds: performance.now() - startedAt,
    }))
  })
  afterAll(async () => {
    silent.close()
    await hung
  })

  test.each(['', '0.0.0.0', '127.0.0.1', 'localhost'])(
    'passes when the service with HOST=%s is alive',
    async (host) => {
      const service = await serveStatus(200)
      const { code, stderr } = await runToEnd([CHECK], { HOST: host, PORT: service.port })
      expect([code, stderr]).toEqual([0, ''])
      expect(service.paths).toEqual(['/health/live'])
    },
  )

  test('asks the address that the service listens on, where that is one', async () => {
    const service = await serveStatus(200, '127.0.0.9')
    const right = await runToEnd([CHECK], { HOST: '127.0.0.9', PORT: service.port })
    const wrong = await runToEnd([CHECK], { HOST: '0.0.0.0', PORT: service.port })
    expect([right.code, wrong.code]).toEqual([0, 1])
  })

  test.each([204, 301, 401, 404, 500, 503])('fails on status %s', async (status) => {
    const service = await serveStatus(status)
    const { code, stderr } = await runToEnd([CHECK], { PORT: service.port })
    expect([code, stderr]).toEqual([1, `healthcheck: answered ${status}\n`])
  })

  test('fails where nobody listens, and where PORT is none', async () => {
    const closed = await runToEnd([CHECK], { PORT: String(await freePort()) })
    expect([closed.code, closed.stderr]).toEqual([1, 'healthcheck: ECONNREFUSED\n'])
    expect((await runToEnd([CHECK], { PORT: 'none' })).code).toBe(1)
  })

  test('fails by itself, before the engine gives it up, when the service hangs', async () => {
    const { code, stderr, milliseconds } = await hung
    expect([code, stderr]).toEqual([1, 'healthcheck: ABORT_ERR\n'])
    expect(milliseconds).toBeGreaterThan(3_000)
    expect(milliseconds).toBeLessThan(HUNG_MS)
  })
})
