import { cleanupAfterEach } from '../support/cleanup.js'
import { runCli } from '../support/cli.js'
import { eventually } from '../support/eventually.js'
import { FakeClock } from '../support/fake-clock.js'
import { freePort } from '../support/free-port.js'
import { startStatusServer } from '../support/status-server.js'

const onCleanup = cleanupAfterEach()

async function serveStatus(status: number | null, host?: string) {
  const service = await startStatusServer(status, host)
  onCleanup(service.close)
  return service
}

const check = (env: Record<string, string>) => runCli(['healthcheck'], { env })

describe('porthole healthcheck', () => {
  test.each(['', '0.0.0.0', '127.0.0.1', 'localhost'])(
    'passes when the service with HOST=%s is alive',
    async (host) => {
      const service = await serveStatus(200)
      expect(await check({ HOST: host, PORT: service.port })).toEqual({ code: 0, stdout: '', stderr: '' })
      expect(service.paths).toEqual(['/health/live'])
    },
  )

  test('asks the address that the service listens on, if it is a specific one', async () => {
    const service = await serveStatus(200, '127.0.0.9')
    const right = await check({ HOST: '127.0.0.9', PORT: service.port })
    const wrong = await check({ HOST: '0.0.0.0', PORT: service.port })
    expect([right.code, wrong.code]).toEqual([0, 1])
  })

  test.each([204, 301, 401, 404, 500, 503])('fails on status %s', async (status) => {
    const { code, stderr } = await check({ PORT: (await serveStatus(status)).port })
    expect([code, stderr]).toEqual([1, `healthcheck: answered ${status}\n`])
  })

  test('fails if no service listens, and if PORT is not a port', async () => {
    const closed = await check({ PORT: String(await freePort()) })
    expect([closed.code, closed.stderr]).toEqual([1, 'healthcheck: ECONNREFUSED\n'])
    const none = await check({ PORT: 'none' })
    expect([none.code, none.stderr]).toEqual([1, 'healthcheck: ERR_SOCKET_BAD_PORT\n'])
  })

  test('fails by itself when the service hangs, before the engine gives up after 5 s', async () => {
    const service = await serveStatus(null)
    const clock = new FakeClock()
    const checked = runCli(['healthcheck'], { env: { PORT: service.port }, clock })
    await eventually(
      () => service.paths,
      (paths) => paths.length > 0,
      10_000,
    )
    await clock.advance(3_999)
    expect(clock.pending).toBe(1)
    await clock.advance(1)
    const { code, stderr } = await checked
    expect([code, stderr]).toEqual([1, 'healthcheck: ABORT_ERR\n'])
    expect(clock.pending).toBe(0)
  })
})
